/* Requests that stand for what the analyser found, and what they show. A request is made as a client would
 * send it, and what happens to it is told by the evaluator, so that nothing is shown that was only derived.
 */
#ifndef WEIR_AN_WITNESS_H
#define WEIR_AN_WITNESS_H

#include "compiler/an_search.h"
#include "compiler/eval.h"

/* What a request must have. */
struct an_part {
    enum ir_field field;
    struct slice key;
    struct logic_value value;
};

struct an_sample {
    struct slice host;
    VEC(struct an_part) parts;
    VEC(const struct ir_expr *) opaque; /* conditions that the parts say nothing about */
};

/* The values that the search is at. */
struct an_sample an_sample_take(struct arena *a, const struct an_search *s);
/* The request that a client would send: GET, "/", from 192.0.2.1 and so on where nothing is asked for. */
struct eval_request an_request(struct arena *a, const struct an_sample *s);

/* What a request must show to be a witness. */
typedef bool an_confirm_fn(void *ctx, const struct eval_request *q);
/* Finds a request for the sample that `confirm` accepts; where the sample leaves conditions open, tries
 * values for the fields that they read. False where none was found. */
bool an_find_witness(struct arena *a, const struct an_sample *s, an_confirm_fn *confirm, void *ctx,
                     struct eval_request *out);

/* Whether two evaluations end differently: outcome, or changes of headers of a request that is forwarded. */
bool an_results_differ(const struct eval_result *x, const struct eval_result *y);

/* `GET http://a.example/x`, and its headers and address where they count: as arguments of `weir explain`. */
void an_request_text(const struct eval_request *q, struct buf *out);

#endif
