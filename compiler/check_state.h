/* What the files of the checker share: modules, declarations, the state of one check, and the functions that
 * one file offers the others. Private to compiler/check*.c.
 *
 * Passes, in the order of check_file(): modules are read and parsed (check_modules.c); their names are
 * declared (check_names.c); then bodies become IR: objects (check_objects.c), sets (check_sets.c,
 * check_rows.c), splits (check_split.c), frontends (check_frontend.c, check_rules.c), tests (check_testing.c, check_expect.c), with
 * expressions wherever they stand
 * (check_expr.c, check_fields.c, check_convert.c, check_tests.c, check_text.c). Lints (lint.h) run along, and at
 * the end. An expression that was reported has TYPE_ERROR and silences what follows from it. */
#ifndef WEIR_CHECK_STATE_H
#define WEIR_CHECK_STATE_H

#include "compiler/ast.h"
#include "compiler/check.h"
#include "compiler/schema.h"
#include "compiler/testing.h"
#include "runtime/base/strmap.h"

enum type_id {
#define TYPE(id, text, use, doc) TYPE_##id,
#include "grammar/types.def"
#undef TYPE
    TYPE_COUNT
};

enum phase {
#define PHASE(id, word, name, tcp, later) PHASE_##id,
#include "grammar/phases.def"
#undef PHASE
    PHASE_COUNT,
    PHASE_ANY = PHASE_COUNT /* of a condition that is not used yet */
};

enum statement_id {
    STATEMENT_NONE, /* unknown: reported */
#define STATEMENT(id, word, contexts, min, max, parts, usage, doc) STATEMENT_##id,
#include "grammar/statements.def"
    STATEMENT_COUNT
};

enum setting_id {
#define SETTING(id, statement, word, contexts, type, fallback, min, max, doc) SETTING_##id,
#include "grammar/settings.def"
#undef SETTING
    SETTING_COUNT
};

/* Settings as written in one place; `at.len` 0: not given. */
struct settings {
    struct {
        int64_t value;
        struct span at;
    } v[SETTING_COUNT];
    struct decl *check;
    struct span check_at;
};

enum decl_kind {
    DECL_LET,
    DECL_ACL,
    DECL_MAP,
    DECL_LIST,
    DECL_CHECK,
    DECL_BACKEND,
    DECL_FRONTEND,
    DECL_MODULE,
    DECL_TLS,
    DECL_LIMIT,
    DECL_TABLE,
    DECL_ERRORS,
    DECL_LOG,
    DECL_RESOLVER,
    DECL_PEERS,
    DECL_EXTERN,
    DECL_TEMPLATE,
    DECL_SPLIT,
};
/* The field that makes a condition need a phase. */
struct need {
    enum phase from;
    bool http; /* a request, not only a connection */
    struct span at;
    struct slice http_text, text;
    struct span http_at;
};

enum { DECL_SETS = 12 }; /* no fewer than there are kinds of keys */

/* What a backend or frontend was made of besides its own block. */
struct expansion {
    const struct decl *template;
    struct span at; /* where it is named */
    const struct expansion *next;
};

/* A declared name. */
struct decl {
    enum decl_kind kind;
    enum { DECL_NEW, DECL_BUSY, DECL_DONE } state; /* BUSY: its value is being looked at; to find circles */
    bool used;
    bool needed;     /* used by what is not inert */
    bool tcp;        /* BACKEND, FRONTEND: of connections, not of requests */
    uint32_t symbol; /* in the index of names, where one is made */
    struct slice name;
    struct span at;
    struct ast_stmt *stmt;
    struct module *module;
    uint64_t size;                  /* ACL: of its condition, acls within it written out */
    uint32_t depth;                 /* ACL: of acls within it */
    struct need need;               /* ACL: the phase that it needs */
    struct slice to_come;           /* ACL of an imported file: what this version does not do; p NULL: nothing */
    const struct ast_expr *literal; /* LET: what it stands for, once known */
    /* With parameters: whether they were looked at, and are sound. */
    enum { PARAMS_NEW, PARAMS_GOOD, PARAMS_BAD } params;
    const struct expansion *expansions; /* BACKEND, FRONTEND, CHECK: made of these templates */
    struct decl *twin;                  /* of a `proxy`: the frontend of its backend */
    bool lacking;                       /* a template that it extends was reported: it may lack what that has */
    union {
        struct ir_expr *acl;            /* NULL: reported */
        struct ir_set *sets[DECL_SETS]; /* LET of a list: by kind of key, made when first asked for */
        struct {
            struct ir_set *set;
            enum type_id value_type; /* of a map; ERROR: its head was reported */
            bool broken, listed;     /* listed: in ir_program.sets */
            bool tcp;                /* its values are TCP backends */
        } rows;                      /* MAP, LIST, SPLIT */
        struct ir_check *check;
        struct ir_backend *backend;
        struct ir_frontend *frontend;
        struct module *target;
        enum context use; /* TEMPLATE: where its statements stand, such as IN_BACKEND; 0: reported */
    };
};

