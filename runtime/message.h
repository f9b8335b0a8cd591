/* Writing the heads that go out: the request to the server, the response to the client, and answers of our own. Each
 * writes at most `cap` bytes at `out` and returns how many the whole needs, like snprintf: where that is more than `cap`, nothing
 * of use was written. Values are clean (no CR, LF or other control bytes) before they come here. */
#ifndef WEIR_MESSAGE_H
#define WEIR_MESSAGE_H

#include "runtime/http1.h"
#include "runtime/route.h"

/* The request as it is forwarded, always HTTP/1.1: the method, `uri` (the normalised path with the query as received, or "*"),
 * fields in their order but for those of the connection, changed by the edits of `r` in their order (SET replaces all lines of that name, also those
 * of earlier edits; names compare without case), Host from the authority of an absolute-form target, body framing as received. An
 * upgrade keeps `Connection: Upgrade` and its Upgrade field. Host is first, and always there, once: an edit ADD of Host is a
 * SET, and DEL leaves it empty. Edits of fields that the proxy makes itself (framing, Connection and the like; the compiler
 * refuses them) change nothing. `h` holds slices of the bytes as http1_parse_request() left them. */
size_t message_request(char *out, size_t cap, const struct http1_head *h, struct weir_str uri, const struct route_result *r);

struct message_client {
    uint8_t minor;      /* of the client's request */
    bool close;         /* the connection ends after this response: `Connection: close` */
    bool keep_alive;    /* an HTTP/1.0 client that asked for it: `Connection: keep-alive` */
    bool chunk;         /* the body will be sent chunked though the server did not: add Transfer-Encoding */
    bool unchunk;       /* the server's chunked framing is taken off: leave Transfer-Encoding out */
};

/* The response as it is forwarded (also 1xx, where close, keep_alive and chunk are false; a 101 keeps `Connection: Upgrade` and Upgrade).
 * Content-Length is left out of 1xx and 204, Trailer where the trailers are taken off with the chunked framing. */
size_t message_response(char *out, size_t cap, const struct http1_head *h, const struct message_client *c);

struct message_header {
    struct weir_str name, value;
};

struct message_reply {
    uint32_t status;
    struct weir_str location;  /* or p NULL */
    const struct message_header *headers;
    uint32_t nheaders;
    struct weir_str body;      /* p NULL: a small default page in HTML, none for 1xx, 204, 304 and redirects */
    bool to_head;              /* the answer to HEAD: the same head, no body */
    struct message_client client;
};

/* A whole answer of our own: status line, Date is not sent, Content-Length, Content-Type (text/html for default pages, text/plain; charset=utf-8
 * for a body without one among the headers), Connection, the headers, the body. 204, 304 and 1xx have neither length nor body. */
size_t message_reply(char *out, size_t cap, const struct message_reply *r);

/* The standard reason phrase, or "" (RFC 9110 section 15). */
const char *message_reason(uint32_t status);

#endif
