/* Finds messages in a stream of bytes; see lsp_message.h. */
#include "compiler/lsp_message.h"

void lsp_reader_free(struct lsp_reader *r)
{
    buf_free(&r->in);
    *r = (struct lsp_reader){0};
}

void lsp_reader_add(struct lsp_reader *r, const void *p, size_t n)
{
    if (r->at) {
        memmove(r->in.p, r->in.p + r->at, r->in.len - r->at);
        r->in.len -= r->at;
        r->at = 0;
    }
    buf_add(&r->in, p, n);
}

struct head {
    size_t length; /* SIZE_MAX: not given */
    bool malformed;
};

static void read_length(struct head *h, struct slice value)
{
    size_t n = 0;
    if (!value.len || value.len > 10 || h->length != SIZE_MAX)
        h->malformed = true;
    for (size_t i = 0; i < value.len && !h->malformed; i++) {
        h->malformed = value.p[i] < '0' || value.p[i] > '9';
        n = n * 10 + (size_t)(value.p[i] - '0');
    }
    h->length = n;
}

/* Other names than Content-Length say nothing that matters here. */
static void read_line(struct head *h, struct slice line)
{
    const char *colon = memchr(line.p, ':', line.len);
    if (!colon) {
        h->malformed = true;
        return;
    }
    struct slice name = {line.p, (size_t)(colon - line.p)}, value = slice_from(line, name.len + 1);
    while (value.len && (value.p[0] == ' ' || value.p[0] == '\t'))
        value = slice_from(value, 1);
    while (value.len && (value.p[value.len - 1] == ' ' || value.p[value.len - 1] == '\t'))
        value.len--;
    if (slice_eq_nocase(name, SLICE("content-length")))
        read_length(h, value);
}

/* Reads the head at the front of `in`; returns its size with the empty line, 0 where its end is not there. */
static size_t read_head(struct slice in, struct head *h)
{
    size_t at = 0;
    *h = (struct head){.length = SIZE_MAX};
    while (at < in.len) {
        const char *from = in.p + at, *end = memchr(from, '\n', in.len - at);
        if (!end)
            return 0;
        struct slice line = {from, (size_t)(end - from)};
        at += line.len + 1;
        if (line.len && line.p[line.len - 1] == '\r')
            line.len--;
        if (!line.len)
            return at;
        read_line(h, line);
    }
    return 0;
}

static void drop(struct lsp_reader *r)
{
    size_t here = r->in.len - r->at, n = r->skip < here ? r->skip : here;
    r->at += n;
    r->skip -= n;
}

/* True where the fault is to be told. */
static bool fault(struct lsp_reader *r, const char **why, const char *text)
{
    bool first = !r->lost;
    r->lost = true;
    *why = text;
    return first;
}

enum lsp_read lsp_reader_next(struct lsp_reader *r, struct slice *body, const char **why)
{
    for (;;) {
        drop(r);
        struct slice in = slice_from(buf_view(&r->in), r->at);
        struct head h;
        size_t n = r->skip ? 0 : read_head(in, &h);
        if (n > LSP_HEAD_MAX || (!n && in.len > LSP_HEAD_MAX)) {
            r->skip = n ? n : in.len;
            if (fault(r, why, "the head of a message is too long"))
                return LSP_READ_BAD;
        } else if (!n) {
            return LSP_READ_MORE;
        } else if (h.malformed || h.length == SIZE_MAX) {
            r->skip = n;
            if (fault(r, why, "the head of a message has no valid Content-Length"))
                return LSP_READ_BAD;
        } else if (h.length > LSP_BODY_MAX) {
            r->skip = n + h.length;
            if (fault(r, why, "the message is too long"))
                return LSP_READ_BAD;
        } else if (in.len - n < h.length) {
            return LSP_READ_MORE;
        } else {
            r->at += n + h.length;
            r->lost = false;
            *body = (struct slice){in.p + n, h.length};
            return LSP_READ_MESSAGE;
        }
    }
}
