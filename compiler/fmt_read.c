/* From a source to its tokens, the comments and line ends between them, and the tree of statements and blocks. The scanner
 * drops what is no token; all of it stands in the gaps between tokens, which hold nothing else. */
#include "compiler/fmt_state.h"

/* Columns of `s`: its characters. */
static uint32_t columns(struct slice s)
{
    uint32_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += (s.p[i] & 0xc0) != 0x80;
    return n;
}

/* --- gaps ----------------------------------------------------------------------------------------- */

static void add_comment(struct fmt *f, struct slice text, bool own_line, bool after_blank)
{
    while (text.len && (text.p[text.len - 1] == ' ' || text.p[text.len - 1] == '\t' || text.p[text.len - 1] == '\r'))
        text.len--;
    vec_add(f->arena, &f->comments, ((struct fmt_comment){text, own_line, after_blank, 0}));
}

/* Reads what stands between two tokens into `t`, the second. */
static void read_gap(struct fmt *f, struct slice gap, bool at_start, struct fmt_token *t)
{
    uint32_t lines = at_start ? 1 : 0; /* ends since the last token or comment */
    t->comment = f->comments.n;
    for (size_t i = 0; i < gap.len; i++) {
        if (gap.p[i] == '\n') {
            lines++;
            t->newline = true;
        } else if (gap.p[i] == '#') {
            const char *end = memchr(gap.p + i, '\n', gap.len - i);
            size_t n = end ? (size_t)(end - gap.p) - i : gap.len - i;
            add_comment(f, (struct slice){gap.p + i, n}, lines > 0, lines > 1);
            lines = 0;
            i += n - 1;
        }
    }
    t->blank = lines > 1;
    t->ncomments = f->comments.n - t->comment;
}

/* A comma before a list's `]` is layout, and comments before a comma stand after it. */
static void settle_comma(struct fmt *f)
{
    if (f->tokens.n < 2 || fmt_at(f, f->tokens.n - 2)->kind != COMMA)
        return;
    struct fmt_token *t = fmt_at(f, f->tokens.n - 1), *comma = t - 1;
    if (comma->ncomments && t->ncomments)
        f->comments.v[t->comment].own_line = true; /* others come before it now */
    t->comment = comma->comment;
    t->ncomments += comma->ncomments;
    t->newline |= comma->newline;
    comma->ncomments = 0;
    comma->newline = false;
    if (t->kind == RBRACKET) {
        *comma = *t;
        f->tokens.n--;
    }
}

static void read_tokens(struct fmt *f, struct compilation *c)
{
    struct parser p;
    uint32_t end = 0;
    parse_begin(&p, c, f->source);
    for (bool more = true; more;) {
        struct parse_token t = parse_next(&p);
        if (t.kind == NL) {
            fmt_at(f, f->tokens.n - 1)->ends = true;
            continue;
        }
        more = t.kind != 0;
        struct fmt_token *to = vec_push(f->arena, &f->tokens);
        to->kind = t.kind;
        to->text = (struct slice){f->source->text.p + t.off, t.len};
        to->width = columns(to->text);
        to->partner = FMT_NONE;
        to->line = FMT_SAME_LINE;
        read_gap(f, (struct slice){f->source->text.p + end, t.off - end}, end == 0, to);
        end = t.off + t.len;
        settle_comma(f);
    }
    parse_end(&p);
}

/* --- brackets ------------------------------------------------------------------------------------- */

/* Whether a line end before `t` breaks the bracket that it stands in. */
static bool breaks(const struct fmt_token *open, const struct fmt_token *t)
{
    return t->ncomments || (t->newline && open->kind != IDX);
}

/* Pairs brackets, and finds those whose elements have lines of their own: they were written so, or hold such. */
static void pair_brackets(struct fmt *f)
{
    uint32_t open[PARSE_DEPTH_MAX], n = 0;
    for (uint32_t i = 0; i < f->tokens.n; i++) {
        struct fmt_token *t = fmt_at(f, i), *in = n ? fmt_at(f, open[n - 1]) : NULL;
        if (in && fmt_opens(in->kind))
            in->broken |= breaks(in, t);
        if (t->kind == LBRACE || t->kind == SHEAD || fmt_opens(t->kind)) {
            open[n++] = i;
        } else if (t->kind == RBRACE || t->kind == STAIL || t->kind == RPAREN || t->kind == RBRACKET) {
            in->partner = i;
            t->partner = open[--n];
            if (open[n] + 1 == i && !t->ncomments)
                in->broken = false; /* nothing in it */
            if (in->broken && n && fmt_opens(fmt_at(f, open[n - 1])->kind))
                fmt_at(f, open[n - 1])->broken = true;
        }
    }
}

/* --- spaces --------------------------------------------------------------------------------------- */

