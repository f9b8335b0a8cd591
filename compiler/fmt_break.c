/* Decides where lines end. What was written over several lines stays so, in the canonical way: an element of a list, an
 * operand of a condition, a converter a line each, and the `if` of a rule. What is wider than a line is broken
 * likewise, the outermost first; so the result, read again, needs no further break.
 *
 * All breaks stand where the token filter lets a line end (parse_tokens.c, note [lines]): in brackets, and before
 * `if`, `and`, `or`, `else` and `|`. */
#include "compiler/fmt_state.h"

enum { GROUP_MIN = 30 }; /* columns of a bracket that is worth breaking */

/* A run of tokens that begins at `col`. `indent` is that of the line where it begins, `cont` that of its further lines, and
 * `suffix` the columns that what follows it needs. */
struct run {
    uint32_t first, end, indent, cont, col, suffix;
};

static void lay_out(struct fmt *f, struct run r);
static void lay_out_block(struct fmt *f, struct fmt_block *b, uint32_t indent);

/* Whether `r` fits where brackets that are broken already are, and no others. */
static bool fits(const struct fmt *f, struct run r)
{
    uint32_t col = r.col;
    for (uint32_t i = r.first; i < r.end; i++) {
        const struct fmt_token *t = fmt_at(f, i);
        col += t->width + (i > r.first && !t->glued);
        if (col > FMT_WIDTH)
            return false;
        if (t->broken) {
            i = t->partner;
            col = r.indent + 1;
        }
    }
    return col + r.suffix <= FMT_WIDTH;
}

static bool is_chain(int kind)
{
    return kind == AND || kind == OR;
}

static bool is_pipe(int kind)
{
    return kind == PIPE;
}

/* Whether a token of that kind, in no bracket of the run, stands in it, and in `*broken` whether one began a line. */
static bool find(const struct fmt *f, struct run r, bool (*is)(int), bool *broken)
{
    bool any = false;
    *broken = false;
    for (uint32_t i = fmt_next(f, r.first); i < r.end; i = fmt_next(f, i)) {
        const struct fmt_token *t = fmt_at(f, i);
        if (is(t->kind)) {
            any = true;
            *broken |= t->newline || t->ncomments;
        }
    }
    return any;
}

/* --- brackets ------------------------------------------------------------------------------------- */

static void break_bracket(struct fmt *f, uint32_t open, uint32_t indent)
{
    struct fmt_token *o = fmt_at(f, open);
    uint32_t close = o->partner, in = indent + FMT_INDENT;
    o->broken = true;
    for (uint32_t i = open + 1, first = i; i <= close; i = fmt_next(f, i)) {
        if (i != close && (fmt_at(f, i)->kind != COMMA || fmt_at(f, i)->in_type))
            continue;
        if (first < i) {
            fmt_at(f, first)->line = (int)in;
            fmt_at(f, first)->keeps_blank = first > open + 1;
            lay_out(f, (struct run){first, i, in, o->kind == LPAREN ? in : in + FMT_INDENT, in, 1});
        }
        first = i + 1;
        if (i == close)
            break;
    }
    fmt_at(f, close)->line = (int)indent;
}

static bool may_break(const struct fmt *f, uint32_t i)
{
    const struct fmt_token *t = fmt_at(f, i);
    return fmt_opens(t->kind) && (t->broken || (t->kind != IDX && fmt_flat_width(f, i, t->partner + 1) >= GROUP_MIN));
}

/* Where the line ends that goes on from the bracket `i`, itself unbroken: at the next bracket, or with the run. */
static uint32_t reach(const struct fmt *f, struct run r, uint32_t i, uint32_t col)
{
    col += fmt_flat_width(f, i, fmt_at(f, i)->partner + 1) - fmt_at(f, i)->width;
    for (i = fmt_at(f, i)->partner + 1; i < r.end; i++) {
        const struct fmt_token *t = fmt_at(f, i);
        col += t->width + !t->glued;
        if (may_break(f, i) || col > FMT_WIDTH)
            return col;
    }
    return col + r.suffix;
}

/* Breaks the brackets of a run that has nothing else to break at, from the left, where what follows does not fit. */
static void lay_out_brackets(struct fmt *f, struct run r)
{
    uint32_t col = r.col;
    for (uint32_t i = r.first; i < r.end; i++) {
        struct fmt_token *t = fmt_at(f, i);
        if (i > r.first && t->ncomments)
            t->line = (int)r.cont;
        col += t->width + (i > r.first && !t->glued);
        if (t->kind == SHEAD) {
            col += fmt_flat_width(f, i, t->partner + 1) - t->width;
            i = t->partner;
        } else if (may_break(f, i) && (t->broken || reach(f, r, i, col) > FMT_WIDTH)) {
            break_bracket(f, i, r.indent);
            col = r.indent + 1;
            i = t->partner;
        } else if (fmt_opens(t->kind)) {
            col += fmt_flat_width(f, i, t->partner + 1) - t->width;
            i = t->partner;
        }
    }
}

/* --- chains --------------------------------------------------------------------------------------- */

