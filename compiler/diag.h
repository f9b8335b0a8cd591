/* Diagnostics: errors and lints with places, notes and fixes. Passes report; nothing is printed until the
 * driver renders all of them, sorted by place. One mistake gives one message: an expression of error type
 * silences what would follow from it. */
#ifndef WEIR_DIAG_H
#define WEIR_DIAG_H

#include "compiler/source.h"
#include "runtime/base/buf.h"

/* DIAG(code, level, title) in grammar/diagnostics.def; enum names are DIAG_E0201 and so on. */
enum diag_code {
#define DIAG(code, level, title) DIAG_##code,
#include "grammar/diagnostics.def"
#undef DIAG
};

/* A run of bytes of a source. A `file` that is no source's means nowhere: such a message is shown without a place. */
struct span {
    uint32_t file, off, len;
};

enum diag_applicability { FIX_SAFE, FIX_MAYBE, FIX_PLACEHOLDER };

struct diag_label {
    struct span span;
    struct slice text;
};

struct diag {
    enum diag_code code;
    struct slice message;
    struct diag_label primary;
    VEC(struct diag_label) secondary; /* other places: "first declared here" */
    VEC(struct slice) notes, helps;
    bool has_fix;
    enum diag_applicability applicability;
    struct span fix_at;
    struct slice fix_text;
};

/* Lint `code` is silent within `span`. */
struct diag_allow {
    enum diag_code code;
    struct span span;
};

struct diags {
    struct arena *arena;
    struct sources *sources;
    VEC(struct diag *) list;
    uint32_t errors, warnings;
    VEC(struct diag_allow) allows; /* warnings that are not wanted */
};

/* Reports at `span`; the message is formatted. The result can be given labels, notes and a fix. */
struct diag *diag_report(struct diags *d, enum diag_code code, struct span span, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void diag_label(struct diags *d, struct diag *x, const char *fmt, ...) __attribute__((format(printf, 3, 4))); /* text at the primary caret */
void diag_secondary(struct diags *d, struct diag *x, struct span span, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void diag_note(struct diags *d, struct diag *x, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void diag_help(struct diags *d, struct diag *x, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void diag_fix(struct diag *x, enum diag_applicability how, struct span at, struct slice text);

/* The candidate nearest to `word` within a third of its length (Damerau-Levenshtein), or p == NULL. */
struct slice diag_nearest(struct slice word, const struct slice *candidates, uint32_t n);

/* From now on, warnings of `code` whose place is within `span` are not kept: diag_report() gives a message that nobody
 * will see. */
void diag_allow(struct diags *d, enum diag_code code, struct span span);

enum diag_format { DIAG_TEXT, DIAG_JSON };
/* Renders all, sorted by place, duplicates removed; as text at most 50 of a level, and how many more there are.
 * `color`: ANSI colours (text only). What comes out is printable UTF-8 whatever the sources hold. */
void diag_render(const struct diags *d, enum diag_format format, bool color, struct buf *out);

#endif
