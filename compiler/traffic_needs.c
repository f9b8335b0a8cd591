/* What rules read; see traffic_needs.h. */
#include "compiler/traffic_needs.h"

enum { NAME_MAX_LEN = 256 };

static struct slice lower_name(struct slice name, char out[NAME_MAX_LEN])
{
    size_t n = name.len < NAME_MAX_LEN ? name.len : NAME_MAX_LEN;
    for (size_t i = 0; i < n; i++)
        out[i] = ascii_lower(name.p[i]);
    return (struct slice){out, n};
}

static void read_expr(struct arena *a, const struct ir_expr *e, struct traffic_needs *out)
{
    char name[NAME_MAX_LEN];
    if (!e)
        return;
    if (e->op == IR_FIELD) {
        out->field[e->field] = true;
        struct slice header = e->field == IR_FIELD_COOKIE   ? SLICE("cookie")
                              : e->field == IR_FIELD_HEADER || e->field == IR_FIELD_HEADERS
                                  ? lower_name(e->str, name)
                                  : SLICE("");
        if (slice_eq(header, SLICE("host")))
            out->field[IR_FIELD_HOST] = true;
        else if (header.len)
            strmap_put(&out->headers, a, arena_copy(a, header), 0, NULL);
    }
    for (uint32_t i = 0; i < e->nargs; i++)
        read_expr(a, e->args[i], out);
}

static void read_rules(struct arena *a, const struct ir_rule *r, uint32_t n, struct traffic_needs *out)
{
    for (uint32_t i = 0; i < n; i++) {
        read_expr(a, r[i].guard, out);
        read_expr(a, r[i].value, out);
        for (uint32_t k = 0; k < r[i].headers.n; k++)
            read_expr(a, r[i].headers.v[k].value, out);
        if (out->field[IR_FIELD_HOST] && !out->host_rule)
            out->host_rule = &r[i];
    }
}

void traffic_needs_add(struct arena *a, const struct ir_frontend *f, struct traffic_needs *out)
{
    read_rules(a, f->on_request.v, f->on_request.n, out);
    read_rules(a, f->route.v, f->route.n, out);
}

bool traffic_needs_header(const struct traffic_needs *n, struct slice name)
{
    char lower[NAME_MAX_LEN];
    return strmap_get(&n->headers, lower_name(name, lower)) != NULL;
}

bool traffic_reads_headers(const struct ir_expr *e)
{
    bool any = e->op == IR_FIELD && (e->field == IR_FIELD_HEADER || e->field == IR_FIELD_HEADERS ||
                                     e->field == IR_FIELD_COOKIE);
    for (uint32_t i = 0; i < e->nargs; i++)
        any |= traffic_reads_headers(e->args[i]);
    return any;
}
