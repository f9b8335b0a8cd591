/* Documentation of a file: reads its tree for what is declared, and its text for comments and heads, which are shown as
 * they are written. Names that begin with `_` are the file's own and left out. */
#include "compiler/doc.h"

#include "compiler/ast.h"
#include "compiler/parse.h"

enum { VALUE_MAX = 90 }; /* bytes of a constant that are shown */

/* ---- comments ---------------------------------------------------------------------------------- */

/* The line that ends before `end` (at its newline, or at the end of the text). */
static struct slice line_before(struct slice text, size_t end)
{
    size_t from = end;
    while (from && text.p[from - 1] != '\n')
        from--;
    return (struct slice){text.p + from, end - from};
}

/* Whether `line` is a `##` comment; `*what` is what it says. */
static bool is_doc(struct slice line, struct slice *what)
{
    while (line.len && (line.p[0] == ' ' || line.p[0] == '\t'))
        line = slice_from(line, 1);
    while (line.len && (line.p[line.len - 1] == '\r' || line.p[line.len - 1] == ' '))
        line.len--;
    if (!slice_starts(line, SLICE("##")))
        return false;
    line = slice_from(line, 2);
    *what = line.len && line.p[0] == ' ' ? slice_from(line, 1) : line;
    return true;
}

static struct slice joined(struct arena *a, const struct slice *lines, uint32_t n, bool backwards)
{
    struct buf text = {0};
    for (uint32_t i = 0; i < n; i++) {
        buf_str(&text, i ? "\n" : "");
        buf_slice(&text, lines[backwards ? n - 1 - i : i]);
    }
    struct slice s = n ? arena_copy(a, buf_view(&text)) : (struct slice){0};
    buf_free(&text);
    return s;
}

struct slice doc_comment(struct arena *a, const struct source *src, uint32_t off)
{
    VEC(struct slice) lines = {0};
    struct slice what;
    size_t start = off;
    while (start && src->text.p[start - 1] != '\n')
        start--;
    while (start) {
        struct slice line = line_before(src->text, start - 1);
        if (!is_doc(line, &what))
            break;
        vec_add(a, &lines, what);
        start = (size_t)(line.p - src->text.p);
    }
    return joined(a, lines.v, lines.n, true);
}

struct slice doc_of_file(struct arena *a, const struct source *src)
{
    VEC(struct slice) lines = {0};
    struct slice rest = src->text, what = {0};
    while (rest.len) {
        const char *nl = memchr(rest.p, '\n', rest.len);
        struct slice line = {rest.p, nl ? (size_t)(nl - rest.p) : rest.len};
        if (!is_doc(line, &what)) {
            bool ends = line.len == 0 || line.p[0] == '\r' || slice_starts(line, SLICE("language"));
            return ends ? joined(a, lines.v, lines.n, false) : (struct slice){0};
        }
        vec_add(a, &lines, what);
        rest = slice_from(rest, nl ? line.len + 1 : line.len);
    }
    return joined(a, lines.v, lines.n, false);
}

/* ---- declarations ------------------------------------------------------------------------------ */

static bool is_declaration(const struct ast_stmt *s, struct slice *name)
{
    static const struct slice words[] = {SLICE("backend"), SLICE("frontend"), SLICE("check"), SLICE("map"),
                                         SLICE("list"),    SLICE("proxy"),    SLICE("limit"), SLICE("table"),
                                         SLICE("tls"),     SLICE("errors"),   SLICE("log"),   SLICE("split")};
    *name = s->word;
    if (s->kind == AST_STMT_ACL || s->kind == AST_STMT_LET || s->kind == AST_STMT_TEMPLATE)
        return true;
    if (s->kind != AST_STMT_WORD || !s->nargs || s->args[0]->kind != AST_NAME)
        return false;
    *name = s->args[0]->text;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (slice_eq(s->word, words[i]))
            return true;
    return false;
}

/* Text of the source on one line. */
static void add_flat(struct buf *out, struct slice s, size_t max)
{
    bool space = false;
    size_t begin = out->len;
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\n' || s.p[i] == '\r') {
            space = out->len > begin;
            continue;
        }
        if (out->len - begin >= max && ((unsigned char)s.p[i] & 0xc0) != 0x80) {
            buf_str(out, " …");
            return;
        }
        if (space)
            buf_char(out, ' ');
        space = false;
        buf_char(out, s.p[i]);
    }
}

/* The head of a statement as it is written: up to its block, or to the `=` of an acl. */
static struct slice head_of(const struct source *src, const struct ast_stmt *s)
{
    uint32_t end = s->span.off + s->span.len;
    if (s->block)
        end = s->block->span.off;
    else if (s->kind == AST_STMT_ACL && s->tail_expr)
        end = s->tail_expr->span.off;
    struct slice head = {src->text.p + s->span.off, end > s->span.off ? end - s->span.off : 0};
    while (s->kind == AST_STMT_ACL && head.len && strchr("= \t\r\n", head.p[head.len - 1]))
        head.len--;
    return head;
}

static void add_indented(struct buf *out, struct slice text)
{
    while (text.len) {
        const char *nl = memchr(text.p, '\n', text.len);
        size_t n = nl ? (size_t)(nl - text.p) : text.len;
        buf_str(out, "    ");
        buf_slice(out, (struct slice){text.p, n});
        buf_char(out, '\n');
        text = slice_from(text, nl ? n + 1 : n);
    }
}

static void add_declaration(struct compilation *c, const struct source *src, const struct ast_stmt *s, struct buf *out)
{
    bool constant = s->kind == AST_STMT_LET;
    buf_char(out, '\n');
    add_flat(out, head_of(src, s), constant ? VALUE_MAX : SIZE_MAX);
    buf_char(out, '\n');
    add_indented(out, doc_comment(&c->arena, src, s->span.off));
}

void doc_text(struct compilation *c, struct source *src, struct slice name, struct buf *out)
{
    const struct ast_file *f = parse_source(c, src);
    struct slice about = doc_of_file(&c->arena, src), word;
    buf_slice(out, name);
    buf_char(out, '\n');
    add_indented(out, about);
    for (uint32_t i = 0; i < f->top->stmts.n; i++) {
        const struct ast_stmt *s = f->top->stmts.v[i];
        if (is_declaration(s, &word) && word.len && word.p[0] != '_')
            add_declaration(c, src, s, out);
    }
}
