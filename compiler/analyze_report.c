/* Findings of the analyses as warnings; see analyze.h. */
#include "compiler/analyze.h"

/* The word that begins at `pos`: of a rule, what it does. */
static struct span word_at(struct compilation *c, struct ir_pos pos)
{
    struct source *src = c->sources.files.v[pos.file];
    uint32_t line, col;
    if (!src->line_starts.n)
        source_line_col(&c->arena, src, 0, &line, &col);
    struct span at = {pos.file, src->line_starts.v[pos.line - 1] + pos.col - 1, 0};
    while (at.off + at.len < src->text.len && !strchr(" \t\r\n;#{}", src->text.p[at.off + at.len]))
        at.len++;
    return at;
}

static bool is_warned(const struct compilation *c, struct span at)
{
    for (uint32_t i = 0; i < c->diags.list.n; i++) {
        const struct diag *x = c->diags.list.v[i];
        bool about = x->code == DIAG_W0501 || x->code == DIAG_W0506;
        const struct source *src =
            about && x->primary.span.file == at.file ? c->sources.files.v[at.file] : NULL;
        /* The same rule: no line ends between the two. */
        if (src && x->primary.span.off >= at.off &&
            !memchr(src->text.p + at.off, '\n', x->primary.span.off - at.off))
            return true;
    }
    return false;
}

/* From `pos` on: the expression, or what else stands there. */
static struct span expr_at(struct compilation *c, const struct ir_expr *e)
{
    struct span at = word_at(c, e->pos);
    at.len = e->len ? e->len : at.len;
    return at;
}

static void report_request(struct compilation *c, struct diag *x, const struct eval_request *q)
{
    struct buf request = {0};
    an_request_text(q, &request);
    diag_note(&c->diags, x, "as is seen with %.*s", SLICE_ARG(buf_view(&request)));
    buf_free(&request);
}

static const char *taker_text(const struct analyze_finding *f, const struct ir_rule *by)
{
    if (by == f->rule)
        return "other rows of it decide a part of it";
    bool all = f->by.n == 1 && !f->by_more;
    if (by == f->other)
        return all ? "this decides all that it could, with another outcome" : "decides a part of it, with another outcome";
    return all ? "this decides all that it could" : "decides a part of it";
}

static void report_taken(struct compilation *c, struct diag *x, const struct analyze_finding *f)
{
    bool other = !f->other;
    for (uint32_t i = 0; i < f->by.n; i++) {
        diag_secondary(&c->diags, x, word_at(c, f->by.v[i]->pos), "%s", taker_text(f, f->by.v[i]));
        other |= f->by.v[i] == f->other;
    }
    if (f->by_more)
        diag_note(&c->diags, x, "%u more rules decide parts of it", f->by_more);
    if (!other)
        diag_secondary(&c->diags, x, word_at(c, f->other->pos), "decides a part of it before, with another outcome");
    if (f->winner)
        report_request(c, x, &f->request);
}

static void report_parts(struct compilation *c, struct diag *x, const struct analyze_finding *f)
{
    for (uint32_t i = 0; i < f->parts.n; i++)
        diag_secondary(&c->diags, x, expr_at(c, f->parts.v[i]), "%s",
                       f->parts.n == 1 ? "holds for no request"
                       : i == 0        ? "this …"
                                       : "… and this exclude each other");
}

static void report(struct compilation *c, const struct analyze_finding *f)
{
    struct span at = word_at(c, f->kind == ANALYZE_ROW ? f->row->pos : f->rule->pos);
    struct diag *x = NULL;
    if (is_warned(c, at))
        return;
    switch (f->kind) {
    case ANALYZE_NEVER:
        x = diag_report(&c->diags, DIAG_W0540, at, "no request meets the condition of this rule");
        diag_label(&c->diags, x, "never applies");
        report_parts(c, x, f);
        break;
    case ANALYZE_UNREACHABLE:
        x = diag_report(&c->diags, DIAG_W0541, at, "the rules before this one leave it nothing to decide");
        diag_label(&c->diags, x, "never reached");
        report_taken(c, x, f);
        break;
    case ANALYZE_REDUNDANT:
        x = diag_report(&c->diags, DIAG_W0542, at, "without this rule all requests would end alike");
        diag_label(&c->diags, x, "what it decides, later rules decide in the same way");
        break;
    case ANALYZE_ROW:
        x = diag_report(&c->diags, DIAG_W0543, at, "no request is decided by this row");
        diag_label(&c->diags, x, "never found");
        report_taken(c, x, f);
        break;
    }
}

/* ---- rows -------------------------------------------------------------------------------------- */

static uint32_t uses_in(const struct ir_expr *e, const struct ir_set *set)
{
    uint32_t n = e && (e->op == IR_IN || e->op == IR_LOOKUP) && e->set == set;
    for (uint32_t i = 0; e && i < e->nargs; i++)
        n += uses_in(e->args[i], set);
    return n;
}

