/* The meaning of a program, stated naively: evaluates a request over the typed IR, rule by rule. This is the
 * oracle that the compiled plan is held against, so it shares nothing with the lowering: it must not
 * include rows.h, layout.h or the ABI, and it matches regular expressions by derivatives. */
#ifndef WEIR_EVAL_H
#define WEIR_EVAL_H

#include "compiler/ir.h"

struct eval_header {
    struct slice name, value;
};

/* A request as received, before normalisation. */
struct eval_request {
    struct slice method, target; /* origin-form or absolute-form */
    const struct eval_header *headers;
    uint32_t nheaders;           /* Host among them */
    struct ip_addr client_ip;
    uint16_t client_port;
    bool tls;
};

enum eval_outcome { EVAL_USE, EVAL_REDIRECT, EVAL_REPLY, EVAL_BAD_REQUEST };

/* A header change that the rules made, in order; value is clean (norm_field_value). */
struct eval_edit {
    enum ir_action_kind kind; /* SET, ADD or DEL */
    struct slice name, value;
};

/* Called for each rule in the order of evaluation, with whether it applied. May be NULL. */
typedef void eval_trace_fn(void *ctx, const struct ir_rule *rule, bool in_route, bool applied);

struct eval_result {
    enum eval_outcome outcome; /* BAD_REQUEST: the normaliser refused host or target (400) */
    const struct ir_backend *backend;
    uint32_t status;
    struct slice value;        /* Location (clean) or body; p NULL: default page */
    VEC(struct eval_edit) edits;
    VEC(struct eval_header) reply_headers;
    const struct ir_rule *rule; /* the one that decided */
    bool in_route;
};

/* Evaluates; memory comes from `a`. */
void eval_run(struct arena *a, const struct ir_program *p, const struct ir_frontend *f, const struct eval_request *q,
              eval_trace_fn *trace, void *ctx, struct eval_result *out);

/* The value of an expression for the state of a request in the middle of eval_run(): used by explain to say why a
 * guard did not hold. Opaque. */
struct eval_state;

#endif
