/* HTTP/1.1 messages as bytes (RFC 9112): heads to slices, bodies by their framing. Strict: what two readers could
 * understand differently is refused. Pure functions over memory: no sockets, no allocation. The scanners are re2c
 * (grammar/http1_scan.re). All slices point into the bytes that were parsed (or to
 * constant text). */
#ifndef WEIR_HTTP1_H
#define WEIR_HTTP1_H

#include <sys/types.h>

#include "runtime/base/slice.h"

enum {
    HTTP1_FIELDS_MAX = 128,   /* more are answered 431 */
    HTTP1_LINE_MAX = 4096,    /* a chunk-size line or a trailer field */
    HTTP1_TRAILERS_MAX = 16384, /* all trailer fields of one message */
    HTTP1_TARGET_MAX = 8192,  /* longer targets are answered 414 */
    HTTP1_OPTIONS_MAX = 64,   /* names in Connection fields; more are answered 431 */
};

/* Fields that the proxy itself looks at. */
enum http1_field_id {
    HTTP1_OTHER,
    HTTP1_HOST,
    HTTP1_CONTENT_LENGTH,
    HTTP1_TRANSFER_ENCODING,
    HTTP1_CONNECTION,
    HTTP1_KEEP_ALIVE,
    HTTP1_PROXY_CONNECTION,
    HTTP1_TE,
    HTTP1_TRAILER,
    HTTP1_UPGRADE,
    HTTP1_EXPECT,
    HTTP1_COOKIE,
};

struct http1_field {
    struct slice name, value; /* value: without white space at its ends */
    uint8_t id;               /* enum http1_field_id */
    bool hop;                 /* of this connection alone (RFC 9110 section 7.6.1): Connection and what it names, Keep-Alive,
                                 Proxy-Connection, TE, Upgrade, Transfer-Encoding; Expect in 1.0. Never Host and Content-Length,
                                 since dropping them on a client's word would change the message */
};

/* How the end of a body is known (RFC 9112 section 6.3). */
enum http1_framing {
    HTTP1_NONE,    /* no body */
    HTTP1_LENGTH,  /* `length` bytes (0 is HTTP1_NONE for a request) */
    HTTP1_CHUNKED,
    HTTP1_CLOSE,   /* responses: until the connection ends */
};

struct http1_head {
    struct slice method, target;  /* requests; target as received */
    struct slice scheme_authority; /* absolute-form: what the target holds before its path, e.g. "http://a.example:80"; else p NULL */
    struct slice path_query;      /* origin-form part of the target, never empty ("/" for an empty absolute path; it begins with
                                     "?" where an absolute-form target has a query and no path), or "*" (also for OPTIONS of an
                                     absolute-form target without path: RFC 9112 section 3.2.4) */
    struct slice host;            /* requests: the authority of an absolute-form target, else the Host field; p NULL where an
                                     HTTP/1.0 request has none */
    uint16_t status;              /* responses */
    struct slice reason;
    uint8_t minor;                /* HTTP/1.minor: 0 or 1; a higher minor counts as 1 */
    uint8_t framing;              /* enum http1_framing */
    uint64_t length;
    bool close;                   /* the connection does not outlive this message: `Connection: close`, or 1.0 without keep-alive */
    bool upgrade;                 /* `Connection: upgrade` with an Upgrade field (and HTTP/1.1); not to h2c, whose requests would
                                     pass the proxy unseen */
    bool expect_continue;         /* and HTTP/1.1 (RFC 9110 section 10.1.1) */
    bool is_head;                 /* requests: method HEAD */
    uint32_t size;                /* bytes of the head, with its empty line */
    uint32_t nfields;
    struct http1_field fields[HTTP1_FIELDS_MAX];
};

/* Parses the head of a request at the start of `bytes`. Returns 0 where more bytes are needed, 1 where `*h` is set, or
 * minus the status to answer with (and then to close): 400, 414, 417 (an expectation other than 100-continue), 431, 501 (CONNECT,
 * an unknown transfer coding), 505. `full`:
 * no more bytes will fit, so an unfinished head is 414 (in the first line) or 431. One empty line before
 * the request is skipped (RFC 9112 section 2.2) and counted in h->size. A request is refused (400) for: a missing (1.1), repeated or
 * empty-and-malformed Host field; Content-Length repeated, with Transfer-Encoding, or no plain number; Transfer-Encoding in 1.0, or
 * other than exactly "chunked" (501 where chunked is not the only coding but is well-formed and last); obs-fold; bare CR or LF; control bytes; white space
 * before a colon; a target that is neither origin-form, absolute-form (http or https) nor `*` (OPTIONS alone). */
int http1_parse_request(struct slice bytes, bool full, struct http1_head *h);

/* The same for a response. `to_head`: it answers a HEAD request, so it has no body. Errors are -502. 1xx, 204 and 304 have no
 * body either. A response with both Transfer-Encoding and Content-Length is an error; equal repeated Content-Length too. */
int http1_parse_response(struct slice bytes, bool full, bool to_head, struct http1_head *h);

/* Reading a body. Set up from a head by http1_body_begin(); `payload` counts bytes of content (without chunk framing). */
struct http1_body {
    uint8_t framing; /* enum http1_framing */
    uint8_t state;   /* of the chunked coding; private */
    bool done;       /* nothing more belongs to this message */
    uint32_t trailers; /* bytes of trailer fields so far */
    uint64_t left;   /* LENGTH: bytes to come; CHUNKED: of the current chunk */
    uint64_t payload;
};

void http1_body_begin(struct http1_body *b, const struct http1_head *h);

/* How many of the first bytes of `bytes` belong to the body as it is framed; they may be forwarded as they are (LENGTH, CHUNKED
 * with its framing and trailers, CLOSE). Sets b->done at the end. A line of the chunked coding that is not complete yet is not
 * counted: call again with it and what follows. -1: malformed (chunk size, its line end, an extension or a trailer with
 * control bytes, a line over HTTP1_LINE_MAX, trailers over HTTP1_TRAILERS_MAX, a trailer that is a framing field). */
ssize_t http1_body_scan(struct http1_body *b, struct slice bytes);

/* The same, but removes the chunked framing and the trailers: moves the content to the start of `bytes`, `*content` bytes of
 * it. Returns how many bytes were used up, or -1. */
ssize_t http1_body_unchunk(struct http1_body *b, char *bytes, size_t n, size_t *content);

#endif
