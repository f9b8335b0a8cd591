/* The process log of log.h. */
#include "log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static _Atomic int max_level = LOG_INFO;

void log_set_level(enum log_level max)
{
    atomic_store_explicit(&max_level, max, memory_order_relaxed);
}

void log_line(enum log_level level, const char *fmt, ...)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    if ((int)level > atomic_load_explicit(&max_level, memory_order_relaxed))
        return;
    char line[1024];
    time_t now = time(NULL);
    struct tm tm;
    gmtime_r(&now, &tm);
    size_t n = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%SZ ", &tm);
    n += (size_t)snprintf(line + n, sizeof line - n, "%s: ", names[level]);
    va_list ap;
    va_start(ap, fmt);
    int w = vsnprintf(line + n, sizeof line - n, fmt, ap);
    va_end(ap);
    n += w < 0 ? 0 : (size_t)w;
    if (n > sizeof line - 1)
        n = sizeof line - 1;
    line[n++] = '\n';
    /* One write a line, so that lines of several threads do not mix. A full pipe loses the line. */
    ssize_t done = write(STDERR_FILENO, line, n);
    (void)done;
}
