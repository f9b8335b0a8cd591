/* Messages of the process itself (not access logs) on standard error: one line each, with a UTC time
 * stamp and a level. Safe from any thread. */
#ifndef WEIR_BASE_LOG_H
#define WEIR_BASE_LOG_H

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Levels above this one are dropped; LOG_INFO at start. */
void log_set_level(enum log_level max);
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