/* Calls and templates that are being expanded, from the inside out. */
struct frame {
    const struct decl *d;
    const struct frame *outer;
};

/* One .weir file. */
struct module {
    struct source *source;
    struct ast_file *ast; /* NULL: being read */
    struct slice path;    /* below the root; "": the file that was asked for */
    struct slice folder;  /* what data files are relative to, as a prefix: "" or "dir/" */
    struct slice prefix;  /* of names outside messages: "" or "lib." */
    struct decl *as;      /* the import that named it first */
    struct span imported_at;
    VEC(struct decl *) decls;
    struct strmap names; /* index in decls */
    struct settings defaults;
};

/* Limits that keep every later pass small and shallow. */
enum {
    ACL_DEPTH_MAX = 50,     /* acls within acls; constants within constants likewise */
    WHEN_DEPTH_MAX = 100,   /* of one `when` with its `else when`, and of those within */
    CONDITION_MAX = 20000,  /* parts of an acl, written out */
    REPEATED_MAX = 10000000, /* parts of acls and `when`, written out in all rules that have them */
    MODULES_MAX = 1000,
    EXPANSION_MAX = 2000000, /* parts of all templates and calls, written out */
    CALL_PARTS = 10,         /* what a call or a use of a template counts for itself */
    HEIGHT_MAX = 2000,       /* of expressions within calls within arguments … */
};

struct claim {
    struct span at;
    struct slice frontend;
};

struct checker {
    struct compilation *c;
    struct arena *a;
    struct diags *d;
    struct ir_program *p;
    struct slice root;            /* folder of the file that was asked for, as a prefix */
    VEC(struct module *) modules; /* in the order of being read */
    struct module *m;             /* whose names count now */
    /* Conditions share parts, and are written out where they are used: their size is counted as if they were.
     * size: of what is being made, of which `repeated` is written elsewhere; total: what is, of all rules; depth: of acls
     * within acls, level: of those being looked at. */
    uint64_t size, repeated, total;
    uint32_t depth, level;
    bool too_deep;          /* reported once */
    bool circle;            /* a constant that is being looked at was met again */
    bool too_large;         /* EXPANSION_MAX, the same */
    const struct decl *acl; /* the condition that is being looked at, or NULL */
    struct strmap unknown;  /* names that were reported as not declared: to index in unknown_told */
    VEC(struct diag *) unknown_told;
    bool incomplete;        /* there were syntax errors: what seems to be missing may be there */
    bool partial;           /* a template by itself is being looked at: it need not be complete */
    uint64_t expanded;      /* parts written out so far: to EXPANSION_MAX, reported once */
    uint32_t height;        /* to HEIGHT_MAX */
    const struct frame *frame;
    VEC(struct decl *) instances; /* checks made of templates */
    struct strmap instance_names; /* index in instances */
    /* In what has no effect by itself: a template of an imported file, or another declaration of it that this version does
     * not do. What is E0900 there is reported where it is used. */
    uint32_t inert;
    struct slice left_out; /* the first that was not reported for that */
    /* Within a statement that this version does not do, what it is made of is not reported as E0900 again. */
    uint32_t later;
    bool tight; /* the condition that is being checked is an operand of `or` or `not`: `x and` before it needs parentheses */
    const struct ast_expr *undone; /* the operand of `not`: where it is `x != y`, the two cancel out */
    enum phase phase;         /* whose fields are there */
    bool tcp;                 /* in a TCP frontend or backend */
    bool hello;               /* a TCP frontend that reads TLS hellos */
    bool rows_lost;           /* a row of a map or list was reported, and is left out */
    bool rules_lost;          /* a rule of this frontend was reported: what it would decide is not known */
    struct slice later_field; /* the last one that this rule was told about */
    struct need need;         /* PHASE_ANY: what the condition has used */
    struct strmap vars;       /* var.NAME to index in var_list: every `set var.NAME` of the program */
    VEC(struct var *) var_list;
    /* Optional operands that conditions around the current place make sure of. */
    VEC(const struct ir_expr *) present;
    struct {
        uint32_t file, line;
    } last;                  /* of check_pos() */
    struct strmap addresses; /* listened at: address and port to index in claims */
    VEC(struct claim) claims;
};

