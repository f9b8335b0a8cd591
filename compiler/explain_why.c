/* Why a rule does not apply; see explain.h. */
#include "compiler/explain.h"

#include "compiler/explain_part.h"

/* The first test that makes the part false. */
static struct explain_part failing_test(struct eval_state *s, struct explain_part x)
{
    for (bool found = true; found && explain_part_kind(&x) == EXPLAIN_ALL;) {
        found = false;
        for (uint32_t i = 0; i < x.e->nargs && !found; i++) {
            struct explain_part in = explain_part_in(&x, i);
            if (explain_part_holds(s, &in))
                continue;
            x = in;
            found = true;
        }
    }
    return x;
}

void explain_why(struct eval_state *s, const struct ir_rule *rule, struct buf *out)
{
    struct explain_part parts[2];
    struct buf values = {0};
    for (uint32_t i = 0, n = explain_parts_of(rule, parts); i < n; i++) {
        if (explain_part_holds(s, &parts[i]))
            continue;
        struct explain_part x = failing_test(s, parts[i]);
        explain_part_print(&x, out);
        buf_str(out, x.lookup ? " finds no row" : " is false");
        if (x.lookup || x.negated || x.e->op != IR_FIELD)
            explain_part_values(s, &x, &values);
        if (values.len)
            buf_printf(out, ": %.*s", SLICE_ARG(buf_view(&values)));
        break;
    }
    buf_free(&values);
}
