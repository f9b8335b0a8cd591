/* Writing what became of one rule, as text or JSON; see explain_whynot.h. */
#include "compiler/explain_render.h"
#include "compiler/explain_whynot.h"

enum verdict {
    VERDICT_DECIDES,
    VERDICT_APPLIES, /* changes a header */
    VERDICT_FAILS,
    VERDICT_BEFORE,
    VERDICT_REFUSED,
    VERDICT_WITNESS,
    VERDICT_SOME,
    VERDICT_NEVER,
    VERDICT_TAKEN,
    VERDICT_UNKNOWN,
};

static enum verdict verdict_of(const struct whynot *w)
{
    static const enum verdict of_reach[] = {[REACH_WITNESS] = VERDICT_WITNESS,
                                            [REACH_SOME] = VERDICT_SOME,
                                            [REACH_NEVER] = VERDICT_NEVER,
                                            [REACH_TAKEN] = VERDICT_TAKEN,
                                            [REACH_UNKNOWN] = VERDICT_UNKNOWN};
    if (!w->asked)
        return of_reach[w->reach.reach];
    if (w->e.result.outcome == EVAL_BAD_REQUEST)
        return VERDICT_REFUSED;
    if (w->before)
        return VERDICT_BEFORE;
    if (!w->holds)
        return VERDICT_FAILS;
    return ir_rule_decides(w->of.rule) ? VERDICT_DECIDES : VERDICT_APPLIES;
}

static const char *verdict_word(enum verdict v)
{
    static const char *const words[] = {
        [VERDICT_DECIDES] = "decides",           [VERDICT_APPLIES] = "applies",
        [VERDICT_FAILS] = "does-not-apply",      [VERDICT_BEFORE] = "decided-before",
        [VERDICT_REFUSED] = "request-refused",   [VERDICT_WITNESS] = "reachable",
        [VERDICT_SOME] = "reachable-unconfirmed", [VERDICT_NEVER] = "never-applies",
        [VERDICT_TAKEN] = "never-reached",       [VERDICT_UNKNOWN] = "unknown",
    };
    return words[v];
}

/* As arguments of `weir explain`. */
static void put_request(const struct whynot *w, const struct eval_request *q, struct buf *out)
{
    an_request_text(q, out);
    if (w->p->frontends.n > 1)
        buf_printf(out, " --frontend %.*s", SLICE_ARG(w->of.frontend->name));
}

/* ---- text -------------------------------------------------------------------------------------- */

static void put_fails(const struct whynot *w, struct buf *out)
{
    if (w->tests == 1)
        buf_str(out, "its condition fails");
    else if (w->fails == w->tests)
        buf_printf(out, "none of its %u conditions holds", w->tests);
    else
        buf_printf(out, "%u of its %u conditions fail%s", w->fails, w->tests, w->fails == 1 ? "s" : "");
}

static void text_verdict(const struct whynot *w, enum verdict v, struct buf *out)
{
    buf_slice(out, w->of.rule->label);
    switch (v) {
    case VERDICT_DECIDES:
        buf_str(out, " decides");
        break;
    case VERDICT_APPLIES:
        buf_str(out, " applies");
        break;
    case VERDICT_FAILS:
        buf_str(out, " does not apply: ");
        put_fails(w, out);
        break;
    case VERDICT_BEFORE:
        buf_printf(out, " is not reached: %.*s decides before it", SLICE_ARG(w->e.result.rule->label));
        if (w->fails) {
            buf_str(out, ", and ");
            put_fails(w, out);
        }
        break;
    case VERDICT_REFUSED:
        buf_printf(out, " is not reached: the request is refused before any rule: %s", w->e.result.refused);
        break;
    case VERDICT_WITNESS:
        buf_str(out, ir_rule_decides(w->of.rule) ? " decides some requests" : " applies to some requests");
        break;
    case VERDICT_SOME:
        buf_str(out, " can be reached, as far as the analysis sees; no request was found that shows it");
        break;
    case VERDICT_NEVER:
        buf_str(out, " never applies: no request meets its condition");
        break;
    case VERDICT_TAKEN:
        buf_str(out, " is never reached: the rules before it leave it nothing");
        break;
    case VERDICT_UNKNOWN:
        buf_str(out, ": unknown; the analysis went over its budget");
        break;
    }
    buf_char(out, '\n');
}

static void text_lines(const struct whynot *w, struct buf *out)
{
    if (w->lines.n)
        buf_str(out, "\nconditions\n");
    for (uint32_t i = 0; i < w->lines.n; i++) {
        const struct whynot_line *x = &w->lines.v[i];
        buf_printf(out, "  %s  %*s", x->holds ? "holds" : "fails", 2 * (int)x->depth, "");
        if (x->kind != WHYNOT_TEST) {
            buf_str(out, x->kind == WHYNOT_ALL ? "all of\n" : "one of\n");
            continue;
        }
        buf_slice(out, x->test);
        buf_str(out, x->lookup ? x->holds ? " has a row" : " has no row" : "");
        if (x->got.len)
            buf_printf(out, ": %.*s", SLICE_ARG(x->got));
        buf_char(out, '\n');
    }
    if (w->lines_more)
        buf_printf(out, "  … and %u more\n", w->lines_more);
}

