/* Conditions for the exact analyser: formulas over typed atoms, hash-consed, so that equal formulas have one
 * number. An atom is about one variable (a field of the request, or an expression that the analyser does not
 * look into); texts are regular languages, whose atoms carry the state of an automaton that is in the middle
 * of the text. Formulas simplify as they are made; replacing atoms by what is known about their variable is
 * all that deciding needs.
 *
 * Everything is the logic's own memory; formulas, atoms and variables are indices. */
#ifndef WEIR_AN_LOGIC_H
#define WEIR_AN_LOGIC_H

#include "compiler/an_text.h"
#include "compiler/ir.h"
#include "runtime/base/strmap.h"

enum { LOGIC_FALSE = 0, LOGIC_TRUE = 1 };

enum logic_kind { LOGIC_CONST, LOGIC_ATOM, LOGIC_NOT, LOGIC_AND, LOGIC_OR };

struct logic_node {
    enum logic_kind kind;
    uint32_t n;           /* kids of NOT, AND, OR: sorted, without duplicates */
    uint32_t atom, state; /* ATOM; state: of the automaton of a TEXT atom, else 0 */
    uint32_t *kids;
    uint64_t vars; /* bit logic_bit(v) for each variable in it */
};

enum atom_kind {
    ATOM_TRUE,    /* of a BOOL or OPAQUE variable */
    ATOM_PRESENT, /* the variable has a value */
    ATOM_EXACT,   /* the text is one of a finite set */
    ATOM_TEXT,    /* the text is in a regular language */
    ATOM_INT,     /* the number is in one of the intervals */
    ATOM_IP,      /* the address is in one of the intervals */
};

struct exact_set {
    struct slice *v; /* distinct */
    uint32_t n;
    struct strmap index; /* of their positions, where there are several */
};

static inline bool exact_has(const struct exact_set *s, struct slice text)
{
    return s->n == 1 ? slice_eq(s->v[0], text) : strmap_get(&s->index, text) != NULL;
}

struct int_interval {
    int64_t lo, hi;
};

struct ip_interval {
    struct ip_addr lo, hi;
};

struct atom {
    enum atom_kind kind;
    uint32_t var, n; /* n: of intervals, in order and apart from each other */
    union {
        const struct exact_set *exact;
        const struct text_automaton *text;
        const struct int_interval *ints;
        const struct ip_interval *ips;
    };
    uint32_t *nodes; /* by state: the formula, where it was made; 0: it was not */
};

enum variable_kind { VAR_TEXT, VAR_INT, VAR_IP, VAR_BOOL, VAR_OPAQUE };

/* The first variables are always these, which is also the order in which the search decides them. */
enum { VAR_HOST, VAR_PATH, VAR_METHOD, VAR_CLIENT_IP, VAR_CLIENT_PORT, VAR_TLS, VAR_RANDOM, VAR_FIRST_OTHER };

struct variable {
    enum variable_kind kind;
    enum ir_field field; /* but for OPAQUE */
    struct slice key;    /* of keyed fields */
    bool optional;
    enum text_domain_kind domain_kind; /* TEXT */
    const struct text_domain *domain;  /* made when it is asked for: logic_domain() */
    bool domain_asked;
    const struct ir_expr *expr;       /* OPAQUE */
};

/* A value of a variable. */
struct logic_value {
    bool absent, truth;
    struct slice text;
    int64_t num;
    struct ip_addr ip;
};

struct logic {
    struct arena a;
    VEC(struct logic_node) nodes; /* in storage of its own */
    uint32_t *slots; /* of the hash table over nodes: index, 0 where empty */
    uint32_t nslots;
    VEC(struct atom) atoms;
    VEC(struct variable) vars;
    struct strmap atom_index, var_index;
    bool reversed_host; /* texts of VAR_HOST are read from their end */
    bool uri;           /* VAR_PATH holds req.uri, of which the path is what stands before "?" */
    struct {
        uint64_t key;
        uint32_t value;
    } * memo; /* of stepping: formula, variable, byte */
    uint32_t nmemo, memo_used;
    uint32_t *stamp, *stamped, stamp_cap, generation;
    VEC(uint32_t) work, flat;
};

enum { LOGIC_NODES_MAX = 3 << 20 };

static inline size_t logic_memory(const struct logic *l)
{
    return l->a.total + l->nodes.cap * sizeof *l->nodes.v + l->nslots * sizeof *l->slots +
           l->nmemo * sizeof *l->memo + l->stamp_cap * 2 * sizeof *l->stamp;
}

static inline uint64_t logic_bit(uint32_t var)
{
    return 1ull << (var < 63 ? var : 63);
}

/* What a TEXT variable can be. NULL where an automaton of it would be too large. */
const struct text_domain *logic_domain(struct logic *l, uint32_t var);

void logic_begin(struct logic *l);
void logic_end(struct logic *l);

uint32_t logic_atom(struct logic *l, uint32_t atom, uint32_t state);
uint32_t logic_not(struct logic *l, uint32_t f);
/* `v` is read before anything is written, so it may lie in l->work. */
uint32_t logic_junction(struct logic *l, enum logic_kind kind, const uint32_t *v, uint32_t n);
uint32_t logic_and(struct logic *l, uint32_t x, uint32_t y);
uint32_t logic_or(struct logic *l, uint32_t x, uint32_t y);

/* The atom with this content, whose identity is `key`. */
uint32_t logic_intern_atom(struct logic *l, const struct atom *atom, struct slice key);

/* Changes of formulas. What a change makes of each formula is remembered for the round, so all of a round must be the
 * same change of one variable: */
void logic_new_round(struct logic *l);
/* `f` where `var` has the value. */
uint32_t logic_assign(struct logic *l, uint32_t f, uint32_t var, const struct logic_value *value);
/* `f` where the text `var` is present and none of the exact texts that atoms name. */
uint32_t logic_inexact(struct logic *l, uint32_t f, uint32_t var);
/* After logic_inexact(): what of `f` remains to hold after these bytes of the text; where the text ends. */
uint32_t logic_step(struct logic *l, uint32_t f, uint32_t var, struct slice bytes);
uint32_t logic_finish(struct logic *l, uint32_t f, uint32_t var);
/* `f` where what is still to be read passes all tests of the text, or none. */
uint32_t logic_decide(struct logic *l, uint32_t f, uint32_t var, bool pass);

/* Calls `fn` for the atoms about `var` in `f`, each node once a round. */
void logic_visit(struct logic *l, uint32_t f, uint32_t var,
                 void (*fn)(void *ctx, const struct atom *atom, uint32_t state), void *ctx);
/* The least variable in `f`, or UINT32_MAX. */
uint32_t logic_least_var(const struct logic *l, uint32_t f);

#endif
