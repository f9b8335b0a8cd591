/* From a source to its tree: checks that it is text, then runs scanner, filter and grammar over it. */
#include "compiler/parse.h"

#include "compiler/parse_state.h"
#include "parser.h"

/* The length of the well-formed UTF-8 sequence at `s`, 0 where there is none (RFC 3629 section 4). */
static size_t utf8_length(const unsigned char *s, size_t n)
{
    size_t len = s[0] < 0x80 ? 1 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : s[0] >= 0xe0 && s[0] < 0xf0 ? 3 : s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : 0;
    if (len == 0 || len > n)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return len;
}

/* Reports the first byte that is not UTF-8: where one is wrong, most are. */
static void check_encoding(struct compilation *c, const struct source *src)
{
    const unsigned char *s = (const unsigned char *)src->text.p;
    size_t n = src->text.len;
    for (size_t i = 0; i < n;) {
        uint64_t word;
        if (n - i >= sizeof word && (memcpy(&word, s + i, sizeof word), (word & 0x8080808080808080u) == 0)) {
            i += sizeof word;
            continue;
        }
        size_t len = utf8_length(s + i, n - i);
        if (len == 0) {
            struct diag *d = diag_report(&c->diags, DIAG_E0106, (struct span){src->id, (uint32_t)i, 1}, "the byte 0x%02x is not UTF-8 text", s[i]);
            diag_note(&c->diags, d, "Weir files are UTF-8; other bytes are written \\xHH in strings");
            return;
        }
        i += len;
    }
}

enum { SOURCE_MAX = 1 << 30 }; /* the scanner's lengths are ints */

static bool is_too_long(struct compilation *c, const struct source *src)
{
    if (src->text.len <= SOURCE_MAX)
        return false;
    diag_report(&c->diags, DIAG_E0901, (struct span){src->id, 0, 0}, "a Weir file has at most 1 GiB");
    return true;
}

/* One reading. Returns how many errors it found; *repair: what the next one should do about its braces. */
static uint32_t read_once(struct compilation *c, struct source *src, struct parse_repair *repair, struct ast_block **top)
{
    struct parser p;
    parse_begin(&p, c, src);
    struct parse_repair done = p.repair = *repair;
    parse_grammar(&p);
    *top = p.top;
    *repair = p.proposal;
    parse_report_repair(&p, &done);
    parse_end(&p);
    return p.nerrors;
}

/* The messages from `from` on, taken off the list. */
static struct diag **take_messages(struct compilation *c, uint32_t from, uint32_t *n)
{
    struct diags *d = &c->diags;
    *n = d->list.n - from;
    struct diag **v = arena_array(&c->arena, struct diag *, *n);
    for (uint32_t i = 0; i < *n; i++)
        v[i] = d->list.v[from + i];
    d->list.n = from;
    d->errors -= *n; /* a parser knows errors alone */
    return v;
}

/* Reads the source, and where its braces do not match, again with what seems to be the mistake repaired. */
static struct ast_block *read_source(struct compilation *c, struct source *src)
{
    uint32_t mark = c->diags.list.n, n, dropped;
    struct parse_repair repair = {0};
    struct ast_block *top, *again;
    uint32_t errors = read_once(c, src, &repair, &top);
    if (repair.kind == REPAIR_NONE)
        return top;
    struct diag **first = take_messages(c, mark, &n);
    if (read_once(c, src, &repair, &again) < errors)
        return again;
    take_messages(c, mark, &dropped);
    for (uint32_t i = 0; i < n; i++)
        vec_add(&c->arena, &c->diags.list, first[i]);
    c->diags.errors += n;
    return top;
}

struct ast_file *parse_source(struct compilation *c, struct source *src)
{
    struct ast_file *f = arena_new(&c->arena, struct ast_file);
    f->source = src;
    check_encoding(c, src);
    if (!is_too_long(c, src))
        f->top = read_source(c, src);
    if (!f->top)
        f->top = arena_new(&c->arena, struct ast_block);
    f->top->span = (struct span){src->id, 0, (uint32_t)src->text.len};
    return f;
}

void parse_dump_tokens(struct compilation *c, struct source *src, struct buf *out)
{
    struct parser p;
    parse_begin(&p, c, src);
    for (bool more = !is_too_long(c, src); more;) {
        struct parse_token t = parse_next(&p);
        uint32_t line, col;
        source_line_col(&c->arena, src, t.off, &line, &col);
        buf_printf(out, "%u:%u\t%s", line, col, parse_token_name(t.kind));
        if (t.len && t.kind) {
            buf_char(out, '\t');
            buf_slice(out, (struct slice){src->text.p + t.off, t.len});
        }
        buf_char(out, '\n');
        more = t.kind != 0;
    }
    parse_end(&p);
}
