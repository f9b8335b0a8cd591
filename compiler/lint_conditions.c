/* Lints within one condition: parts that exclude each other, that always hold together, or that say nothing
 * new. */
#include "compiler/lint.h"

/* A part of a junction, and where to show it: its own place, or where the acl that it is of is named. */
struct piece {
    struct lint_fact fact;
    uint32_t of;
    struct span at;
};

static bool inside(struct span x, struct span outer)
{
    return x.file == outer.file && x.off >= outer.off && x.off + x.len <= outer.off + outer.len;
}

static struct piece make_piece(struct checker *k, struct lint_fact fact, const struct ast_expr *operand,
                               uint32_t of)
{
    struct span own = lint_expr_span(k, fact.e);
    return (struct piece){fact, of, inside(own, operand->span) ? own : operand->span};
}

/* Where the part is of an acl, the place that says what it is. */
static void show_meaning(struct checker *k, struct diag *d, const struct piece *x)
{
    struct span own = lint_expr_span(k, x->fact.e);
    if (!inside(own, x->at))
        diag_secondary(k->d, d, own, "%s", x->fact.no ? "which is that this does not hold" : "which is this");
}

static void told(struct checker *k, struct diag *d, const struct piece *x, const char *label,
                 const struct piece *by)
{
    diag_label(k->d, d, "%s", label);
    diag_secondary(k->d, d, by->at, "the other");
    show_meaning(k, d, x);
    if (x->fact.e != by->fact.e)
        show_meaning(k, d, by);
}

static void adds_nothing(struct checker *k, const struct piece *x, const struct piece *by, bool all)
{
    struct diag *d = diag_report(k->d, DIAG_W0508, x->at, "this part of the condition changes nothing");
    told(k, d, x, all ? "always true where the other is" : "the other holds wherever this does", by);
}

/* One pair of parts of `and` (`all`) or `or`. Returns whether something was said. */
static bool pair(struct checker *k, const struct piece *px, const struct piece *py, bool all)
{
    struct lint_fact x = px->fact, y = py->fact, no_x = {x.e, !x.no};
    bool equals = x.e->op == IR_EQ && y.e->op == IR_EQ && x.no == y.no;
    if (all && lint_excludes(x, y)) {
        struct diag *d = diag_report(k->d, DIAG_W0506, py->at, "this condition never holds");
        told(k, d, py, "never true together with the other", px);
        if (equals && !x.no)
            diag_help(k->d, d, "is one of the two meant? `or`, or `in [A, B]`");
    } else if (!all && lint_implies(no_x, y)) {
        struct diag *d = diag_report(k->d, DIAG_W0507, py->at, "this condition always holds");
        told(k, d, py, "true wherever the other is not", px);
        if (equals && x.no)
            diag_help(k->d, d, "is neither of the two meant? `and`, or `not in [A, B]`");
    } else if (x.e->op == IR_EXISTS || y.e->op == IR_EXISTS) {
        return false; /* said for the reader */
    } else if (lint_implies(x, y)) {
        adds_nothing(k, all ? py : px, all ? px : py, all);
    } else if (lint_implies(y, x)) {
        adds_nothing(k, all ? px : py, all ? py : px, all);
    } else {
        return false;
    }
    return true;
}

/* Pairs within one operand were looked at with it. */
void lint_junction(struct checker *k, const struct ast_expr *e, const struct ir_expr *t)
{
    struct piece part[LINT_FACTS];
    uint32_t n = 0;
    bool all = t->op == IR_AND;
    for (uint32_t i = 0; !lint_silent(k) && i < t->nargs && n < LINT_FACTS; i++) {
        struct lint_fact few[LINT_FACTS];
        uint32_t m = lint_parts(t->args[i], !all, few, LINT_FACTS - n);
        for (uint32_t j = 0; j < m && n < LINT_FACTS; j++)
            part[n++] =
                make_piece(k, (struct lint_fact){few[j].e, all ? few[j].no : !few[j].no}, e->args[i], i);
    }
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = i + 1; j < n; j++)
            if (part[i].of != part[j].of && pair(k, &part[i], &part[j], all))
                return;
}

void lint_condition(struct checker *k, const struct ast_expr *e, const struct ir_expr *t)
{
    if (lint_silent(k))
        return;
    if (e->kind == AST_BOOL && !k->acl) /* an acl may be a switch */
        diag_label(k->d,
                   diag_report(k->d, t->num ? DIAG_W0507 : DIAG_W0506, e->span, "this condition %s holds",
                               t->num ? "always" : "never"),
                   "a constant");
    lint_empty_header(k, e);
}

void lint_under(struct checker *k, struct span at, const struct ir_expr *around, const struct ir_expr *cond)
{
    struct lint_fact outer[LINT_FACTS], inner[LINT_FACTS];
    uint32_t n = lint_parts(around, false, outer, LINT_FACTS), m = lint_parts(cond, false, inner, LINT_FACTS);
    for (uint32_t i = 0; !lint_silent(k) && i < n && i < LINT_FACTS; i++)
        for (uint32_t j = 0; j < m && j < LINT_FACTS; j++) {
            if (!lint_excludes(outer[i], inner[j]))
                continue;
            struct diag *d = diag_report(k->d, DIAG_W0501, at, "this rule can never apply");
            diag_label(k->d, d, "never reached");
            diag_secondary(k->d, d, lint_expr_span(k, outer[i].e),
                           outer[i].no ? "here this does not hold" : "here this holds");
            diag_secondary(k->d, d, lint_expr_span(k, inner[j].e), "which excludes this");
            return;
        }
}
