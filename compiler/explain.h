/* What happens to one request and why, told by the evaluator: for `weir explain`. explain.c evaluates,
 * explain_why.c says why a rule did not apply, explain_near.c which rules came near to deciding, explain_render.c
 * writes. Output is bounded whatever the number of rules, unless all are asked for. */
#ifndef WEIR_EXPLAIN_H
#define WEIR_EXPLAIN_H

#include "compiler/eval.h"
#include "runtime/base/buf.h"

enum {
    EXPLAIN_ALL_SHOWN = 20, /* rules that did not apply: so many are all shown; of more, the near misses alone, unless
                               all are asked for */
    EXPLAIN_NEAR = 10,      /* near misses */
};

/* What the user asks. */
struct explain_query {
    struct slice request;       /* METHOD URL, or URL alone for GET */
    const char *const *headers; /* "Name: value" */
    uint32_t nheaders;
    const char *from;     /* ADDRESS or ADDRESS:PORT; NULL: 192.0.2.1, an address of nobody (RFC 5737) */
    const char *listener; /* the same, where the request arrives; NULL: as eval_listener() says */
    bool http10;          /* the client speaks HTTP/1.0 */
    const char *frontend; /* NULL: the one whose port the URL names, else the first */
    const char *random;   /* a percent: what is drawn for it; NULL: 50% */
    bool all;             /* every rule that did not apply, not the near misses alone */
};

/* A rule that did not apply. */
struct explain_rule {
    const struct ir_rule *rule;
    struct slice why;
};

/* A rule that one test alone kept from applying. */
struct explain_miss {
    const struct ir_rule *rule;
    bool lookup;       /* `test` is that of `use MAP[KEY]`: it found no row */
    struct slice test; /* as in the configuration: `path under "/admin"` */
    struct slice got;  /* what the request has there: `path is "/adm"`; may be empty */
};

struct explain {
    struct arena *a;
    const struct ir_program *p;
    const struct ir_frontend *frontend;
    struct slice frontend_note; /* how it was chosen */
    struct eval_request request;
    struct slice host, path, uri; /* normalised; p NULL where the request is refused */
    struct eval_result result;
    bool draws;                     /* what is drawn is of some use to the frontend */
    uint32_t passed_over;           /* rules that did not apply before one decided */
    VEC(struct explain_rule) rules; /* all of them in order, or none; see EXPLAIN_ALL_SHOWN */
    uint32_t misses;                /* of them, those that one test alone kept from applying */
    VEC(struct explain_miss) near;  /* the nearest of these first */
};

/* Evaluates. False, with `why`, where the query itself is malformed. Everything lives in the arena; `p` must
 * have a frontend. */
bool explain_run(struct arena *a, const struct ir_program *p, const struct explain_query *q,
                 struct explain *out, struct buf *why);

/* Why `rule` does not apply to the request as it is: the first part of its condition that is false, with the
 * values in it. */
void explain_why(struct eval_state *s, const struct ir_rule *rule, struct buf *out);

/* The first line is the outcome alone: `use app`, `redirect 301 URL`, `reply 404`. */
void explain_text(const struct explain *e, struct buf *out);
/* One JSON object and a line end. */
void explain_json(const struct explain *e, struct buf *out);

#endif
