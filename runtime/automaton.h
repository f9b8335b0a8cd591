/* Running the automata of a plan over a subject, in time linear in its length whatever the expression.
 *
 * A DFA is one table look-up a byte. An NFA (where the DFA would be too large) is simulated state set by state set:
 * each byte costs at most its number of ops, and there is no backtracking. */
#ifndef WEIR_AUTOMATON_H
#define WEIR_AUTOMATON_H

#include "runtime/abi.h"

/* True where the automaton at `at` accepts `s`. */
bool automaton_matches(const uint8_t *tables, uint32_t at, struct weir_str s);

#endif
