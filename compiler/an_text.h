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
    TEXT_WILD,     /* lit and then one or more bytes: any where `deep`, else any but the separator */
    TEXT_DFA,
};

struct regex_automaton;

struct text_automaton {
    enum text_kind kind;
    struct slice lit;
    bool deep;
    char separator;
    bool until_query;     /* reads up to "?" alone */
    const uint8_t *bytes; /* 256: what stands for each byte (letters in one case); NULL: itself */
    const uint32_t *fail; /* CONTAINS, ENDS: lengths of borders (Knuth, Morris, Pratt) */
    const struct regex_automaton *dfa;
};

/* States that nothing that follows can leave. */
enum { TEXT_REFUSE = 0, TEXT_ACCEPT = 1 };

/* Fills in `fail`. `lit` must stay. */
void text_prepare(struct arena *a, struct text_automaton *t);
/* A DFA for a glob (separator not 0) or a regular expression. NULL where it would be too large. */
const struct regex_automaton *text_compile(struct arena *a, struct slice pattern, char separator);

uint32_t text_start(const struct text_automaton *t);
uint32_t text_step(const struct text_automaton *t, uint32_t state, unsigned char byte);
bool text_final(const struct text_automaton *t, uint32_t state);

/* A partition of the 256 bytes. */
struct text_classes {
    uint8_t of[256];
    uint16_t size[256];
    uint32_t n;
};

void text_classes_begin(struct text_classes *c);
/* Tells apart what `label` tells apart. */
void text_classes_split(struct text_classes *c, const uint8_t label[256]);
void text_classes_single(struct text_classes *c, unsigned char byte);
/* Tells apart the bytes that lead from `state` to different states (and perhaps more). */
void text_refine(const struct text_automaton *t, uint32_t state, struct text_classes *c);

/* What a field can be. */
struct text_domain {
    const struct regex_automaton *dfa;
    const uint8_t *toward;    /* by state: the first byte of a shortest rest that ends well */
    const uint32_t *distance; /* by state: its length; UINT32_MAX where there is none */
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
bool domain_final(const struct text_domain *d, uint32_t state);
void domain_refine(const struct text_domain *d, uint32_t state, struct text_classes *c);
bool domain_has(const struct text_domain *d, struct slice text);

/* Bytes from the one that reads best in an example to the one that reads worst. */
const uint8_t *text_preference(void);

#endif
