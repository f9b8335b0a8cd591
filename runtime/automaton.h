/* Running the automata of a plan over a subject, in time linear in its length whatever the expression.
 *
 * Pieces are compared as texts (note [pieces] in abi.h). A DFA is one table look-up a byte. An NFA (where the DFA would be
 * too large) is simulated state set by state set: each byte costs at most its number of ops, and there is no
 * backtracking. */
#ifndef WEIR_AUTOMATON_H
#define WEIR_AUTOMATON_H

#include "runtime/abi.h"

/* True where the automaton at `at` accepts `s`. */
bool automaton_matches(const uint8_t *tables, uint32_t at, struct weir_str s);

/* The state in which the DFA at `at` ends, of a weir_union. */
uint32_t automaton_state(const uint8_t *tables, uint32_t at, struct weir_str s);

/* The longest match at every byte: longest[i] is how many bytes the one has that begins at byte i, 0 where there is none
 * of a byte or more, for i below s.len, which is at most UINT16_MAX. The automaton is an NFA of at most
 * WEIR_REPLACE_MAX ops. One pass from the end of the subject: time is its length times the number of ops. */
void automaton_longest(const uint8_t *tables, uint32_t at, struct weir_str s, uint16_t *longest);

#endif
