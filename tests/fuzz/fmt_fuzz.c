/* Any bytes as a Weir file. One that parses is laid out: the result says the same token by token but for the comma at
 * a list's end, means the same to the checker, and is its own layout. The same holds with a comment at some place
 * where the input has white space. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "compiler/check.h"
#include "compiler/fmt.h"
#include "compiler/ir_codec.h"
#include "compiler/parse.h"
#include "runtime/base/hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char path[] = "no-such-folder/site.weir"; /* so that no file of the machine is read */

static struct slice at_hand; /* the text that a failure is about: often it is no input, but made of one */

static void check(bool holds)
{
    if (holds)
        return;
    fwrite(at_hand.p, 1, at_hand.len, stderr);
    abort();
}

static struct source *open_text(struct compilation *c, struct slice text)
{
    compilation_begin(c);
    return source_from_text(&c->sources, slice_of(path), arena_copy(&c->arena, text));
}

/* The layout of `text`; false where it is refused. */
static bool format(struct slice text, struct buf *out)
{
    struct compilation c;
    enum fmt_result r = fmt_source(&c, open_text(&c, text), out);
    check(r != FMT_FAULT);
    check((r == FMT_REFUSED) == (c.diags.errors > 0));
    compilation_end(&c);
    return r == FMT_DONE;
}

/* The tokens of `text`, a line each, without their places and without commas before a list's end. */
static void list_tokens(struct slice text, struct buf *out)
{
    struct compilation c;
    struct buf dump = {0};
    parse_dump_tokens(&c, open_text(&c, text), &dump);
    for (struct slice rest = buf_view(&dump); rest.len;) {
        const char *end = memchr(rest.p, '\n', rest.len), *tab = memchr(rest.p, '\t', rest.len);
        struct slice line = {tab + 1, (size_t)(end - tab)};
        if (slice_eq(line, SLICE("]\t]\n")) && slice_ends(buf_view(out), SLICE("\n,\t,\n")))
            out->len -= 4;
        buf_slice(out, line);
        rest = slice_from(rest, (size_t)(end + 1 - rest.p));
    }
    buf_free(&dump);
    compilation_end(&c);
}

/* The canonical form of the program, or nothing where the checker refuses it. */
static void meaning(struct slice text, struct buf *out)
{
    struct compilation c;
    struct buf places = {0};
    open_text(&c, text);
    struct ir_program *p = check_file(&c, path);
    if (p)
        ir_encode(&c.arena, p, out, &places);
    buf_free(&places);
    compilation_end(&c);
}

static void expect_same(struct slice a, struct slice b, void (*form)(struct slice, struct buf *))
{
    struct buf x = {0}, y = {0};
    form(a, &x);
    form(b, &y);
    check(slice_eq(buf_view(&x), buf_view(&y)));
    buf_free(&x);
    buf_free(&y);
}

static bool run(struct slice text)
{
    struct buf once = {0}, twice = {0}, diff = {0};
    at_hand = text;
    bool done = format(text, &once);
    if (done) {
        expect_same(text, buf_view(&once), list_tokens);
        expect_same(text, buf_view(&once), meaning);
        check(format(buf_view(&once), &twice));
        check(slice_eq(buf_view(&once), buf_view(&twice)));
        fmt_diff(SLICE("f"), text, buf_view(&once), &diff);
        check((diff.len == 0) == slice_eq(text, buf_view(&once)));
    }
    buf_free(&once);
    buf_free(&twice);
    buf_free(&diff);
    return done;
}

/* `text` with a comment or a line end in the place of its white space at `at`. */
static void run_with(struct slice text, size_t at, const char *what)
{
    struct buf b = {0};
    buf_add(&b, text.p, at);
    buf_str(&b, what);
    buf_slice(&b, slice_from(text, at + 1));
    run(buf_view(&b));
    buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const gaps[] = {" # c\n", "\n", "\n# c\n\n # d\n", "\n\n\n"};
    struct slice text = {size ? (const char *)data : "", size};
    if (!run(text) || !size)
        return 0;
    uint64_t h = hash_slice(text);
    for (int i = 0; i < 6; i++, h = h * 0x9e3779b97f4a7c15u + 1)
        for (size_t k = 0, at = (size_t)(h % size); k < size; k++, at = (at + 1) % size)
            if (text.p[at] == ' ' || text.p[at] == '\n') {
                run_with(text, at, gaps[(h >> 32) % 4]);
                break;
            }
    return 0;
}
