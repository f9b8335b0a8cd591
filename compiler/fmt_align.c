/* Which columns meet. Columns are aligned within groups only: lines of one block that no empty line and no statement of
 * several lines separates. A column is given space before one token of a line, so columns are found from left to right.
 *
 * Settings have their arguments in one column, servers their names and addresses, rows their `->`, definitions and
 * edits of headers their `=`, rules without blocks their `if`, and comments behind lines their `#`. What would make a line too wide
 * is left out of its column, as is what is much longer than its neighbours. */
#include "compiler/fmt_state.h"

enum {
    ARGS_MAX = 8,
    WORD_MAX = 16,  /* a longer word takes no part in the column of words */
    HEAD_MAX = 40,  /* as does what is longer than this before `=`, `{` and `if` */
    ROW_MAX = 80,   /* and before `->` */
};

enum block_kind {
    FILE_BLOCK,    /* declarations */
    SETTING_BLOCK, /* words with arguments */
    RULE_BLOCK,    /* rules, requests of tests: sentences */
};

/* A statement's first line, and the tokens in it that columns may meet at (FMT_NONE: there is none). */
struct row {
    const struct fmt_stmt *stmt;
    uint32_t indent, width; /* its width with the space that columns have added */
    uint32_t added;
    uint32_t nargs, args[ARGS_MAX];
    uint32_t assign, arrow, test, brace, cond;
    uint32_t comment; /* in fmt.comments */
    bool is_word; /* begins with a name */
};

struct rows {
    struct row *v;
    uint32_t n, cap;
};

static struct slice word_of(const struct fmt *f, const struct row *r)
{
    return fmt_at(f, r->stmt->first)->text;
}

static bool is_word(const struct fmt *f, const struct row *r, const char *word)
{
    return r->is_word && slice_eq(word_of(f, r), slice_of(word));
}

static bool is_edit(const struct fmt *f, const struct row *r)
{
    return is_word(f, r, "set") || is_word(f, r, "add") || is_word(f, r, "delete");
}

static bool is_definition(const struct fmt *f, const struct row *r)
{
    int kind = fmt_at(f, r->stmt->first)->kind;
    return kind == ACL || kind == LET;
}

/* --- rows ----------------------------------------------------------------------------------------- */

static bool begins_arg(const struct fmt_token *t)
{
    switch (t->kind) {
    case ID: case LIT: case STR: case SHEAD: case TRUE: case FALSE: case LPAREN: case LBRACKET:
        return !t->glued;
    default:
        return false;
    }
}

static bool is_comparison(int kind)
{
    return kind == EQ || kind == NE || kind == LT || kind == LE || kind == GT || kind == GE || kind == IN || (kind >= UNDER && kind <= ENDS_WITH);
}

/* Finds the places of columns in the first line of `s`. */
static struct row read_row(const struct fmt *f, const struct fmt_stmt *s, uint32_t indent)
{
    struct row r = {.stmt = s, .indent = indent, .assign = FMT_NONE, .arrow = FMT_NONE, .test = FMT_NONE, .brace = FMT_NONE, .cond = FMT_NONE, .comment = FMT_NONE};
    bool in_args = true;
    uint32_t end = s->first + 1;
    while (end < s->end && fmt_at(f, end)->line == FMT_SAME_LINE)
        end++;
    r.is_word = fmt_at(f, s->first)->kind == ID;
    r.width = indent + fmt_flat_width(f, s->first, end);
    bool typed = false;
    for (uint32_t i = fmt_next(f, s->first); i < end; i = fmt_next(f, i)) {
        const struct fmt_token *t = fmt_at(f, i);
        if (i == s->first)
            continue;
        if (in_args && begins_arg(t)) {
            if (r.nargs < ARGS_MAX)
                r.args[r.nargs++] = i;
        } else if (!t->glued || t->kind == COLON) {
            in_args = false;
        }
        typed |= t->kind == COLON;
        if (t->kind == ASSIGN && r.assign == FMT_NONE)
            r.assign = i;
        if (t->kind == ARROW && r.arrow == FMT_NONE && !typed)
            r.arrow = i;
        if (is_comparison(t->kind) && r.test == FMT_NONE && r.assign == FMT_NONE && r.arrow == FMT_NONE && !typed)
            r.test = i;
        if (t->kind == LBRACE && t->partner + 1 == s->end)
            r.brace = i;
        if (t->kind == IF && !s->blocks)
            r.cond = i;
        if (t->kind == IF)
            break;
    }
    const struct fmt_token *next = fmt_at(f, s->end);
    if (end == s->end && next->ncomments && !f->comments.v[next->comment].own_line)
        r.comment = next->comment;
    return r;
}

/* --- columns -------------------------------------------------------------------------------------- */

/* Whether two rows next to each other belong to one run. */
typedef bool same_run(const struct fmt *f, const struct row *a, const struct row *b);
/* The token of a row that a column begins with, or FMT_NONE. */
typedef uint32_t column_of(const struct fmt *f, const struct row *r, uint32_t which);

