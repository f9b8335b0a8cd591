/* Why one rule does not decide: for a request, what in its condition fails, or which rule decided before; without
 * one, whether any request reaches it at all, which the analyser proves. For `weir explain --why-not`. */
#ifndef WEIR_EXPLAIN_WHYNOT_H
#define WEIR_EXPLAIN_WHYNOT_H

#include "compiler/analyze.h"
#include "compiler/explain.h"

struct whynot_rule {
    const struct ir_frontend *frontend;
    const struct ir_rule *rule;
    uint32_t number; /* over on_request and route */
};

/* Finds a rule by `edge.route[3]`, by the name that @name gives it (with or without "@"), or by FILE:LINE. `frontend`:
 * the one to look in, or NULL. False, with `why`. */
bool whynot_find(const struct ir_program *p, const char *frontend, const char *word, struct whynot_rule *out,
                 struct buf *why);

/* A line of the condition: a test, or the head of those that follow one deeper. */
struct whynot_line {
    uint32_t depth;
    enum { WHYNOT_TEST, WHYNOT_ALL, WHYNOT_ANY } kind;
    bool holds, lookup;
    struct slice test, got; /* TEST; got: what the request has, or empty */
};

struct whynot {
    const struct ir_program *p;
    struct whynot_rule of;
    bool asked; /* with a request: */
    struct explain e;
    bool holds, before;     /* its condition holds at its place; another rule decided before it */
    uint32_t fails, tests;  /* tests of the condition that have to hold and do not, of how many */
    uint32_t lines_more;
    VEC(struct whynot_line) lines;
    struct analyze_rule reach; /* without a request */
};

/* With a request: q->frontend is taken from the rule. False, with `why`, where the query is malformed. */
bool whynot_request(struct arena *a, const struct ir_program *p, const struct whynot_rule *of,
                    const struct explain_query *q, struct whynot *out, struct buf *why);
/* Without: may take `seconds`. */
void whynot_any(struct arena *a, const struct ir_program *p, const struct whynot_rule *of, double seconds,
                struct whynot *out);

/* The first line is the answer. */
void whynot_text(const struct whynot *w, struct buf *out);
/* One JSON object and a line end. */
void whynot_json(const struct whynot *w, struct buf *out);

#endif
