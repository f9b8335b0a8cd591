/* The long explanations of messages: grammar/explanations/CODE.txt, carried in `weir`.
 *
 * A file is prose in paragraphs, with sections between: a line `wrong:` or `right:`, or `wrong in PLACE:`, and below
 * it an example, indented by two. `file NAME:` below an example is another file of it. PLACE is one of
 * EXPLAIN_PLACES: the example is then a part of a program, as tests/unit/explain_code_test.c completes it; without
 * one it is a whole file but for `language 1`, which is added where no `language` is there. */
#ifndef WEIR_EXPLAIN_CODE_H
#define WEIR_EXPLAIN_CODE_H

#include "compiler/diag.h"

#define EXPLAIN_PLACES(X) X(backend) X(frontend) X(request) X(route)

enum code_part_kind { CODE_PROSE, CODE_WRONG, CODE_RIGHT, CODE_FILE };

struct code_part {
    enum code_part_kind kind;
    struct slice name; /* WRONG and RIGHT: the place, or empty; FILE: its name */
    struct slice text; /* as in the file */
};

/* What is written about `code`; p NULL where nothing is. */
struct slice explain_code_source(enum diag_code code);
/* Takes the next part off the front of `rest`; false at its end. */
bool explain_code_part(struct slice *rest, struct code_part *out);
/* The first paragraph about `code`, on one line; empty where nothing is written. In the arena. */
struct slice explain_code_summary(struct arena *a, enum diag_code code);
/* All of it for people. */
void explain_code(enum diag_code code, struct buf *out);
/* A line for each code. */
void explain_code_list(struct buf *out);
/* Whether `word` has the form of a code: a letter and four digits. */
bool explain_code_form(const char *word);

#endif
