/* From facts to a decision: runs a frontend's program (weir_step) over the facts of one request. Pure:
 * reads the plan's tables and the facts, writes the facts' header slots (so that later rules see what
 * earlier ones wrote) and the result; no sockets, no clock, no allocation but the scratch.
 * Knows the ABI and base alone. */
#ifndef WEIR_ROUTE_H
#define WEIR_ROUTE_H

#include "runtime/abi.h"

/* A change to the forwarded head, in the order of execution. `value` is clean (norm_field_value). */
enum route_edit_op { ROUTE_EDIT_SET, ROUTE_EDIT_ADD, ROUTE_EDIT_DEL };
struct route_edit {
    enum route_edit_op op;
    struct weir_str name, value;
};

enum { ROUTE_EDITS_MAX = 64 };

struct route_plan {
    const uint8_t *tables;
    weir_pred_fn *pred;
    weir_value_fn *value;
};

struct route_result {
    /* What was decided: WEIR_USE (also for map lookups), WEIR_REDIRECT, WEIR_REPLY; `failed` overrules. */
    enum weir_action_kind kind;
    bool failed;              /* scratch or edits were used up: answer 500 */
    uint32_t backend;         /* USE: index in weir_tables.backends */
    uint32_t status;          /* REDIRECT, REPLY */
    struct weir_str value;    /* REDIRECT: Location (clean); REPLY: body, p NULL for the default page */
    const struct weir_action *action; /* REPLY: its headers, by route_reply_header() */
    /* Which rule decided. */
    uint32_t phase, rule;     /* 0 on request, 1 route; index within the phase */
    struct weir_place place;
    uint32_t nedits;
    struct route_edit edits[ROUTE_EDITS_MAX];
};

/* Decides. `frontend` indexes weir_tables.frontends. Always sets `*r`. */
void route_run(const struct route_plan *p, uint32_t frontend, struct weir_facts *f, struct route_result *r);

/* Name and value (clean) of header `i` of a REPLY; values are evaluated now, over the facts as they are. */
void route_reply_header(const struct route_plan *p, const struct weir_facts *f, const struct weir_action *a, uint32_t i,
                        struct weir_str *name, struct weir_str *value);

/* Checks that every offset reachable from the header lies within the blob and is aligned, and that every enum
 * is known, so that nothing later needs to. Returns NULL, or what is wrong. */
const char *route_tables_verify(const uint8_t *tables, size_t size);

/* The runtime's side of the calls from generated code. */
extern const struct weir_abi route_abi;

#endif
