/* What the parts of the evaluator share: eval.c (requests and rules), eval_expr.c (expressions), eval_match.c
 * (keys, patterns), eval_convert.c (converters). For them, and for lints that hold constants against tests (lint_facts.c). */
#ifndef WEIR_EVAL_STATE_H
#define WEIR_EVAL_STATE_H

#include "compiler/eval.h"

/* A header that a rule changed: what later rules see. */
struct eval_changed {
    struct slice name;
    struct slice value;      /* p NULL: deleted */
    VEC(struct slice) lines; /* what `value` is made of */
};

/* What a large set had for a key: the rules of a program may ask it again and again. */
struct eval_found {
    const struct ir_set *set;
    struct eval_value key;
    const struct ir_row *row;
};

enum { EVAL_LARGE_SET = 1000, EVAL_FOUND = 8 };

struct eval_state {
    struct arena *a;
    const struct eval_request *request;
    struct slice host, path, uri, raw_path;
    struct ip_addr listener_ip;
    uint16_t listener_port;
    struct slice query;     /* as received, without "?"; p NULL: none */
    struct slice authority; /* of an absolute-form target, else p NULL: what the header Host says */
    VEC(struct eval_changed) changed;
    struct eval_found found[EVAL_FOUND]; /* the last ones, in turn */
    uint32_t nfound;
};

/* The value of a header as later rules see it; p NULL: absent. Names compare without case. */
struct slice eval_header_get(struct eval_state *s, struct slice name);

/* The lines of a header as later rules see them: none where it is absent. */
struct eval_value eval_header_lines(struct eval_state *s, struct slice name);

/* What a converter (an operator from LENGTH on, in ops.def) makes of its operands, which are present. */
struct eval_value eval_convert(struct arena *a, const struct ir_expr *e, const struct eval_value *args);

/* The row of `set` that `key` (present) finds, or NULL; a map's default is not considered. */
const struct ir_row *eval_set_find(const struct ir_set *set, const struct eval_value *key);

/* A glob against a whole text: `*` is one or more bytes but `separator`, `**` one or more of any. */
bool eval_glob(struct slice glob, struct slice text, char separator);
/* Segment prefix. */
bool eval_under(struct slice path, struct slice prefix);
bool eval_regex(struct slice regex, struct slice text);

#endif
