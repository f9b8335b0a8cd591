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
    struct slice method, target; /* origin-form, absolute-form, or "*" for OPTIONS */
    const struct eval_header *headers;
    uint32_t nheaders; /* Host among them */
    struct ip_addr client_ip, listener_ip;
    uint16_t client_port, listener_port; /* listener_port 0: eval_listener() says where the request arrives */
    bool tls;
    bool http10; /* HTTP/1.0, which needs no Host; else HTTP/1.1 */
};

/* Where a request for `port` arrives: the first `listen` of that port, else the first; 192.0.2.2, an address of nobody
 * (RFC 5737), where that is all addresses. */
void eval_listener(const struct ir_frontend *f, uint16_t port, struct ip_addr *ip, uint16_t *at);

/* req.id: outside of the proxy, requests have no name of their own. */
#define EVAL_ID SLICE("00000000000000000000000000000000")

enum eval_outcome { EVAL_USE, EVAL_REDIRECT, EVAL_REPLY, EVAL_BAD_REQUEST };

/* A header change that the rules made, in order; value is clean (norm_field_value). */
struct eval_edit {
    enum ir_action_kind kind; /* SET, ADD or DEL */
    struct slice name, value;
    const struct ir_rule *rule;
};

/* The value of an expression. */
struct eval_value {
    enum ir_kind kind;
    bool absent;
    union {
        bool truth;
        int64_t num;
        struct slice str; /* never p NULL where it is present */
        struct ip_addr ip;
        struct ip_prefix cidr;
        const struct ir_backend *backend;
        struct {
            const struct slice *v;
            uint32_t n;
        } list; /* of texts */
    };
};

/* A request in the middle of eval_run(). */
struct eval_state;

/* The value of an expression as the request is now; with eval_host() and eval_path(), for explain. */
struct eval_value eval_expr(struct eval_state *s, const struct ir_expr *e);
struct slice eval_host(const struct eval_state *s);
struct slice eval_path(const struct eval_state *s);
struct slice eval_uri(const struct eval_state *s);

/* Called for each rule in the order of evaluation, with whether it applied; before it acts. May be NULL. */
typedef void eval_trace_fn(void *ctx, struct eval_state *s, const struct ir_rule *rule, bool in_route,
                           bool applied);

struct eval_result {
    enum eval_outcome outcome; /* BAD_REQUEST: the target or its host are refused (400) */
    const char *refused;       /* BAD_REQUEST: why, for people */
    const struct ir_backend *backend;
    uint32_t status;
    struct slice value; /* Location (clean) or body; p NULL: default page */
    VEC(struct eval_edit) edits;
    VEC(struct eval_header) reply_headers;
    const struct ir_rule *rule; /* the one that decided */
    bool in_route;
};

/* Evaluates; memory comes from `a`. */
void eval_run(struct arena *a, const struct ir_frontend *f, const struct eval_request *q,
              eval_trace_fn *trace, void *ctx, struct eval_result *out);

#endif
