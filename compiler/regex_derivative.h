/* Matching regular expressions by derivatives: the evaluator's way, which shares no code with the automata of
 * regex_dfa.h. Slow and simple: time is subject times expression. */
#ifndef WEIR_REGEX_DERIVATIVE_H
#define WEIR_REGEX_DERIVATIVE_H

#include "compiler/regex.h"

/* Whether the expression matches anywhere in `subject` (see regex.h for `^` and `$`). Memory is taken from
 * the system for the duration of the call, and is bounded by the size of the expression whatever the subject.
 */
bool regex_derivative_matches(const struct regex_node *tree, struct slice subject);

/* The end of the longest match that begins at byte `from` of `subject`, or `from` where none there has a byte or more. */
size_t regex_derivative_longest(const struct regex_node *tree, struct slice subject, size_t from);

#endif
