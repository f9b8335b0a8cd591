/* Splits: backends with the percents of requests that go to each. One becomes a map from ranges of `random` to backends,
 * so that all that knows maps knows splits. */
#include "compiler/check_state.h"

#include "compiler/ir_print.h"

struct split_build {
    struct checker *k;
    struct decl *d;
    struct strmap backends; /* to the row, by name */
    int64_t sum;
    bool good;
    struct {
        const struct ast_expr *percent;
        int64_t parts;
    } largest; /* of the rows */
};

static struct slice percent_text(struct arena *a, int64_t parts)
{
    struct buf b = {0};
    ir_print_percent(parts, &b);
    struct slice text = arena_copy(a, buf_view(&b));
    buf_free(&b);
    return text;
}

/* ---- rows -------------------------------------------------------------------------------------- */

/* What a row begins with: NAME, FILE.NAME, or (reported by who looks it up) something else. */
static const struct ast_expr *row_name(struct checker *k, const struct ast_stmt *s)
{
    if (s->kind == AST_STMT_ROW)
        return s->args[0];
    struct ast_expr *name = arena_new(k->a, struct ast_expr), *file = arena_new(k->a, struct ast_expr);
    *name = (struct ast_expr){.kind = AST_NAME, .span = s->word_span};
    const char *dot = memchr(s->word.p, '.', s->word.len);
    name->text = s->word;
    if (!dot)
        return name;
    *file = *name;
    file->text.len = (size_t)(dot - s->word.p);
    file->span.len = (uint32_t)file->text.len;
    name->kind = AST_MEMBER;
    name->text = slice_from(s->word, file->text.len + 1);
    name->op_off = s->word_span.off + file->span.len + 1;
    name->args = arena_array(k->a, struct ast_expr *, 1);
    name->args[0] = file;
    name->nargs = 1;
    return name;
}

static bool is_row(const struct ast_stmt *s)
{
    bool row = s->kind == AST_STMT_ROW, named = row ? s->nargs == 1 && s->args[0]->kind == AST_STRING : s->nargs == 0;
    return (row || s->kind == AST_STMT_WORD) && named && s->tail == AST_TAIL_ARROW &&
           s->ntail_args == 1 && !s->block && !s->cond;
}

/* All backends are of one mode: requests, or connections. */
static bool fits_mode(struct split_build *b, const struct ast_expr *name, const struct decl *d)
{
    struct checker *k = b->k;
    if (b->backends.n == 0)
        b->d->tcp = d->tcp;
    if (d->tcp == b->d->tcp)
        return true;
    struct diag *x = diag_report(k->d, DIAG_E0306, name->span, "`%.*s` is %s backend; others of this split are %s",
                                 SLICE_ARG(d->name), d->tcp ? "a TCP" : "an HTTP", d->tcp ? "HTTP" : "TCP");
    diag_label(k->d, x, "of another kind");
    diag_secondary(k->d, x, d->at, "declared here");
    return false;
}

static bool is_new(struct split_build *b, const struct ast_expr *name, const struct decl *d)
{
    struct checker *k = b->k;
    struct ir_set *set = b->d->rows.set;
    bool added;
    uint32_t first = *strmap_put(&b->backends, k->a, d->backend->name, set->rows.n, &added);
    if (added)
        return true;
    struct diag *x = diag_report(k->d, DIAG_E0308, name->span, "`%.*s` stands in two rows of this split", SLICE_ARG(d->name));
    diag_label(k->d, x, "again here");
    struct ir_pos at = first < set->rows.n ? set->rows.v[first].pos : set->pos;
    diag_note(k->d, x, "first in line %u", at.line);
    diag_help(k->d, x, "give it one row, with the sum of both");
    return false;
}

static bool share(struct split_build *b, const struct ast_expr *e, int64_t *parts)
{
    struct checker *k = b->k;
    if (!check_percent(k, e, "a share", parts))
        return false;
    if (*parts > b->largest.parts) {
        b->largest.parts = *parts;
        b->largest.percent = e;
    }
    if (*parts)
        return true;
    struct diag *x = diag_report(k->d, DIAG_E0303, e->span, "a share of 0%% is never chosen");
    diag_label(k->d, x, "no requests");
    diag_help(k->d, x, "leave the row out");
    return false;
}