/* var.NAME, which rules set. Its type is that of what is set first. */
struct var {
    const struct ast_stmt *stmt;
    struct module *module;
    enum phase phase;
    enum type_id type;
    enum { VAR_NEW, VAR_BUSY, VAR_DONE } state;
};

enum converter {
#define CONVERTER(id, text, from, arguments, to, doc) CONVERTER_##id,
#include "grammar/names.def"
    CONVERTER_COUNT
};

/* An expression with its type. ir is NULL where type is ERROR. */
struct typed {
    struct ir_expr *ir;
    enum type_id type;
    bool optional; /* may be absent here (a guard can make sure that it is not) */
};

/* ---- check_modules.c: files ---- */

/* Reads the file that was asked for and what it imports. False where it cannot be read. */
bool check_read_modules(struct checker *k, const char *path);
/* The source `name` (a string literal at `e`) below `folder`; NULL where reported. */
struct source *check_open(struct checker *k, const struct ast_expr *e, struct slice folder,
                          struct slice name);

/* ---- check_names.c: declarations ---- */

void check_declare(struct checker *k, struct module *m);
/* Whether `name` was reported before as not declared; then its place is added there. check_name_told() remembers. A NULL
 * message: what seems to be its declaration is misspelt, and reported. */
bool check_is_name_told(struct checker *k, struct slice name, struct span at);
void check_name_told(struct checker *k, struct slice name, struct diag *x);
/* Whether the name that `e` begins with may be one whose declaration has an unknown word, which is reported there. */
bool check_is_lost(const struct checker *k, const struct ast_expr *e);
/* What `e` (a NAME, or NAME.name of an imported file) stands for. NULL where there is none; reports nothing.
 */
struct decl *check_lookup(struct checker *k, const struct ast_expr *e);
/* The declaration of one of `kinds` (a set of 1 << DECL_…) that `e` names, else NULL, reported: `what` is
 * expected. */
struct decl *check_ref(struct checker *k, const struct ast_expr *e, unsigned kinds, const char *what);
/* Adds "did you mean" for `word` from names of `kinds`, and a fix. */
void check_suggest_name(struct checker *k, struct diag *x, struct span at, struct slice word, unsigned kinds);
/* check_peers.c: adds how Weir says what `word` means in HAProxy, nginx or Caddy; false where it means nothing there. */
enum peer_word { PEER_STATEMENT, PEER_OPTION, PEER_NAME };
bool check_peer_word(struct checker *k, struct diag *x, enum peer_word kind, struct slice word);

/* Adds that a text stands in quotes, and a fix. */
void check_suggest_quotes(struct checker *k, struct diag *x, struct span at, struct slice text);
/* Adds "did you mean" from `n` words of the language. The fix is safe where only one of them becomes `word` by a single
 * slip. */
void check_suggest(struct checker *k, struct diag *x, struct span at, struct slice word,
                   const struct slice *v, uint32_t n);
const char *check_decl_text(enum decl_kind kind); /* "a backend" */
/* The name of `d` in plans and logs: with its file's prefix. */
struct slice check_full_name(struct checker *k, const struct module *m, struct slice name);

/* Begins and ends what has no effect by itself where `m` is an imported file (checker.inert); `began` of the first is for
 * the second. */
bool check_library_begin(struct checker *k, const struct module *m);
void check_library_end(struct checker *k, bool began);

/* ---- check_index.c: the index of names (name_index.h); each does nothing where none is made ---- */

void check_index_decl(struct checker *k, struct decl *d);
/* `text`, which lies in the source `file`, stands for `d`. */
void check_index_use(struct checker *k, uint32_t file, struct slice text, const struct decl *d);
/* The text at `at` names `file`. */
void check_index_file(struct checker *k, struct span at, const struct source *file);
void check_index_end(struct checker *k);

/* ---- check_schema.c, check_statement.c, check_setting.c: statements.def, settings.def, options.def ---- */