static uint32_t uses_by(const struct ir_rule *r, uint32_t n, const struct ir_set *set)
{
    uint32_t uses = 0;
    for (uint32_t i = 0; i < n; i++) {
        uses += uses_in(r[i].guard, set) + uses_in(r[i].value, set);
        for (uint32_t k = 0; k < r[i].headers.n; k++)
            uses += uses_in(r[i].headers.v[k].value, set);
    }
    return uses;
}

static uint32_t uses_of(const struct ir_program *p, const struct ir_set *set)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->frontends.n; i++) {
        const struct ir_frontend *f = p->frontends.v[i];
        n += uses_by(f->on_request.v, f->on_request.n, set) + uses_by(f->route.v, f->route.n, set);
    }
    return n;
}

struct row_finding {
    const struct analyze_finding *f;
    uint32_t times;
};

struct rows {
    struct strmap index; /* by the row's address */
    VEC(struct row_finding) v;
};

static void add_row(struct compilation *c, struct rows *rows, const struct analyze_finding *f)
{
    bool added;
    struct slice key = arena_copy(&c->arena, (struct slice){(const char *)&f->row, sizeof f->row});
    uint32_t at = *strmap_put(&rows->index, &c->arena, key, rows->v.n, &added);
    if (added)
        vec_add(&c->arena, &rows->v, ((struct row_finding){f, 0}));
    rows->v.v[at].times++;
}

/* Rows that decide nothing wherever their map is used. */
static void report_rows(struct compilation *c, const struct ir_program *p, const struct rows *rows)
{
    enum { ROWS_TOLD = 20 };
    uint32_t told = 0, more = 0;
    for (uint32_t i = 0; i < rows->v.n; i++) {
        const struct analyze_finding *f = rows->v.v[i].f;
        if (rows->v.v[i].times != uses_of(p, f->rule->value->set))
            continue;
        if (told++ < ROWS_TOLD)
            report(c, f);
        else
            more++;
    }
    if (more) {
        const struct analyze_finding *f = rows->v.v[rows->v.n - 1].f;
        struct diag *x = diag_report(&c->diags, DIAG_W0543, word_at(c, f->rule->pos),
                                     "%u more rows of maps decide no request", more);
        diag_label(&c->diags, x, "%s", "of this rule, or of one before it");
    }
}

/* ---- overlaps ---------------------------------------------------------------------------------- */

static void report_overlaps(struct compilation *c, const struct ir_program *p, const struct ir_frontend *f,
                            double seconds)
{
    struct analyze_overlaps all;
    analyze_overlaps(&c->arena, p, f, seconds, &all);
    for (uint32_t i = 0; i < all.v.n; i++) {
        const struct analyze_overlap *o = &all.v.v[i];
        struct diag *x = diag_report(&c->diags, DIAG_W0502, word_at(c, o->later->pos),
                                     "this rule and one before it overlap, and decide differently");
        diag_label(&c->diags, x, "meets requests that the other decides");
        diag_secondary(&c->diags, x, word_at(c, o->first->pos), "decides them, since it stands before");
        report_request(c, x, &o->request);
        if (all.more && i + 1 == all.v.n)
            diag_note(&c->diags, x, "%u more pairs of rules overlap in this frontend", all.more);
    }
}

/* ------------------------------------------------------------------------------------------------ */

static void report_excess(const struct ir_frontend *f, const struct analyze_result *r, struct buf *said)
{
    buf_printf(said, "weir: the analysis of frontend `%.*s` went over its budget: what is not said is unknown",
               SLICE_ARG(f->name));
    if (r->why.p)
        buf_printf(said, "; %.*s", SLICE_ARG(r->why));
    buf_char(said, '\n');
}

bool analyze_overlaps_asked(const struct diag_levels *levels)
{
    uint8_t level = levels->of[DIAG_W0502];
    return level && level != 1 + DIAG_SILENT;
}

uint32_t analyze_report(struct compilation *c, const struct ir_program *p, double seconds, struct buf *said)
{
    uint32_t unfinished = 0;
    uint64_t end = an_search_clock() + (uint64_t)(seconds * 1e9), now;
    bool overlaps = analyze_overlaps_asked(&c->diags.levels);
    struct rows rows = {0};
    for (uint32_t i = 0; i < p->frontends.n; i++) {
        const struct ir_frontend *f = p->frontends.v[i];
        struct analyze_result r;
        now = an_search_clock();
        double left = now < end ? (double)(end - now) / 1e9 / (p->frontends.n - i) : 0;
        analyze_frontend(&c->arena, p, f, overlaps ? left / 2 : left, &r);
        for (uint32_t k = 0; k < r.findings.n; k++)
            if (r.findings.v[k].kind == ANALYZE_ROW)
                add_row(c, &rows, &r.findings.v[k]);
            else
                report(c, &r.findings.v[k]);
        if (overlaps)
            report_overlaps(c, p, f, left / 2);
        unfinished += r.exceeded;
        if (r.exceeded)
            report_excess(f, &r, said);
    }
    report_rows(c, p, &rows);
    return unfinished;
}