static void row(struct split_build *b, const struct ast_stmt *s)
{
    struct checker *k = b->k;
    if (!is_row(s)) {
        struct diag *x = diag_report(k->d, DIAG_E0211, s->word_span, "a row of a split is written `BACKEND -> PERCENT`");
        diag_label(k->d, x, "not a row");
        b->good = false;
        return;
    }
    const struct ast_expr *name = row_name(k, s);
    int64_t parts = 0;
    bool good = share(b, s->tail_args[0], &parts);
    struct decl *d = check_ref(k, name, 1u << DECL_BACKEND, "backend");
    good = d && fits_mode(b, name, d) && is_new(b, name, d) && good;
    b->good &= good;
    b->sum += parts;
    if (!good)
        return;
    struct ir_set *set = b->d->rows.set;
    int64_t lo = set->rows.n ? set->rows.v[set->rows.n - 1].key.range.hi + 1 : 0;
    *vec_push(k->a, &set->rows) = (struct ir_row){
        .key.range = {lo, lo + parts - 1}, .backend = d->backend, .pos = check_pos(k, name->span)};
}

/* ---- the whole --------------------------------------------------------------------------------- */

static void wrong_sum(struct split_build *b)
{
    struct checker *k = b->k;
    int64_t missing = IR_RANDOM_END - b->sum, fixed = b->largest.parts + missing;
    struct slice sum = percent_text(k->a, b->sum), diff = percent_text(k->a, missing < 0 ? -missing : missing);
    struct diag *x = diag_report(k->d, DIAG_E0502, b->d->at, "split `%.*s` sums to %.*s, must be 100%%",
                                 SLICE_ARG(b->d->name), SLICE_ARG(sum));
    diag_label(k->d, x, missing > 0 ? "%.*s are missing" : "%.*s too much", SLICE_ARG(diff));
    if (fixed <= 0 || !b->largest.percent)
        return;
    struct slice fix = percent_text(k->a, fixed);
    diag_secondary(k->d, x, b->largest.percent->span, missing > 0 ? "%.*s here would fill it up" : "%.*s here would fit",
                   SLICE_ARG(fix));
    diag_fix(x, FIX_MAYBE, b->largest.percent->span, fix);
}

void check_split(struct checker *k, struct decl *d)
{
    struct split_build b = {.k = k, .d = d, .good = true};
    const struct ast_block *block = d->stmt->block;
    struct ir_set *set = arena_new(k->a, struct ir_set);
    *set = (struct ir_set){.name = check_full_name(k, d->module, d->name),
                           .key_kind = IR_KEY_RANGE,
                           .is_map = true,
                           .is_split = true,
                           .value_kind = IR_BACKEND,
                           .has_default = true,
                           .pos = check_pos(k, d->at)};
    d->rows.set = set;
    d->rows.broken = true;
    if (!block)
        return; /* check_statement() reports it */
    for (uint32_t i = 0; i < block->stmts.n; i++)
        row(&b, block->stmts.v[i]);
    if (b.good && block->stmts.n == 0) {
        struct diag *x = diag_report(k->d, DIAG_E0501, d->at, "split `%.*s` has no rows", SLICE_ARG(d->name));
        diag_label(k->d, x, "no backend to choose");
    } else if (b.good && b.sum != IR_RANDOM_END) {
        wrong_sum(&b);
    } else if (b.good) {
        set->fallback = set->rows.v[set->rows.n - 1];
        d->rows.broken = false;
    }
}

struct ir_expr *check_use_split(struct checker *k, struct decl *d, struct span at)
{
    if (d->rows.broken)
        return NULL;
    struct ir_expr *random = check_new(k, IR_FIELD, IR_INT, 0, at);
    random->field = IR_FIELD_RANDOM;
    struct ir_expr *x = check_new1(k, IR_LOOKUP, IR_BACKEND, random, at);
    x->set = check_use_set(k, d);
    return x;
}