/* Which statement `s` is in `context`; reports an unknown one, and parts that it does not take. */
enum statement_id check_statement(struct checker *k, const struct ast_stmt *s, enum context context);
/* An option of options.def: what follows it, and whether it is to come. */
bool check_find_option(struct slice statement, struct slice word, const char **arguments, bool *later);
unsigned check_parts(enum statement_id id);
bool check_may_stand(enum statement_id id, enum context context);
struct slice check_word_of(enum statement_id id);
bool check_is_rule(struct slice word);
enum statement_id check_statement_named(struct slice word, enum context context);
/* "in a backend or in `defaults`" */
struct slice check_places(struct arena *a, uint64_t contexts);
const char *check_usage(enum statement_id id);
/* Reports that `s` is not written as `id` is. */
struct diag *check_misformed(struct checker *k, enum statement_id id, struct span at, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Reports that `word` is no option of `statement` in `context`; knows those that are to come. */
void check_unknown_option(struct checker *k, const char *statement, enum context context, struct slice word,
                          struct span at);
/* Reads the setting of `statement` named by `word` with its value `e` into `to`. False: there is no such
 * setting here. */
bool check_setting(struct checker *k, const char *statement, struct slice word, struct span word_at,
                   const struct ast_expr *e, enum context context, struct settings *to);
/* Sets a setting that has its value; reports a second time. */
void check_set(struct checker *k, struct settings *to, enum setting_id id, int64_t value, struct span at);
/* The value of `id`: own, else the file's default, else the language's. */
int64_t check_get(const struct settings *own, const struct settings *defaults, enum setting_id id);
bool check_setting_is_for(enum setting_id id, enum context context);
/* Reports E0900 for `what`. */
struct diag *check_later(struct checker *k, struct span at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Reports E0107, for the first of what are too deep. */
void check_too_deep(struct checker *k, struct span at, const char *what, uint32_t max);
/* Reports E0204 at `at`; the first time was at `first`. */
void check_twice(struct checker *k, struct span at, struct span first, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* ---- check_value.c: constants ---- */

/* The literal that `e` is or names by `let`; NULL where it is none, reported. */
const struct ast_expr *check_literal(struct checker *k, const struct ast_expr *e);
/* The same without reports: NULL where `e` is no constant. */
const struct ast_expr *check_literal_quietly(struct checker *k, const struct ast_expr *e);
enum type_id check_literal_type(const struct ast_expr *lit);
/* The literal, its members literals too: it means the same in any file. */
const struct ast_expr *check_closed(struct checker *k, const struct ast_expr *lit);
/* Values of one type; report and return false where `e` is none, or outside lo..hi. `what`: what the value is
 * of. */
bool check_int(struct checker *k, const struct ast_expr *e, const char *what, int64_t lo, int64_t hi,
               int64_t *out);
bool check_milliseconds(struct checker *k, const struct ast_expr *e, const char *what, int64_t lo, int64_t hi,
                        int64_t *out);
bool check_size(struct checker *k, const struct ast_expr *e, const char *what, int64_t *out);
bool check_string(struct checker *k, const struct ast_expr *e, const char *what, struct slice *out);
bool check_bytes(struct checker *k, const struct ast_expr *e, const char *what,
                 struct slice *out); /* string or hex */
/* In parts of ir.h, 0% to 100%. */
bool check_percent(struct checker *k, const struct ast_expr *e, const char *what, int64_t *out);
const struct ast_expr *check_endpoint(struct checker *k, const struct ast_expr *e, const char *what);
bool check_word(const struct ast_expr *e, const char *word); /* e is that bare word */
bool check_is_quoted(enum type_id want, struct slice text);  /* `text` would be one, without quotes */
void check_let(struct checker *k, struct decl *d);
/* Whether the literal `lit` may be of `type`; reports why not. `what`: what it is, for messages. */
bool check_let_type(struct checker *k, const struct ast_type *type, const struct ast_expr *lit, const char *what);
/* The type called so; ERROR where there is none, reported. */
enum type_id check_type_id(struct checker *k, const struct ast_type *type);
enum type_id check_type_id_quietly(const struct ast_type *type);
/* Reports that `e`, of type `is`, stands where `expected` belongs. */
struct diag *check_mismatch(struct checker *k, const struct ast_expr *e, const char *is,
                            const char *expected);
/* Reports a literal that is not of the type that `what` needs; knows the usual mistakes. */
void check_wrong_literal(struct checker *k, const struct ast_expr *e, const struct ast_expr *lit,
                         enum type_id want, const char *what);
const char *check_type_text(enum type_id t);
const char *check_an(const char *noun); /* "a" or "an" */

/* ---- check_text.c: texts as hosts, paths, patterns, methods, header names ---- */

/* Whether `text` is a `type` or a key of `kind`; `*out` is its canonical form. On failure `why` says why, and
 * `fix` (p NULL: none) what to write instead. Allocates only where the form changes. */
struct text_error {
    const char *why;
    struct slice fix;
    bool safe; /* `fix` means the same */
};
bool check_text_type(struct arena *a, enum type_id type, struct slice text, struct slice *out,
                     struct text_error *err);
bool check_text_key(struct arena *a, enum ir_key_kind kind, struct slice text, struct slice *out,
                    struct text_error *err);
/* Reports E0310 with that reason at `e`. */
void check_bad_text(struct checker *k, const struct ast_expr *e, struct slice text, const char *what,
                    const struct text_error *err);
bool check_is_token(struct slice s);
bool check_is_method_word(struct slice s); /* upper case: may stand without quotes */
/* A header name at `e`: valid, and for `write` not the proxy's own. False where reported. */
bool check_header_name(struct checker *k, const struct ast_expr *e, bool write, struct slice *out);
/* A constant text as a header's value. */
bool check_header_text(struct checker *k, const struct ast_expr *e, struct slice text);

/* ---- check_fix.c: fixes that are more than a word ---- */

/* Gives `x` the fix that moves the lines of the statement at `what` in front of those of the one at `before`, where each
 * has lines of its own. */
void check_fix_move(struct checker *k, struct diag *x, enum diag_applicability how, struct span what,
                    struct span before);
/* The statement whose word is at `at`, and the block that it stands in; NULL: there is none. */
const struct ast_stmt *check_statement_at(struct checker *k, struct span at, const struct ast_block **in);
/* `text` as a string literal. */
struct slice check_quoted(struct checker *k, struct slice text);
bool check_is_name(struct slice s); /* could be declared */
/* Reports a status by its name, as in `reply not-found`, with its number where that is lo..hi. False where it is none. */
bool check_status_word(struct checker *k, const struct ast_expr *e, const char *what, int64_t lo, int64_t hi);

/* ---- expressions: check_expr.c, fields: check_fields.c, calls and texts: check_convert.c, converters:
 * check_converters.c, tests: check_tests.c ---- */

/* The regular expression that `e` is, found sound; NULL where reported. `what`: what it is for. */
const struct ast_expr *check_regex(struct checker *k, const struct ast_expr *e, const char *what);
/* The type and meaning of `e`. `want`: a string literal adopts it where it is a textual type (else STRING).
 */
struct typed check_expr(struct checker *k, const struct ast_expr *e, enum type_id want);
/* A condition; NULL where reported. */
struct ir_expr *check_condition(struct checker *k, const struct ast_expr *e);
/* A text to send: strings as they are, numbers, truth values and addresses as text; not optional. NULL where
 * reported. */
struct ir_expr *check_text(struct checker *k, const struct ast_expr *e, const char *what);
/* Reports E0305 where `t` is optional. True where it may stand. */
bool check_present(struct checker *k, const struct ast_expr *e, const struct typed *t);
/* Remembers what `cond` makes sure of; check_forget(k, mark) goes back to mark = k->present.n. */
void check_assume(struct checker *k, const struct ir_expr *cond);
void check_forget(struct checker *k, uint32_t mark);
struct typed check_compare(struct checker *k, const struct ast_expr *e);
struct typed check_in(struct checker *k, const struct ast_expr *e);
struct typed check_yes(struct ir_expr *e);
/* Reports that the test `e` does not exist for its operand of type `t`; it is one of `needs`. */
struct typed check_no_such_test(struct checker *k, const struct ast_expr *e, const struct ast_expr *operand,
                                const struct typed *t, const char *needs);
/* Reports `"10.0.0.1"` where an address or a number is meant. False where it is something else. */
bool check_quoted_value(struct checker *k, const struct ast_expr *e, const struct ast_expr *left,
                        const struct ast_expr *right, const struct typed *l);
/* map[key], with the key checked. */
struct typed check_map_lookup(struct checker *k, const struct ast_expr *e, struct decl *map);
struct typed check_field(struct checker *k, const struct ast_expr *e);
void check_suggest_field(struct checker *k, struct diag *x, struct span at, struct slice text);
struct typed check_pipe(struct checker *k, const struct ast_expr *e);
/* A converter by its name; CONVERTER_COUNT: there is none. */
enum converter check_converter_named(struct slice name);
/* `on` | name(args), with their number; `e` is all of it. check_converters.c */
struct typed check_converter(struct checker *k, const struct ast_expr *e, enum converter id, struct span name_at,
                             const struct ast_expr *on, struct ast_expr *const *args, uint32_t nargs);
/* The literal that a converter makes of a literal; NULL where `e` is something else, without a word. */
const struct ast_expr *check_converted(struct checker *k, const struct ast_expr *e);
struct typed check_call(struct checker *k, const struct ast_expr *e);
struct typed check_interpolation(struct checker *k, const struct ast_expr *e);
bool check_is_text(enum type_id t);
/* Reports E0900 for a field, once a rule. */
void check_later_field(struct checker *k, struct span at, struct slice text);
bool check_is_field(const struct ast_expr *e);              /* written as a field is, without its key */
bool check_is_status(const struct ast_expr *e);             /* a field that is a status */
bool check_names_field(const struct ast_expr *e);           /* the first word belongs to a field */
bool check_reserved(struct slice name);                     /* a field begins with that word */
bool check_convertible(enum type_id from, enum type_id to); /* every `from` is a `to` */

struct ir_expr *check_new(struct checker *k, enum ir_op op, enum ir_kind kind, uint32_t nargs,
                          struct span at);
struct ir_expr *check_new1(struct checker *k, enum ir_op op, enum ir_kind kind, struct ir_expr *x,
                           struct span at);
struct ir_expr *check_new2(struct checker *k, enum ir_op op, enum ir_kind kind, struct ir_expr *x,
                           struct ir_expr *y, struct span at);
struct ir_pos check_pos(struct checker *k, struct span at);
enum ir_kind check_kind(enum type_id t);
struct typed check_failed(void);
/* An expression with what the conditions around it say about its absence. */
struct typed check_result(struct checker *k, struct ir_expr *e, enum type_id type);
void check_acl(struct checker *k, struct decl *d);
/* W0412 where `test`, written as `e`, has an optional operand and is negated; `whole` is `e` with its `not`. */
void check_negation(struct checker *k, const struct ast_expr *e, const struct ast_expr *whole,
                    const struct ir_expr *test);
/* What stands at `at`, shortened. */
struct slice check_source_text(struct checker *k, struct span at);

/* ---- check_call.c: parameters and arguments; acl and let with them ---- */

/* What names of a copy stand for. */
struct bindings {
    const struct ast_param *params;
    const struct ast_binding *const *v; /* one a parameter */
    uint32_t n;
    const struct ast_binding *file; /* of all other names */
};
/* The arguments of `use` (a call of `d`, or its name alone). `quiet`: constants alone, nothing is reported. False
 * where they do not fit, reported. */
bool check_bind(struct checker *k, struct decl *d, const struct ast_expr *use, bool quiet, struct bindings *out);
/* The same with arguments of which nothing is known: they silence what depends on them. */
void check_bind_nothing(struct checker *k, struct decl *d, struct bindings *out);
/* A copy of `e` whose names are bound. */
struct ast_expr *check_copy_expr(struct checker *k, const struct bindings *b, struct ast_expr *e);
/* Counts `n` parts that are written out. False where there are too many; reported once. */
bool check_expand(struct checker *k, uint64_t n, struct span at);
/* Messages from number `mark` on that point into `d` come from its expansion at `use`: they say so, and each is given
 * once. */
void check_expanded(struct checker *k, uint32_t mark, const struct decl *d, struct span use);
/* Drops messages from number `mark` on that were given before; these get the fix. */
void check_told(struct checker *k, uint32_t mark);
/* The parameters of `d`: names, types, defaults. False where reported. */
bool check_params(struct checker *k, struct decl *d);
bool check_is_parameter(const struct ast_expr *e); /* a name in a copy that stands for an argument */
bool check_is_unknown(const struct ast_expr *e);   /* one of check_bind_nothing() */
struct typed check_parameter(struct checker *k, const struct ast_expr *e, enum type_id want);
/* d(…), where `d` is an acl or a let. */
struct typed check_call_decl(struct checker *k, const struct ast_expr *e, struct decl *d);
/* The literal that a call of a let is; NULL where it is none. Reports nothing. */
const struct ast_expr *check_call_literal(struct checker *k, const struct ast_expr *e);
void check_call_alone(struct checker *k, struct decl *d); /* an acl or a let with parameters, by itself */
/* Enters `d`. False where it is in use already (a circle) or too deep; reported unless `quiet`. check_leave() ends it. */
bool check_enter(struct checker *k, const struct decl *d, struct span use, uint32_t height, bool quiet);
void check_leave(struct checker *k, uint32_t height);

/* ---- check_template.c, check_extend.c: templates, checks made of templates, `extends`; check_proxy.c ---- */

void check_template_head(struct checker *k, struct decl *d);
/* Gives a backend, a frontend or another object that may have templates the statements of those that it extends. */
void check_extend(struct checker *k, struct decl *d);
void check_template_alone(struct checker *k, struct decl *d);
/* The check that `e` names, or makes of a template; NULL where reported. */
struct decl *check_check_ref(struct checker *k, const struct ast_expr *e);
/* The declarations that the statement `proxy` is short for, added to `m`. NULL where it is malformed: reported later. */
struct decl *check_proxy(struct checker *k, struct module *m, struct ast_stmt *s);
/* Where statement `word` may stand: a set of IN_…; 0: nowhere. `first` is its first argument, or NULL. */
uint64_t check_contexts(struct slice word, const struct ast_expr *first);

/* ---- check_env.c ---- */

/* The literal that env(…) stands for; NULL where there is none, reported unless `quiet`. */
const struct ast_expr *check_env(struct checker *k, const struct ast_expr *e, bool quiet);

/* ---- check_sets.c, check_rows.c: maps and lists ---- */

void check_set_head(struct checker *k, struct decl *d); /* types; makes the ir_set */
void check_set_rows(struct checker *k, struct decl *d);
/* The set of a map or list, now used by an expression. */
struct ir_set *check_use_set(struct checker *k, struct decl *d);
/* A new set without a name, listed. */
struct ir_set *check_new_set(struct checker *k, enum ir_key_kind kind, struct span at);
/* The key that `e` is, of `kind`. False where reported. */
bool check_key(struct checker *k, enum ir_key_kind kind, const struct ast_expr *e, struct ir_key *out);
/* The value of a row that `e` is, of a type that is not BACKEND. False where reported. */
bool check_row_value(struct checker *k, enum type_id type, const struct ast_expr *e, struct ir_row *row);
/* The bytes by which two keys of `kind` are equal; they point into `key`. */
struct slice check_key_bytes(enum ir_key_kind kind, const struct ir_key *key);
const char *check_key_kind_text(enum ir_key_kind kind);
struct set_build {
    struct checker *k;
    struct decl *d;
    struct ir_set *set;
    struct strmap keys;     /* key bytes to row */
    struct strmap backends; /* values seen: to index in ir_program.backends */
};
void check_rows_file(struct set_build *b, const struct ast_stmt *s);

/* ---- check_split.c ---- */

void check_split(struct checker *k, struct decl *d);
/* What `use NAME` of a split looks up; NULL where the split is broken, reported there. */
struct ir_expr *check_use_split(struct checker *k, struct decl *d, struct span at);

/* ---- objects ---- */

void check_defaults(struct checker *k, const struct ast_stmt *s, struct module *m);
void check_backend(struct checker *k, struct decl *d);
void check_check(struct checker *k, struct decl *d);
void check_frontend(struct checker *k, struct decl *d);
/* `balance`, `check`, `timeout`, `max-body` of a backend, a frontend or defaults. */
void check_settings(struct checker *k, enum statement_id id, const struct ast_stmt *s, enum context context,
                    struct settings *to);
/* The rules of `block` into `f`; `phase` is IN_ON_REQUEST or IN_ROUTE. */
void check_rules(struct checker *k, struct ir_frontend *f, const struct ast_block *block, enum context phase);
/* The same for what has no place in a program yet: the rules are checked, and left. */
void check_other_rules(struct checker *k, struct slice name, const struct ast_block *block, enum phase phase);
/* Reports E0403: the route `block` of `f` (NULL: not known) ends with its rules v[0..n), none of which always decides. */
void check_undecided(struct checker *k, const struct ir_frontend *f, const struct ast_block *block,
                     const struct ir_rule *v, uint32_t n);
/* One rule of the phase that is being checked. */
void check_one_rule(struct checker *k, const struct ast_stmt *s);
/* A value that becomes the value of a header. NULL where reported. */
struct ir_expr *check_header_value(struct checker *k, const struct ast_expr *e, const char *what);
/* The block of a reply of `status`. */
void check_reply_block(struct checker *k, const struct ast_block *block, int64_t status);

/* 301, 302, 303, 307 or 308. */
bool check_redirect_status(struct checker *k, const struct ast_expr *e, uint32_t *out);

/* ---- tests: check_testing.c, expectations: check_expect.c ---- */

/* The `test` blocks of a module, into ir_program.tests. */
void check_tests_of(struct checker *k, struct module *m);
/* A request of a test while it is read. */
struct case_build {
    struct checker *k;
    const struct ir_frontend *f;
    bool sound; /* nothing was reported before the tests: `f` has all its rules */
    struct test_case *c;
    struct span outcome_at; /* of its outcome; len 0: not given */
    bool broken;            /* something was reported */
};
/* A line of an expectation: an outcome or a claim. */
void check_expectation(struct case_build *b, const struct ast_stmt *s);
/* The same for words that stand behind `->` or `expect`; the tail is that of `s`. */
void check_expectation_words(struct case_build *b, const struct ast_stmt *s, struct ast_expr **v, uint32_t n);
/* check_ref() for tests: what only they name counts as unused. */
struct decl *check_test_ref(struct checker *k, const struct ast_expr *e, unsigned kinds, const char *what);

/* ---- check_phases.c: phases, and which fields they have ---- */

enum context check_phase_context(enum phase p);
const char *check_phase_name(enum phase p); /* "`on request`" */
/* Which phase `on …` names; PHASE_COUNT: none. */
enum phase check_phase_named(const struct ast_stmt *s);
/* Reports E0401 where the field `text` (from `phase` on) is not there now; remembers it for a condition. */
bool check_phase(struct checker *k, struct span at, struct slice text, enum phase from);
/* The same for a condition that needs `need`. */
bool check_need(struct checker *k, struct span at, struct slice acl, const struct need *need);
struct phases {
    const struct ast_stmt *seen[PHASE_COUNT];
};
/* `on …` of a frontend (f) or, where f is NULL, of the backend called `name`. */
void check_on(struct checker *k, struct ir_frontend *f, struct slice name, const struct ast_stmt *s,
              struct phases *seen);
/* Enters phase `p`, first reporting E0204 or E0402. False: it was there already. */
bool check_enter_phase(struct checker *k, enum phase p, const struct ast_stmt *s, struct phases *seen);

/* ---- check_form.c, check_form_block.c: statements by forms.def ---- */

/* Checks `s` by its form, with its block and its condition. True where it has one. */
bool check_form(struct checker *k, enum statement_id id, const struct ast_stmt *s, enum context context);
/* The statements of a block that forms.def knows; `what` and `at`: whose block it is. */
void check_form_block(struct checker *k, const struct ast_block *block, enum context context,
                      struct slice what, struct span at);
/* Reports what stands twice in `block` and may stand there once. */
void check_once(struct checker *k, const struct ast_block *block, enum context context);
/* The argument at s->args[*i] is an option of `statement` that is to come: reports it, checks what follows,
 * and moves *i to its last argument. `told`: the one that was reported first for this statement. */
bool check_later_option(struct checker *k, const char *statement, const struct ast_stmt *s, uint32_t *i,
                        struct diag **told);
/* Options of `statement` from argument `i` on. */
void check_options(struct checker *k, const char *statement, enum statement_id id, const struct ast_stmt *s,
                   uint32_t i);

/* ---- check_later.c: objects, fields and targets that are to come ---- */

void check_collect_vars(struct checker *k, struct module *m);
struct typed check_var(struct checker *k, const struct ast_expr *e);
/* NAME(…) that makes bytes to send. */
void check_made_bytes(struct checker *k, const struct ast_expr *e);
/* TABLE[KEY].NAME */
bool check_is_counter(struct checker *k, const struct ast_expr *e);
struct typed check_counter(struct checker *k, const struct ast_expr *e);
/* The target of `set`, `add` or `delete` that is no request header, and its value. */
void check_target(struct checker *k, enum statement_id id, const struct ast_stmt *s);
void check_dry_run(struct checker *k, const struct ast_stmt *s, enum context context);
/* NAME(value), of an external function. */
struct typed check_extern(struct checker *k, const struct ast_expr *e, struct decl *d);
/* A row of an `errors` block. */
void check_error_row(struct checker *k, const struct ast_stmt *s);
/* The type of keys at `t` of a table or limit. */
enum type_id check_key_type(struct checker *k, const struct ast_type *t);
void check_by(struct checker *k, const struct ast_expr *e, const struct decl *of);
/* What `use` names: a backend or a split. NULL where reported. */
struct decl *check_used(struct checker *k, const struct ast_expr *e, bool tcp);

/* ---- check_allow.c: @allow ---- */

void check_allows(struct checker *k);

#endif
