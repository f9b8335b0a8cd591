/* Regular expressions: the first line of the input is the pattern, the rest the subject. What parses must be
 * decided alike by derivatives, by the automaton, and by pieces. */
#include <stdlib.h>

#include "compiler/pattern.h"
#include "compiler/regex_derivative.h"
#include "runtime/automaton.h"

enum { PATTERN_MAX = 120, SUBJECT_MAX = 200 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
    struct slice pattern = {(const char *)data, end ? (size_t)(end - data) : size};
    struct slice subject = slice_from((struct slice){(const char *)data, size}, pattern.len + (end != NULL));
    struct arena a = {0};
    struct buf tables = {0};
    struct blob blob = {.a = &a, .out = &tables};
    struct regex_automaton m;
    uint32_t off;
    const char *err;
    const struct regex_node *tree = NULL;
    if (pattern.len <= PATTERN_MAX && subject.len <= SUBJECT_MAX)
        tree = regex_parse(&a, pattern, &off, &err);
    if (tree && !regex_dfa_build(&a, pattern, 0, true, &m)) {
        blob_add(&blob, NULL, 16, 8);
        uint32_t at = regex_dfa_write(&m, &blob);
        struct weir_str s = {subject.p, (uint32_t)subject.len};
        if (automaton_matches((const uint8_t *)tables.p, at, s) != regex_derivative_matches(tree, subject))
            abort();
        struct patterns p = {.a = &a, .blob = &blob};
        const char *limit;
        at = pattern_write(&p, pattern, 0, &limit);
        if (!at || automaton_matches((const uint8_t *)tables.p, at, s) != regex_derivative_matches(tree, subject))
            abort();
    }
    buf_free(&tables);
    arena_free(&a);
    return 0;
}
