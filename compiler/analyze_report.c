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

static void report_taken(struct compilation *c, struct diag *x, const struct analyze_finding *f)
{
    struct buf request = {0};
    for (uint32_t i = 0; i < f->by.n; i++)
        diag_secondary(&c->diags, x, word_at(c, f->by.v[i]->pos),
                       f->by.n == 1 && !f->by_more ? "this decides all that it could"
                                                   : "decides a part of it");
    if (f->by_more)
        diag_note(&c->diags, x, "%u more rules decide parts of it", f->by_more);
    if (!f->winner)
        return;
    an_request_text(&f->request, &request);
    diag_note(&c->diags, x, "as is seen with %.*s", SLICE_ARG(buf_view(&request)));
    buf_free(&request);
}

static void report(struct compilation *c, const struct analyze_finding *f)
{
    struct span at = word_at(c, f->rule->pos);
    struct diag *x = NULL;
    if (is_warned(c, at))
        return;
    switch (f->kind) {
    case ANALYZE_NEVER:
        x = diag_report(&c->diags, DIAG_W0540, at, "no request meets the condition of this rule");
        diag_label(&c->diags, x, "never applies");
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
    }
}

uint32_t analyze_report(struct compilation *c, const struct ir_program *p, double seconds, struct buf *said)
{
    uint32_t unfinished = 0;
    uint64_t end = an_search_clock() + (uint64_t)(seconds * 1e9), now;
    for (uint32_t i = 0; i < p->frontends.n; i++) {
        struct analyze_result r;
        now = an_search_clock();
        double left = now < end ? (double)(end - now) / 1e9 : 0;
        analyze_frontend(&c->arena, p, p->frontends.v[i], left / (p->frontends.n - i), &r);
        for (uint32_t k = 0; k < r.findings.n; k++)
            report(c, &r.findings.v[k]);
        if (!r.exceeded)
            continue;
        unfinished++;
        buf_printf(
            said, "weir: the analysis of frontend `%.*s` went over its budget: what is not said is unknown\n",
            SLICE_ARG(p->frontends.v[i]->name));
    }
    return unfinished;
}
