/* Regular languages of texts for the analyser: automata that are read byte by byte, most of them without
 * tables, and the domains of fields: what the normaliser lets through. */
#ifndef WEIR_AN_TEXT_H
#define WEIR_AN_TEXT_H

#include "runtime/base/arena.h"

enum text_kind {
    TEXT_EQUAL,    /* is lit */
    TEXT_PREFIX,   /* begins with lit */
    TEXT_UNDER,    /* is lit, or begins with lit and "/" */
    TEXT_CONTAINS, /* lit stands in it */
    TEXT_ENDS,     /* ends with lit */
    TEXT_GLOB,     /* lit, whose stars stand for one or more bytes but the separator, which follows each; of the
                    * last, which may end the text, for any bytes where `deep` */
    TEXT_DFA,
};

struct regex_automaton;

enum { TEXT_FEW = 3 };

/* Which bytes lead from a state where most others do not. */
struct text_row {
    uint32_t n;           /* of `bytes`, each of which may lead somewhere else; with `label` none */
    uint8_t bytes[TEXT_FEW];
    const uint8_t *label; /* 256: equal where the bytes lead to the same state */
    bool refuses;         /* the others lead to TEXT_REFUSE */
};

struct text_automaton {
    enum text_kind kind;
    struct slice lit;
    bool deep;
    char separator;
    bool until_query;     /* reads up to "?" alone */
    struct slice suffix;  /* stands behind the text, and is read after it */
    const uint8_t *bytes; /* 256: what stands for each byte (letters in one case); NULL: itself */
    const uint32_t *fail; /* CONTAINS, ENDS: lengths of borders (Knuth, Morris, Pratt) */
    const struct regex_automaton *dfa;
    const int16_t *only; /* by class of the DFA: its byte, or -1 where it has several */
    uint32_t nstates;
    struct arena *a;        /* of the rows */
    struct text_row **rows; /* by state, made when they are needed */
};

/* States that nothing that follows can leave. */
enum { TEXT_REFUSE = 0, TEXT_ACCEPT = 1 };

/* Fills in what is made of the rest. `lit` and the arena must stay. */
void text_prepare(struct arena *a, struct text_automaton *t);
/* Whether TEXT_GLOB reads the glob, without its last star where that is deep: others need a DFA. */
bool text_is_glob(struct slice pattern, char separator);
/* A DFA for a glob (separator not 0) or a regular expression. NULL where it would be too large. */
const struct regex_automaton *text_compile(struct arena *a, struct slice pattern, char separator);

uint32_t text_start(const struct text_automaton *t);
uint32_t text_step(const struct text_automaton *t, uint32_t state, unsigned char byte);
bool text_final(const struct text_automaton *t, uint32_t state);

/* Where all bytes but a few lead to TEXT_REFUSE: how many those are, and which. Else -1. */
int text_narrow(const struct text_automaton *t, uint32_t state, uint8_t bytes[TEXT_FEW]);
/* The bytes that must follow at `state`, each the only one that does not lead to TEXT_REFUSE, `max` at most. */
size_t text_forced(const struct text_automaton *t, uint32_t state, char *out, size_t max);

/* A partition of the 256 bytes. */
struct text_classes {
    uint8_t of[256];
    uint16_t size[256];
    uint32_t n;
    bool simple;        /* class 0 and classes of one byte each, which are `singles` */
    uint8_t singles[256];
    uint32_t nsingles;
};

void text_classes_begin(struct text_classes *c);
/* Tells apart what `label` tells apart. */
void text_classes_split(struct text_classes *c, const uint8_t label[256]);
void text_classes_single(struct text_classes *c, unsigned char byte);
/* Tells apart the bytes that lead from `state` to different states (and perhaps more). */
void text_refine(const struct text_automaton *t, uint32_t state, struct text_classes *c);

/* A set of states of a domain. */
struct text_states {
    uint64_t bits[4];
};

static inline void text_states_add(struct text_states *s, uint32_t state)
{
    s->bits[state / 64] |= 1ull << state % 64;
}

static inline bool text_states_has(const struct text_states *s, uint32_t state)
{
    return s->bits[state / 64] >> state % 64 & 1;
}

static inline bool text_states_meet(const struct text_states *x, const struct text_states *y)
{
    return ((x->bits[0] & y->bits[0]) | (x->bits[1] & y->bits[1]) | (x->bits[2] & y->bits[2]) |
            (x->bits[3] & y->bits[3])) != 0;
}

/* What a field can be. */
struct text_domain {
    const struct regex_automaton *dfa;
    const uint8_t *toward;    /* by state: the first byte of a shortest rest that ends well */
    const uint8_t *bytes;     /* 256: those that all states take for the same stand together, best to read first */
    const uint32_t *distance; /* by state: its length; UINT32_MAX where there is none */
    const struct text_states *wider; /* by state: the states from which the same texts and perhaps more end well;
                                      * NULL where there are too many states */
};

enum text_domain_kind {
    DOMAIN_HOST,
    DOMAIN_HOST_REVERSED,
    DOMAIN_PATH,
    DOMAIN_URI,
    DOMAIN_METHOD,
    DOMAIN_HEADER,
    DOMAIN_COOKIE,
    DOMAIN_ANY,
    DOMAIN_COUNT
};

const struct text_domain *text_domain(struct arena *a, enum text_domain_kind kind);
uint32_t domain_start(const struct text_domain *d);
uint32_t domain_step(const struct text_domain *d, uint32_t state, unsigned char byte);
/* Equal where all states take the bytes for the same. */
uint8_t domain_class(const struct text_domain *d, uint8_t byte);
bool domain_final(const struct text_domain *d, uint32_t state);
bool domain_has(const struct text_domain *d, struct slice text);

/* Bytes from the one that reads best in an example to the one that reads worst. */
const uint8_t *text_preference(void);

#endif
