/* Any bytes as the input of the language server: it goes on, frees what it made, and what it sends is framed
 * JSON. Input that begins with `{` is message bodies with a byte 0x1e between them, so that mutations reach
 * what is behind the reader; other input is the stream itself, in pieces. No file of the machine is read. */
#include <stdint.h>
#include <stdlib.h>

#include "compiler/lsp.h"
#include "compiler/lsp_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* What was sent can be read back. */
static void check_out(struct lsp *s)
{
    struct lsp_reader r = {0};
    struct slice body;
    const char *why;
    enum lsp_read read;
    lsp_reader_add(&r, s->out.p, s->out.len);
    while ((read = lsp_reader_next(&r, &body, &why)) == LSP_READ_MESSAGE) {
        struct arena a = {0};
        check(json_read(&a, body) != NULL);
        arena_free(&a);
    }
    check(read == LSP_READ_MORE && r.at == r.in.len);
    lsp_reader_free(&r);
    s->out.len = 0;
}

static void work(struct lsp *s)
{
    while (lsp_step(s))
        check_out(s);
    if (lsp_is_stale(s))
        lsp_publish(s);
    check_out(s);
}

static void feed_stream(struct lsp *s, struct slice in)
{
    struct lsp_reader r = {0};
    struct slice body;
    const char *why;
    while (in.len) {
        size_t n = in.len < 97 ? in.len : 97;
        enum lsp_read read;
        lsp_reader_add(&r, in.p, n);
        while ((read = lsp_reader_next(&r, &body, &why)) != LSP_READ_MORE) {
            if (read == LSP_READ_MESSAGE)
                lsp_take(s, body);
            else
                lsp_fault(s, why);
        }
        check(r.in.len - r.at <= (size_t)LSP_HEAD_MAX + LSP_BODY_MAX);
        in = slice_from(in, n);
    }
    lsp_reader_free(&r);
    work(s);
}

static void feed_bodies(struct lsp *s, struct slice in)
{
    while (in.len) {
        const char *end = memchr(in.p, 0x1e, in.len);
        struct slice body = {in.p, end ? (size_t)(end - in.p) : in.len};
        lsp_take(s, body);
        work(s);
        in = slice_from(in, end ? body.len + 1 : body.len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lsp s = {.no_files = true};
    struct slice in = {size ? (const char *)data : "", size};
    if (size && data[0] == '{')
        feed_bodies(&s, in);
    else
        feed_stream(&s, in);
    lsp_free(&s);
    return 0;
}
