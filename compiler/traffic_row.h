/* Which row of a map a request was decided by. For traffic*.c alone. */
#ifndef WEIR_TRAFFIC_ROW_H
#define WEIR_TRAFFIC_ROW_H

#include "compiler/eval.h"
#include "runtime/base/strmap.h"

struct traffic_row_index; /* of one map */

struct traffic_rows {
    struct arena *a;
    VEC(struct traffic_row_index *) maps;
};

/* The row by which `rule` of `f`, which decided the request, took the backend; NULL where the rule uses no
 * map. */
const struct ir_row *traffic_row_of(struct traffic_rows *r, const struct ir_frontend *f,
                                    const struct ir_rule *rule, const struct eval_request *q);

#endif
