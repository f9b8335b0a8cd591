/* What the rules of a program read of a request. For traffic*.c alone. */
#ifndef WEIR_TRAFFIC_NEEDS_H
#define WEIR_TRAFFIC_NEEDS_H

#include "compiler/ir.h"
#include "runtime/base/strmap.h"

struct traffic_needs {
    bool field[IR_FIELD_COUNT];
    struct strmap headers;           /* names in lower case; `cookie` where a cookie is read */
    const struct ir_rule *host_rule; /* the first that reads the host */
};

/* Adds what the rules of `f` read. */
void traffic_needs_add(struct arena *a, const struct ir_frontend *f, struct traffic_needs *out);
bool traffic_needs_header(const struct traffic_needs *n, struct slice name);
/* Whether the expression reads a header of the request. */
bool traffic_reads_headers(const struct ir_expr *e);

#endif
