/* What the parts of the validation share. For validate*.c alone.
 *   validate.c        batches of rules within the budget
 *   validate_make.c   requests from conditions
 *   validate_open.c   which rules a request leaves open
 *   validate_hold.c   one request, decided by all three */
#ifndef WEIR_VALIDATE_STATE_H
#define WEIR_VALIDATE_STATE_H

#include "compiler/an_witness.h"
#include "compiler/eval_state.h"
#include "compiler/validate.h"

enum {
    VALIDATE_LARGE_SET = 64, /* rows: of a larger set, conditions are looked at with a few of its rows */
    VALIDATE_FEW_RULES = 64, /* of a frontend: all of them are open */
    VALIDATE_LOOSE = 64,     /* rules that need nothing that can be looked up, as many as each request meets */
};

/* A rule from which requests are made. */
struct validate_source {
    uint32_t rule;            /* number: over on_request, then route */
    const struct ir_row *row; /* of `use MAP[…]`: the row that decides; NULL: any */
};

struct validate_request {
    struct eval_request q;
    struct eval_state raw; /* as received */
    uint32_t source, from; /* number of the rule; which of the batch's sources it is */
    VEC(uint32_t) open;    /* numbers of rules, ascending when they were sorted */
};

/* Requests from some rules of one frontend. */
struct validate_batch {
    struct arena a;
    const struct ir_program *p;
    const struct ir_frontend *f;
    uint32_t nrules; /* of f */
    uint64_t seed, deadline_ns;
    VEC(struct validate_source) sources;
    VEC(struct validate_request) requests;
    VEC(uint32_t) always; /* rules that each request meets */
    bool partial;         /* there are more such rules, of which each meets some */
    VEC(uint32_t) loose;  /* partial: all of them */
};

static inline const struct ir_rule *validate_rule(const struct ir_frontend *f, uint32_t number)
{
    return number < f->on_request.n ? &f->on_request.v[number] : &f->route.v[number - f->on_request.n];
}

bool validate_is_over(const struct validate_batch *b);

/* Whether the request can be sent as it is, and what it is once normalised, by which nothing is decided yet. */
bool validate_receive(struct arena *a, const struct eval_request *q, struct eval_state *raw);

/* Fills b->requests, as many as there is time for. Returns how many of the sources were searched to the end. */
uint32_t validate_make(struct validate_batch *b);
/* Fills `always` and the requests' `open`. */
void validate_open(struct validate_batch *b);

/* The rules of the requests of a batch, as the analyser takes them. */
struct validate_form {
    struct logic l;
    struct an_rules rules;
    struct an_side side;
    const struct validate_batch *b;
    const struct ir_frontend *f;  /* of its rules alone */
    uint32_t *numbers, n;         /* which they are in the whole frontend */
    uint32_t *sources, nsources;  /* rules that requests were made from */
    uint32_t *items;      /* by place in `numbers`: where its items begin; n + 1 */
    bool none;            /* not made */
    /* of the request at hand */
    struct eval_state raw;
    struct logic_value *values;
    uint32_t *known, generation;
};

void validate_form_begin(struct validate_form *x, const struct validate_batch *b);
void validate_form_end(struct validate_form *x);

/* Decides the request. `wide`: over more rules than it leaves open. False: as in validate_tables(). */
bool validate_hold(struct validate_form *x, struct decider *d, struct validate_request *r, bool wide,
                   struct validate_report *report, struct buf *why, struct buf *doubt);

#endif
