/* Bodies of HTTP/1 messages: where they end, and the chunked coding (RFC 9112 sections 6 and 7); see http1.h.
 */
#include "runtime/http1_scan.h"

/* What of the chunked coding comes next. */
enum state { CHUNK_LINE, CHUNK_DATA, CHUNK_END, TRAILERS };

/* What one step used up, and whether it was content. */
struct piece {
    size_t used;
    bool content;
};

void http1_body_begin(struct http1_body *b, const struct http1_head *h)
{
    *b = (struct http1_body){.framing = h->framing, .state = CHUNK_LINE};
    b->left = h->framing == HTTP1_LENGTH ? h->length : 0;
    b->done = h->framing == HTTP1_NONE || (h->framing == HTTP1_LENGTH && h->length == 0);
}

/* Content of a known length: as much as is there. */
static size_t take_counted(struct http1_body *b, size_t n)
{
    size_t used = n < b->left ? n : (size_t)b->left;
    b->left -= used;
    b->payload += used;
    return used;
}

/* A line may be at most so long: what is beyond is not looked at. No search for an LF ahead, which would run
 * through the data. */
static struct http1_cursor line_cursor(struct slice s)
{
    return (struct http1_cursor){s.p, s.p + (s.len <= HTTP1_LINE_MAX ? s.len : HTTP1_LINE_MAX), s.p};
}

static int take_chunk_line(struct http1_body *b, struct slice s, struct piece *piece)
{
    struct http1_cursor c = line_cursor(s);
    switch (http1_scan_chunk_line(&c, &b->left)) {
    case HTTP1_SCAN_MORE:
        return s.len < HTTP1_LINE_MAX ? 0 : -1;
    case HTTP1_SCAN_BAD:
    case HTTP1_SCAN_EMPTY:
        return -1;
    case HTTP1_SCAN_LINE:
        break;
    }
    piece->used = (size_t)(c.at - s.p);
    b->state = b->left ? CHUNK_DATA : TRAILERS;
    return 0;
}

/* The CRLF after a chunk's data: exactly that. */
static int take_chunk_end(struct http1_body *b, struct slice s, struct piece *piece)
{
    if (s.p[0] != '\r' || (s.len > 1 && s.p[1] != '\n'))
        return -1;
    if (s.len > 1) {
        piece->used = 2;
        b->state = CHUNK_LINE;
    }
    return 0;
}

/* One trailer field, or the empty line that ends the message. Fields that frame or route, or speak of the
 * connection, are refused: RFC 9110 section 6.5.1. */
static int take_trailer(struct http1_body *b, struct slice s, struct piece *piece)
{
    struct slice name, value;
    struct http1_cursor c = line_cursor(s);
    switch (http1_scan_field(&c, &name, &value)) {
    case HTTP1_SCAN_MORE:
        return s.len < HTTP1_LINE_MAX ? 0 : -1;
    case HTTP1_SCAN_BAD:
        return -1;
    case HTTP1_SCAN_EMPTY:
        b->done = true;
        piece->used = 2;
        return 0;
    case HTTP1_SCAN_LINE:
        break;
    }
    piece->used = (size_t)(c.at - s.p);
    b->trailers += (uint32_t)piece->used;
    return b->trailers > HTTP1_TRAILERS_MAX || http1_field_id(name) != HTTP1_OTHER ? -1 : 0;
}

static int take_chunked(struct http1_body *b, struct slice s, struct piece *piece)
{
    switch ((enum state)b->state) {
    case CHUNK_LINE:
        return take_chunk_line(b, s, piece);
    case CHUNK_DATA:
        piece->content = true;
        piece->used = take_counted(b, s.len);
        if (b->left == 0)
            b->state = CHUNK_END;
        return 0;
    case CHUNK_END:
        return take_chunk_end(b, s, piece);
    case TRAILERS:
        return take_trailer(b, s, piece);
    }
    return -1;
}

/* The next piece of the body at the start of `s`, which is not empty. A piece of no bytes: more are needed.
 */
static int take_piece(struct http1_body *b, struct slice s, struct piece *piece)
{
    *piece = (struct piece){0, b->framing != HTTP1_CHUNKED};
    switch ((enum http1_framing)b->framing) {
    case HTTP1_NONE:
        return 0;
    case HTTP1_LENGTH:
        piece->used = take_counted(b, s.len);
        b->done = b->left == 0;
        return 0;
    case HTTP1_CHUNKED:
        return take_chunked(b, s, piece);
    case HTTP1_CLOSE:
        piece->used = s.len;
        b->payload += s.len;
        return 0;
    }
    return -1;
}

ssize_t http1_body_scan(struct http1_body *b, struct slice bytes)
{
    struct piece piece;
    size_t at = 0;
    while (!b->done && at < bytes.len) {
        if (take_piece(b, slice_from(bytes, at), &piece) < 0)
            return -1;
        if (piece.used == 0)
            break;
        at += piece.used;
    }
    return (ssize_t)at;
}

ssize_t http1_body_unchunk(struct http1_body *b, char *bytes, size_t n, size_t *content)
{
    struct piece piece;
    size_t at = 0;
    *content = 0;
    while (!b->done && at < n) {
        if (take_piece(b, (struct slice){bytes + at, n - at}, &piece) < 0)
            return -1;
        if (piece.used == 0)
            break;
        if (piece.content) {
            if (*content != at)
                memmove(bytes + *content, bytes + at, piece.used);
            *content += piece.used;
        }
        at += piece.used;
    }
    return (ssize_t)at;
}