/* Where what stands before token `at` ends. */
static uint32_t end_before(const struct fmt *f, const struct row *r, uint32_t at)
{
    return r->indent + r->added + fmt_flat_width(f, r->stmt->first, at);
}

/* Aligns the rows' tokens `at`, where what stands before them is at most `longest` wide. Returns the column that they
 * begin at, 0 where there is none. */
static uint32_t align(const struct fmt *f, struct row *rows, uint32_t n, column_of *at, uint32_t which, uint32_t longest)
{
    uint32_t column = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t t = at(f, &rows[i], which), end = t == FMT_NONE ? 0 : end_before(f, &rows[i], t);
        if (end && end - rows[i].indent <= longest && end + 1 > column)
            column = end + 1;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t t = at(f, &rows[i], which), end = t == FMT_NONE ? 0 : end_before(f, &rows[i], t);
        if (!end || end - rows[i].indent > longest)
            continue;
        uint32_t pad = column - end - 1;
        if (rows[i].width + pad > FMT_WIDTH)
            continue;
        fmt_at(f, t)->pad = pad;
        rows[i].added += pad;
        rows[i].width += pad;
    }
    return column;
}

static void align_runs(const struct fmt *f, struct rows *rows, same_run *same, column_of *at, uint32_t which, uint32_t longest)
{
    for (uint32_t i = 0, first = 0; i < rows->n; i++) {
        if (i + 1 < rows->n && same(f, &rows->v[i], &rows->v[i + 1]))
            continue;
        align(f, rows->v + first, i + 1 - first, at, which, longest);
        first = i + 1;
    }
}

static bool all_same(const struct fmt *f, const struct row *a, const struct row *b)
{
    (void)f, (void)a, (void)b;
    return true;
}

static bool same_word(const struct fmt *f, const struct row *a, const struct row *b)
{
    return a->is_word && b->is_word && slice_eq(word_of(f, a), word_of(f, b));
}

static bool both_edit(const struct fmt *f, const struct row *a, const struct row *b)
{
    return is_edit(f, a) && is_edit(f, b);
}

static bool both_assign(const struct fmt *f, const struct row *a, const struct row *b)
{
    return same_word(f, a, b) || both_edit(f, a, b) || (is_definition(f, a) && is_definition(f, b));
}

/* Columns of arguments beyond the first, by the word. */
static uint32_t table_columns(const struct fmt *f, const struct row *r)
{
    return is_word(f, r, "server") ? 2 : is_word(f, r, "timeout") ? 1 : 0;
}

/* As many arguments, of the same kinds. */
static bool same_kinds(const struct fmt *f, const struct row *a, const struct row *b)
{
    if (a->nargs != b->nargs || !a->is_word || !b->is_word)
        return false;
    for (uint32_t i = 0; i < a->nargs; i++)
        if (fmt_at(f, a->args[i])->kind != fmt_at(f, b->args[i])->kind)
            return false;
    return true;
}

/* Same word, and the same words among arguments of the same kinds: `GET … from …`, line after line. */
static bool same_shape(const struct fmt *f, const struct row *a, const struct row *b)
{
    if (!same_word(f, a, b))
        return false;
    if (table_columns(f, a))
        return true;
    if (!same_kinds(f, a, b))
        return false;
    for (uint32_t i = 0; i < a->nargs; i++)
        if (fmt_at(f, a->args[i])->kind == ID && !slice_eq(fmt_at(f, a->args[i])->text, fmt_at(f, b->args[i])->text))
            return false;
    return true;
}

static uint32_t at_arg(const struct fmt *f, const struct row *r, uint32_t which)
{
    uint32_t columns = table_columns(f, r);
    return which < r->nargs && (!columns || which <= columns) && r->is_word ? r->args[which] : FMT_NONE;
}

/* The first argument of a setting: no word before a block, and none that is very long. */
static uint32_t at_setting(const struct fmt *f, const struct row *r, uint32_t which)
{
    (void)which;
    bool is_long = fmt_at(f, r->stmt->first)->width > WORD_MAX;
    return r->is_word && r->nargs && !r->stmt->blocks && !is_long ? r->args[0] : FMT_NONE;
}

static uint32_t at_edit(const struct fmt *f, const struct row *r, uint32_t which)
{
    (void)which;
    return is_edit(f, r) && r->nargs ? r->args[0] : FMT_NONE;
}

static uint32_t at_assign(const struct fmt *f, const struct row *r, uint32_t which)
{
    (void)f, (void)which;
    return r->assign;
}

static uint32_t at_arrow(const struct fmt *f, const struct row *r, uint32_t which)
{
    (void)f, (void)which;
    return r->arrow;
}

static uint32_t at_test(const struct fmt *f, const struct row *r, uint32_t which)
{
    (void)f, (void)which;
    return r->test;
}

static uint32_t at_brace(const struct fmt *f, const struct row *r, uint32_t which)
{
    (void)f, (void)which;
    return r->brace;
}

static uint32_t at_if(const struct fmt *f, const struct row *r, uint32_t which)
{
    (void)f, (void)which;
    return r->cond;
}

