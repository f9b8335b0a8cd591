/* Lines of access logs as requests. For traffic*.c alone. */
#ifndef WEIR_TRAFFIC_LOG_H
#define WEIR_TRAFFIC_LOG_H

#include "compiler/eval.h"

/* TRAFFIC_FORMAT(id, text): the forms of a log, as --traffic-format names them. */
#define TRAFFIC_FORMATS(X) X(JSON, "json") X(HAPROXY, "haproxy") X(VHOST, "vhost") X(COMBINED, "combined")

enum traffic_format {
#define X(id, text) TRAFFIC_##id,
    TRAFFIC_FORMATS(X)
#undef X
        TRAFFIC_UNKNOWN,
};

const char *traffic_format_text(enum traffic_format f);
/* TRAFFIC_UNKNOWN where there is none of that name. */
enum traffic_format traffic_format_named(const char *name);

enum { TRAFFIC_HEADERS_MAX = 32 };

/* What a line says of a request. A slice whose p is NULL is what it does not say. */
struct traffic_line {
    struct slice method, target; /* target: in origin-form, or "*" */
    struct slice host, frontend;
    bool has_ip, has_port, has_tls, tls;
    bool http10; /* HTTP/1.0 */
    struct ip_addr ip;
    uint16_t port;
    struct eval_header headers[TRAFFIC_HEADERS_MAX]; /* without Host */
    uint32_t nheaders;
    bool all_headers; /* a header that is not among them was not sent */
};

/* Reads a line without its end. Texts point into `line` and into `scratch`, which has room for `line.len` + 1
 * bytes, or are the arena's. Returns NULL, or why it cannot be read, for people. */
const char *traffic_read(enum traffic_format format, struct slice line, char *scratch, struct arena *a,
                         struct traffic_line *out);
const char *traffic_read_json(struct slice line, struct arena *a, struct traffic_line *out);

/* `METHOD TARGET HTTP/1.1`; a target in absolute-form gives the host. NULL, or why not. */
const char *traffic_take_request(struct slice text, struct traffic_line *out);
bool traffic_is_method(struct slice s);
const char *traffic_take_target(struct slice target, struct traffic_line *out);
/* `ADDRESS`, `ADDRESS:PORT` or `[ADDRESS]:PORT`. */
bool traffic_take_client(struct slice text, struct traffic_line *out);
/* Not where the value is "-" or empty. */
void traffic_take_header(struct slice name, struct slice value, struct traffic_line *out);

#endif