/* Lays out the parts of `r` that such tokens begin, each in its line, with `part`. */
static void split(struct fmt *f, struct run r, bool (*is)(int), void (*part)(struct fmt *, struct run))
{
    uint32_t first = r.first, indent = r.indent, col = r.col;
    for (uint32_t i = fmt_next(f, r.first);; i = fmt_next(f, i)) {
        if (i < r.end && !is(fmt_at(f, i)->kind))
            continue;
        bool last = i >= r.end;
        part(f, (struct run){first, last ? r.end : i, indent, r.cont, col, last ? r.suffix : 0});
        if (last)
            return;
        fmt_at(f, i)->line = (int)r.cont;
        first = i;
        indent = col = r.cont;
    }
}

static void lay_out_pipes(struct fmt *f, struct run r)
{
    bool broken, any = find(f, r, is_pipe, &broken);
    if (broken || (any && !fits(f, r)))
        split(f, r, is_pipe, lay_out_brackets);
    else
        lay_out_brackets(f, r);
}

/* An operand of a chain: what it holds goes further in than the operands do. */
static void lay_out_operand(struct fmt *f, struct run r)
{
    r.cont += FMT_INDENT;
    lay_out_pipes(f, r);
}

static void lay_out(struct fmt *f, struct run r)
{
    bool broken, any = find(f, r, is_chain, &broken);
    if (broken || (any && !fits(f, r)))
        split(f, r, is_chain, lay_out_operand);
    else
        lay_out_pipes(f, r);
}

/* --- statements ----------------------------------------------------------------------------------- */

static uint32_t find_if(const struct fmt *f, struct run r)
{
    for (uint32_t i = r.first; i < r.end; i = fmt_next(f, i))
        if (fmt_at(f, i)->kind == IF)
            return i;
    return FMT_NONE;
}

static bool has_broken(const struct fmt *f, struct run r)
{
    bool any;
    find(f, r, is_chain, &any);
    for (uint32_t i = r.first; i < r.end && !any; i = fmt_next(f, i))
        any = fmt_at(f, i)->broken;
    return any;
}

/* A statement's part outside of blocks. Its `if` begins a line where it did so, or where that alone makes it fit. */
static void lay_out_part(struct fmt *f, struct run r, bool is_head)
{
    uint32_t at = is_head ? find_if(f, r) : FMT_NONE;
    if (at != FMT_NONE && at > r.first) {
        struct run head = r, cond = {at, r.end, r.cont, r.cont, r.cont, r.suffix};
        head.end = at;
        head.suffix = 0;
        bool breaks = fmt_at(f, at)->newline || fmt_at(f, at)->ncomments;
        if (breaks || (!has_broken(f, r) && !fits(f, r) && fits(f, head) && fits(f, cond))) {
            fmt_at(f, at)->line = (int)r.cont;
            lay_out(f, head);
            lay_out(f, cond);
            return;
        }
    }
    lay_out(f, r);
}

/* Whether a statement with blocks stays on one line. */
static bool is_one_line(const struct fmt *f, const struct fmt_stmt *s, uint32_t indent)
{
    for (const struct fmt_block *b = s->blocks; b; b = b->next)
        if (!b->one_line)
            return false;
    for (uint32_t i = s->first + 1; i < s->end; i++) {
        const struct fmt_token *t = fmt_at(f, i);
        if (t->ncomments || t->broken || (t->newline && (is_chain(t->kind) || is_pipe(t->kind))))
            return false;
    }
    return indent + fmt_flat_width(f, s->first, s->end) <= FMT_WIDTH;
}

static void lay_out_stmt(struct fmt *f, struct fmt_stmt *s, uint32_t indent)
{
    fmt_at(f, s->first)->line = (int)indent;
    fmt_at(f, s->first)->keeps_blank = true;
    if (s->blocks && is_one_line(f, s, indent))
        return;
    s->is_exploded = s->blocks != NULL;
    uint32_t first = s->first, col = indent;
    for (struct fmt_block *b = s->blocks;; b = b->next) {
        uint32_t end = b ? b->open : s->end;
        if (first > s->first && first < end && fmt_at(f, first)->ncomments)
            fmt_at(f, first)->line = (int)indent;
        if (first < end)
            lay_out_part(f, (struct run){first, end, indent, indent + FMT_CONTINUE, col, b ? 2 : 0}, first == s->first);
        if (!b)
            return;
        if (fmt_at(f, b->open)->ncomments) /* only behind an operator: the filter has ended the statement else */
            fmt_at(f, b->open)->line = (int)indent;
        lay_out_block(f, b, indent + FMT_INDENT);
        first = b->close + 1;
        col = indent + 2;
    }
}

/* Statements at `indent`, and the closing brace left of them. */
static void lay_out_block(struct fmt *f, struct fmt_block *b, uint32_t indent)
{
    for (uint32_t i = 0; i < b->stmts.n; i++)
        lay_out_stmt(f, &b->stmts.v[i], indent);
    bool empty = b->stmts.n == 0 && !fmt_at(f, b->close)->ncomments;
    if (b->open != FMT_NONE && !empty)
        fmt_at(f, b->close)->line = (int)(indent - FMT_INDENT);
}

void fmt_break(struct fmt *f)
{
    lay_out_block(f, &f->top, 0);
    fmt_at(f, f->top.close)->line = 0;
}