/* Aligns the `if` of `n` rows. One that begins a line of its own joins the column, where its condition is of one line. */
static void align_ifs(const struct fmt *f, struct row *rows, uint32_t n)
{
    uint32_t column = align(f, rows, n, at_if, 0, HEAD_MAX);
    for (uint32_t i = 0; i < n; i++) {
        const struct fmt_stmt *s = rows[i].stmt;
        uint32_t at = s->first, lines = 0;
        for (uint32_t k = s->first + 1; k < s->end; k++) {
            lines += fmt_at(f, k)->line != FMT_SAME_LINE;
            if (fmt_at(f, k)->kind == IF && fmt_at(f, k)->line != FMT_SAME_LINE)
                at = k;
        }
        if (column && at > s->first && lines == 1 && column + fmt_flat_width(f, at, s->end) <= FMT_WIDTH)
            fmt_at(f, at)->line = (int)column;
    }
}

static void align_comments(struct fmt *f, struct rows *rows)
{
    for (uint32_t i = 0, first = 0; i <= rows->n; i++) {
        if (i < rows->n && rows->v[i].comment != FMT_NONE)
            continue;
        uint32_t widest = 0;
        for (uint32_t k = first; k < i; k++)
            widest = rows->v[k].width > widest ? rows->v[k].width : widest;
        for (uint32_t k = first; k < i; k++)
            f->comments.v[rows->v[k].comment].pad = widest - rows->v[k].width;
        first = i + 1;
    }
}

static void align_group(struct fmt *f, struct rows *rows, enum block_kind kind)
{
    if (kind == SETTING_BLOCK)
        align_runs(f, rows, all_same, at_setting, 0, FMT_WIDTH);
    else if (kind == RULE_BLOCK)
        align_runs(f, rows, both_edit, at_edit, 0, FMT_WIDTH);
    for (uint32_t i = 1; i < ARGS_MAX && kind != FILE_BLOCK; i++)
        align_runs(f, rows, same_shape, at_arg, i, FMT_WIDTH);
    align_runs(f, rows, both_assign, at_assign, 0, HEAD_MAX);
    align_runs(f, rows, kind == RULE_BLOCK ? same_kinds : all_same, at_arrow, 0, ROW_MAX);
    align_runs(f, rows, same_shape, at_test, 0, HEAD_MAX);
    if (kind != RULE_BLOCK)
        align_runs(f, rows, same_word, at_brace, 0, HEAD_MAX);
    for (uint32_t i = 0, first = 0; i < rows->n; i++) {
        if (i + 1 < rows->n && is_edit(f, &rows->v[i]) == is_edit(f, &rows->v[i + 1]))
            continue;
        align_ifs(f, rows->v + first, i + 1 - first);
        first = i + 1;
    }
    align_comments(f, rows);
    rows->n = 0;
}

/* --- blocks --------------------------------------------------------------------------------------- */

/* What the block is whose statement's part `first` stands before it. */
static enum block_kind kind_of(const struct fmt *f, uint32_t first)
{
    static const char *const sentences[] = {"on", "route", "test"};
    const struct fmt_token *t = fmt_at(f, first);
    if (t->kind == WHEN || t->kind == ELSE)
        return RULE_BLOCK;
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++)
        if (slice_eq(t->text, slice_of(sentences[i])))
            return RULE_BLOCK;
    return SETTING_BLOCK;
}

static bool begins_group(const struct fmt *f, const struct fmt_stmt *s)
{
    const struct fmt_token *t = fmt_at(f, s->first);
    bool blank = t->blank;
    for (uint32_t i = 0; i < t->ncomments; i++)
        blank |= f->comments.v[t->comment + i].after_blank;
    return blank;
}

/* Whether `s` has lines beyond the first, but for one that its `if` begins. */
static bool is_long(const struct fmt *f, const struct fmt_stmt *s)
{
    for (uint32_t i = s->first + 1; i < s->end; i++)
        if (fmt_at(f, i)->line != FMT_SAME_LINE && fmt_at(f, i)->kind != IF)
            return true;
    return false;
}

static void align_block(struct fmt *f, const struct fmt_block *b, uint32_t indent, enum block_kind kind)
{
    struct rows rows = {0};
    for (uint32_t i = 0; i < b->stmts.n; i++) {
        const struct fmt_stmt *s = &b->stmts.v[i];
        if (begins_group(f, s) || s->is_exploded)
            align_group(f, &rows, kind);
        uint32_t part = s->first;
        for (const struct fmt_block *in = s->blocks; in && s->is_exploded; in = in->next) {
            align_block(f, in, indent + FMT_INDENT, kind_of(f, part));
            part = in->close + 1;
        }
        if (!s->is_exploded && fmt_at(f, s->first)->kind != AT)
            vec_add(f->arena, &rows, read_row(f, s, indent));
        if (!s->is_exploded && is_long(f, s))
            align_group(f, &rows, kind);
    }
    align_group(f, &rows, kind);
}

void fmt_align(struct fmt *f)
{
    align_block(f, &f->top, 0, FILE_BLOCK);
}
