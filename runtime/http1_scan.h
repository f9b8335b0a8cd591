/* The lines of HTTP/1 messages, recognised by the generated scanners of grammar/http1_scan.re. Private to
 * http1.c, http1_body.c and message.c. A cursor walks over bytes that it does not own; no byte at or beyond
 * `end` is read. */
#ifndef WEIR_HTTP1_SCAN_H
#define WEIR_HTTP1_SCAN_H

#include "runtime/http1.h"

/* note [lf]: no line of a head holds LF but as its last byte, so a scanner that starts before some LF stops
 * there at the latest and needs no other bound. Only the unfinished line at the end of the bytes is scanned
 * with a check at each byte. */
struct http1_cursor {
    const char *at, *end;
    const char *whole; /* after the last LF before `end`; `at` or less where there is none */
};

enum http1_scan {
    HTTP1_SCAN_MORE, /* the bytes end within a line that is good so far; the cursor has not moved */
    HTTP1_SCAN_BAD,
    HTTP1_SCAN_EMPTY, /* an empty line */
    HTTP1_SCAN_LINE,
};

struct http1_request_line {
    struct slice method, target;
    uint8_t major, minor;
};

struct http1_status_line {
    uint8_t major, minor;
    uint16_t status;
    struct slice reason;
};

struct http1_cursor http1_cursor(struct slice bytes);

enum http1_scan http1_scan_request_line(struct http1_cursor *c, struct http1_request_line *line);
enum http1_scan http1_scan_status_line(struct http1_cursor *c, struct http1_status_line *line);
/* A field line, without obs-fold (RFC 9112 section 5). The value comes without white space at its ends. */
enum http1_scan http1_scan_field(struct http1_cursor *c, struct slice *name, struct slice *value);
/* chunk-size [ chunk-ext ] CRLF (RFC 9112 section 7.1). */
enum http1_scan http1_scan_chunk_line(struct http1_cursor *c, uint64_t *size);

/* enum http1_field_id of a field name. */
uint8_t http1_field_id(struct slice name);

#endif
