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
    DIAG_CODES
};

enum diag_level { DIAG_ERROR, DIAG_WARNING, DIAG_SILENT };

/* The table of codes, by enum diag_code. */
struct diag_info {
    const char *code; /* "E0201" */
    enum diag_level level;
    const char *title;
};
extern const struct diag_info diag_infos[DIAG_CODES];

/* What was asked for on the command line; all zero: each code has its own level. Errors stay errors. */
struct diag_levels {
    uint8_t of[DIAG_CODES]; /* 0: not given, else 1 + enum diag_level; wins over deny_warnings */
    bool deny_warnings;
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

/* Bytes that a text replaces. */
struct diag_edit {
    struct span at;
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
    VEC(struct diag_edit) more_edits; /* further edits of the same fix: all of them or none */
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
    struct diag_levels levels; /* set before the first report */
    uint32_t errors, warnings;
    uint32_t denied; /* warnings that count as errors; passes go on as if they were warnings */
    VEC(struct diag_allow) allows; /* warnings that are not wanted */
};

bool diag_is_error(enum diag_code code);
/* Reports at `span`; the message is formatted. The result can be given labels, notes and a fix. */
struct diag *diag_report(struct diags *d, enum diag_code code, struct span span, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void diag_label(struct diags *d, struct diag *x, const char *fmt, ...) __attribute__((format(printf, 3, 4))); /* text at the primary caret */
void diag_secondary(struct diags *d, struct diag *x, struct span span, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void diag_note(struct diags *d, struct diag *x, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void diag_help(struct diags *d, struct diag *x, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void diag_fix(struct diag *x, enum diag_applicability how, struct span at, struct slice text);
/* One more edit of the fix that `x` has. */
void diag_fix_also(struct diags *d, struct diag *x, struct span at, struct slice text);

/* The code's level under d->levels. */
enum diag_level diag_level(const struct diags *d, enum diag_code code);
/* The code named `name` ("E0201", in any case), or -1. */
int diag_code_named(struct slice name);

/* The candidate nearest to `word` within a third of its length (Damerau-Levenshtein), or p == NULL. */
struct slice diag_nearest(struct slice word, const struct slice *candidates, uint32_t n);
/* The same; of several that are as near the first. `*sure`: it is the only one that a single slip makes `word` of. */
struct slice diag_nearest_sure(struct slice word, const struct slice *candidates, uint32_t n, bool *sure);

/* From now on, warnings of `code` whose place is within `span` are not kept: diag_report() gives a message that nobody
 * will see. */
void diag_allow(struct diags *d, enum diag_code code, struct span span);

enum diag_format { DIAG_TEXT, DIAG_JSON, DIAG_SARIF };

/* Appends a text of a message as printable UTF-8. */
void diag_put_text(struct buf *out, struct slice s);
/* All messages in the order of their places, each once; in the arena. Their fixes get the spaces that keep words apart. */
struct diag **diag_sorted(const struct diags *d, uint32_t *n);
/* Renders all as text or JSON, sorted by place, duplicates removed; as text at most 50 of a level, and of these
 * 20 warnings of one code, and how many more of which code there are.
 * `color`: ANSI colours (text only). What comes out is printable UTF-8 whatever the sources hold. */
void diag_render(const struct diags *d, enum diag_format format, bool color, struct buf *out);

#endif