/* How far a type has been read: `list<int>?` has no spaces, `a < b` has. */
struct type_reader {
    enum { NO_TYPE, WANTS_NAME, HAS_NAME } state;
    uint32_t angles;
};

/* Reads `t` as part of a type; true where it is a bracket of one. */
static bool read_type(struct type_reader *r, int kind, bool may_begin)
{
    bool angle = false;
    if (r->state == HAS_NAME && (kind == LT || kind == GT)) {
        angle = true;
        r->angles += kind == LT ? 1 : -1;
        r->state = kind == LT ? WANTS_NAME : HAS_NAME;
    } else if (r->state == HAS_NAME && ((kind == COMMA && r->angles) || (kind == ARROW && may_begin))) {
        r->state = WANTS_NAME;
    } else if (r->state == WANTS_NAME && kind == ID) {
        r->state = HAS_NAME;
    } else if (kind == COLON && may_begin) {
        *r = (struct type_reader){WANTS_NAME, 0};
    } else if (kind != QUESTION) {
        r->state = NO_TYPE;
    }
    return angle;
}

static bool ends_operand(int kind)
{
    return kind == ID || kind == LIT || kind == STR || kind == STAIL || kind == RPAREN || kind == RBRACKET || kind == TRUE || kind == FALSE;
}

static bool is_glued(int kind, int before)
{
    switch (before) {
    case CALL: case IDX: case LPAREN: case LBRACKET: case SHEAD: case SMID: case DOT: case AT:
        return true;
    default:
        break;
    }
    switch (kind) {
    case RPAREN: case RBRACKET: case COMMA: case SMID: case STAIL: case CALL: case IDX: case QUESTION:
        return true;
    case DOT: case COLON: /* behind a literal they might be read as its part */
        return before != LIT;
    case RBRACE:
        return before == LBRACE;
    default:
        return false;
    }
}

static void set_spaces(struct fmt *f)
{
    struct type_reader type = {NO_TYPE, 0};
    uint32_t first = 0, depth = 0, params = FMT_NONE;
    bool tight = false; /* the token before takes no space after it */
    for (uint32_t i = 0; i < f->tokens.n; i++) {
        struct fmt_token *t = fmt_at(f, i), *last = i ? t - 1 : NULL;
        if (!last || last->ends || last->kind == LBRACE)
            first = i;
        int head = fmt_at(f, first)->kind;
        bool defines = head == ACL || head == LET || head == TEMPLATE;
        if (defines && i == first + 2 && t->kind == CALL)
            params = t->partner;
        bool in_params = depth == 1 && params != FMT_NONE && i < params;
        bool angle = read_type(&type, t->kind, depth == 0 || (in_params && t->kind == COLON));
        t->in_type = type.angles > 0;
        t->glued = tight || angle || is_glued(t->kind, last ? last->kind : 0);
        tight = (angle && t->kind == LT) || (t->kind == MINUS && !(last && ends_operand(last->kind)));
        depth += fmt_opens(t->kind) || t->kind == SHEAD;
        depth -= t->kind == RPAREN || t->kind == RBRACKET || t->kind == STAIL;
        t->flat = (last ? last->flat : 0) + !t->glued + t->width;
    }
}

/* --- the tree ------------------------------------------------------------------------------------- */

/* Reads the statements from token `i` on; returns the token that ends the block. */
static uint32_t read_block(struct fmt *f, struct fmt_block *b, uint32_t i)
{
    b->one_line = true;
    while (fmt_at(f, i)->kind != RBRACE && fmt_at(f, i)->kind != 0) {
        struct fmt_stmt s = {.first = i};
        for (bool more = true; more; i++) {
            if (fmt_at(f, i)->kind == LBRACE) {
                struct fmt_block *in = arena_new(f->arena, struct fmt_block);
                in->open = i;
                i = read_block(f, in, i + 1);
                if (s.last_block)
                    s.last_block->next = in;
                else
                    s.blocks = in;
                s.last_block = in;
                b->one_line &= in->one_line;
            }
            b->one_line &= i == s.first || !fmt_at(f, i)->newline;
            more = !fmt_at(f, i)->ends;
        }
        s.end = i;
        b->one_line &= b->stmts.n == 0 && !fmt_at(f, s.first)->newline;
        vec_add(f->arena, &b->stmts, s);
    }
    b->close = i;
    b->one_line &= b->stmts.n == 0 || !fmt_at(f, i)->newline;
    b->one_line &= fmt_at(f, i)->ncomments == 0;
    return i;
}

void fmt_read(struct fmt *f, struct compilation *c, struct source *src)
{
    *f = (struct fmt){.arena = &c->arena, .source = src, .top.open = FMT_NONE};
    read_tokens(f, c);
    pair_brackets(f);
    set_spaces(f);
    read_block(f, &f->top, 0);
}