static void text_decided(const struct whynot *w, struct buf *out)
{
    const struct eval_result *r = &w->e.result;
    if (!r->rule || r->rule == w->of.rule)
        return;
    buf_str(out, "\ndecided by\n  ");
    explain_rule_text(w->p, r->rule, out);
    buf_str(out, "\n  outcome: ");
    explain_outcome(r, out);
    buf_char(out, '\n');
}

static void text_takers(const struct whynot *w, struct buf *out)
{
    const struct analyze_finding *f = &w->reach.taken;
    struct buf request = {0};
    if (f->by.n == 0)
        return;
    buf_printf(out, "\ntaken by%s\n", f->by.n == 1 && !f->by_more ? "" : ", between them");
    for (uint32_t i = 0; i < f->by.n; i++) {
        buf_str(out, "  ");
        explain_rule_text(w->p, f->by.v[i], out);
        buf_char(out, '\n');
    }
    if (f->by_more)
        buf_printf(out, "  … and %u more\n", f->by_more);
    if (f->winner) {
        put_request(w, &f->request, &request);
        buf_printf(out, "  as is seen with %.*s\n", SLICE_ARG(buf_view(&request)));
    }
    buf_free(&request);
}

void whynot_text(const struct whynot *w, struct buf *out)
{
    enum verdict v = verdict_of(w);
    struct buf request = {0};
    text_verdict(w, v, out);
    buf_str(out, "  rule      ");
    explain_rule_text(w->p, w->of.rule, out);
    buf_char(out, '\n');
    if (w->asked)
        explain_request_text(&w->e, out);
    if (v == VERDICT_WITNESS) {
        put_request(w, &w->reach.request, &request);
        buf_printf(out, "  such as   %.*s\n", SLICE_ARG(buf_view(&request)));
    }
    if (v == VERDICT_NEVER || v == VERDICT_TAKEN)
        buf_str(out, "  proved    for all requests\n");
    text_lines(w, out);
    text_decided(w, out);
    text_takers(w, out);
    buf_free(&request);
}

/* ---- JSON -------------------------------------------------------------------------------------- */

static void json_lines(const struct whynot *w, struct buf *out)
{
    static const char *const kinds[] = {[WHYNOT_TEST] = "test", [WHYNOT_ALL] = "all", [WHYNOT_ANY] = "any"};
    buf_printf(out, ",\"fails\":%u,\"tests\":%u,\"conditions\":[", w->fails, w->tests);
    for (uint32_t i = 0; i < w->lines.n; i++) {
        const struct whynot_line *x = &w->lines.v[i];
        buf_printf(out, "%s{\"depth\":%u,\"kind\":\"%s\",\"holds\":%s", i ? "," : "", x->depth, kinds[x->kind],
                   x->holds ? "true" : "false");
        if (x->kind == WHYNOT_TEST) {
            buf_str(out, x->lookup ? ",\"row_in\":" : ",\"if\":");
            buf_json(out, x->test);
            buf_str(out, ",\"got\":");
            buf_json(out, x->got);
        }
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

static void json_decided(const struct whynot *w, struct buf *out)
{
    struct buf outcome = {0};
    explain_outcome(&w->e.result, &outcome);
    buf_str(out, ",\"outcome\":");
    buf_json(out, buf_view(&outcome));
    if (w->e.result.rule) {
        buf_str(out, ",\"decided_by\":");
        explain_rule_json(w->p, w->e.result.rule, out);
        buf_char(out, '}');
    }
    buf_free(&outcome);
}

static void json_any(const struct whynot *w, struct buf *out)
{
    const struct analyze_finding *f = &w->reach.taken;
    struct buf request = {0};
    if (w->reach.reach == REACH_WITNESS || f->winner) {
        put_request(w, f->winner ? &f->request : &w->reach.request, &request);
        buf_str(out, ",\"request\":");
        buf_json(out, buf_view(&request));
    }
    buf_str(out, ",\"taken_by\":[");
    for (uint32_t i = 0; i < f->by.n; i++) {
        buf_str(out, i ? "," : "");
        explain_rule_json(w->p, f->by.v[i], out);
        buf_char(out, '}');
    }
    buf_printf(out, "],\"taken_by_more\":%u", f->by_more);
    buf_free(&request);
}

void whynot_json(const struct whynot *w, struct buf *out)
{
    buf_printf(out, "{\"verdict\":\"%s\",\"rule\":", verdict_word(verdict_of(w)));
    explain_rule_json(w->p, w->of.rule, out);
    buf_str(out, "},\"frontend\":");
    buf_json(out, w->of.frontend->name);
    if (w->asked) {
        explain_request_json(&w->e, out);
        json_lines(w, out);
        json_decided(w, out);
    } else {
        json_any(w, out);
    }
    buf_str(out, "}\n");
}
