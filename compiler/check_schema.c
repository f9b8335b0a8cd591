/* Statements, settings and options by their tables: which words there are, where they belong, what they take.
 * What is part of the language but not done is E0900; what is nothing at all gets did-you-mean. */
#include "compiler/lint.h"

#include <stdarg.h>
#include <stdio.h>

struct statement {
    struct slice word;
    uint64_t contexts;
    unsigned parts;
    uint32_t min, max;
    const char *usage;
    bool later;
};

static const struct statement statements[STATEMENT_COUNT] = {
#define STATEMENT(id, word, contexts, min, max, parts, usage, doc)                                           \
    [STATEMENT_##id] = {SLICE(word), contexts, parts, min, max, usage, false},
#define LATER_STATEMENT(id, word, contexts, min, max, parts, usage, doc)                                     \
    [STATEMENT_##id] = {SLICE(word), contexts, parts, min, max, usage, true},
#include "grammar/statements.def"
};

static const struct later {
    struct slice word;
    uint64_t contexts;
    const char *doc;
} later[] = {
#define LATER(word, contexts, doc) {SLICE(word), contexts, doc},
#include "grammar/statements.def"
};

static const struct setting {
    struct slice statement, word;
    uint64_t contexts;
    enum type_id type;
    int64_t fallback, min, max;
} settings[SETTING_COUNT] = {
#define TYPE_WORD TYPE_ERROR
#define SETTING(id, statement, word, contexts, type, fallback, min, max, doc)                                \
    [SETTING_##id] = {SLICE(statement), SLICE(word), contexts, TYPE_##type, fallback, min, max},
#include "grammar/settings.def"
#undef SETTING
#undef TYPE_WORD
};

static const struct option {
    struct slice statement, word;
    const char *arguments;
    bool later;
} options[] = {
#define OPTION(statement, word, arguments, doc)       {SLICE(statement), SLICE(word), arguments, false},
#define LATER_OPTION(statement, word, arguments, doc) {SLICE(statement), SLICE(word), arguments, true},
#include "grammar/options.def"
};

enum { NLATER = sizeof later / sizeof *later, NOPTIONS = sizeof options / sizeof *options };

static const struct {
    enum context context;
    const char *text;
} places[] = {
#define CONTEXT(id, name, text) {IN_##id, text},
#include "grammar/contexts.def"
#undef CONTEXT
};
enum { NPLACES = sizeof places / sizeof *places };

/* What is not said where the rest says enough: TCP where HTTP has it too, and blocks within other objects. */
static uint64_t main_places(uint64_t contexts)
{
    static const struct {
        uint64_t of, without;
    } pairs[] = {{IN_TCP_BACKEND, IN_BACKEND}, {IN_TCP_FRONTEND, IN_FRONTEND}, {IN_TCP_ROUTE, IN_ROUTE}};
    uint64_t outer = contexts & (IN_TLS - 1);
    contexts = outer ? outer : contexts;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (contexts & pairs[i].without)
            contexts &= ~pairs[i].of;
    return contexts;
}

struct slice check_places(struct arena *a, uint64_t contexts)
{
    struct slice s = {0};
    uint64_t left = main_places(contexts);
    for (size_t i = 0; i < NPLACES; i++) {
        if (!(left & places[i].context))
            continue;
        left &= ~(uint64_t)places[i].context;
        s = s.p ? arena_printf(a, "%.*s%s %s", SLICE_ARG(s), left ? "," : " or", places[i].text)
                : slice_of(places[i].text);
    }
    return s.p ? s : SLICE("elsewhere");
}

static const struct later *find_later(struct slice word, uint64_t contexts)
{
    for (size_t i = 0; i < NLATER; i++)
        if (later[i].contexts & contexts && slice_eq(later[i].word, word))
            return &later[i];
    return NULL;
}

const char *check_usage(enum statement_id id)
{
    return statements[id].usage;
}

enum statement_id check_statement_named(struct slice word, enum context context)
{
    for (size_t i = 1; i < STATEMENT_COUNT; i++)
        if (statements[i].contexts & context && slice_eq(statements[i].word, word))
            return (enum statement_id)i;
    return STATEMENT_NONE;
}

bool check_is_rule(struct slice word)
{
    for (size_t i = 1; i < STATEMENT_COUNT; i++)
        if (statements[i].contexts & IN_RULES && slice_eq(statements[i].word, word))
            return true;
    return false;
}

unsigned check_parts(enum statement_id id)
{
    return statements[id].parts;
}

bool check_may_stand(enum statement_id id, enum context context)
{
    return (statements[id].contexts & context) != 0;
}

struct slice check_word_of(enum statement_id id)
{
    return statements[id].word;
}

struct diag *check_later(struct checker *k, struct span at, const char *fmt, ...)
{
    char what[200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    if (k->later) /* what it is within was reported */
        return arena_new(k->a, struct diag);
    struct diag *x =
        diag_report(k->d, DIAG_E0900, at, "%s: part of the language, but not done by this version", what);
    diag_label(k->d, x, "not done yet");
    return x;
}

void check_too_deep(struct checker *k, struct span at, const char *what, uint32_t max)
{
    if (!k->too_deep)
        diag_label(
            k->d, diag_report(k->d, DIAG_E0107, at, "%s are made of each other more than %u deep", what, max),
            "too deep");
    k->too_deep = true;
}

void check_twice(struct checker *k, struct span at, struct span first, const char *fmt, ...)
{
    char what[200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    struct diag *x = diag_report(k->d, DIAG_E0204, at, "%s", what);
    diag_label(k->d, x, "given again");
    diag_secondary(k->d, x, first, "first given here");
}

struct diag *check_misformed(struct checker *k, enum statement_id id, struct span at, const char *fmt, ...)
{
    char what[200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    struct diag *x = diag_report(k->d, DIAG_E0211, at, "%s", what);
    diag_help(k->d, x, "it is written `%s`", statements[id].usage);
    return x;
}

/* ---- which statement --------------------------------------------------------------------------- */

/* All places of a word. */
static uint64_t word_contexts(struct slice word)
{
    uint64_t contexts = 0;
    for (size_t i = 1; i < STATEMENT_COUNT; i++)
        if (slice_eq(statements[i].word, word))
            contexts |= statements[i].contexts;
    return contexts;
}

static bool is_word(struct slice word, uint64_t contexts)
{
    for (size_t i = 1; i < STATEMENT_COUNT; i++)
        if (statements[i].contexts & contexts && slice_eq(statements[i].word, word))
            return true;
    return false;
}

/* The nearest word of this place, or of another where none of this place is as near. */
static void suggest_statement(struct checker *k, struct diag *x, const struct ast_stmt *s, uint64_t contexts)
{
    struct slice words[2 * (STATEMENT_COUNT + NLATER)];
    uint32_t n = 0;
    bool sure;
    for (int elsewhere = 0; elsewhere <= 1; elsewhere++) {
        uint64_t where = elsewhere ? ~contexts : contexts;
        for (size_t i = 1; i < STATEMENT_COUNT; i++)
            if (statements[i].contexts & where)
                words[n++] = statements[i].word;
        for (size_t i = 0; i < NLATER; i++)
            if (later[i].contexts & where)
                words[n++] = later[i].word;
    }
    struct slice near = diag_nearest_sure(s->word, words, n, &sure);
    if (!near.p)
        return;
    if (is_word(near, contexts) || find_later(near, contexts)) {
        diag_help(k->d, x, "did you mean `%.*s`?", SLICE_ARG(near));
        diag_fix(x, sure && is_word(near, contexts) && s->word.len >= 4 ? FIX_SAFE : FIX_MAYBE, s->word_span, near);
    } else if (is_word(near, ~contexts)) {
        struct slice there = check_places(k->a, word_contexts(near));
        diag_help(k->d, x, "`%.*s` belongs %.*s", SLICE_ARG(near), SLICE_ARG(there));
    }
}

/* Where else `word` may stand. What only requests and expectations of tests have is no answer to anybody else. */
static uint64_t places_of(struct slice word, enum context context)
{
    uint64_t places = 0, parts = IN_REQUEST | IN_EXPECT, tests = IN_TEST | parts;
    for (size_t i = 1; i < STATEMENT_COUNT; i++)
        if (slice_eq(statements[i].word, word))
            places |= statements[i].contexts;
    if (!(context & tests))
        places &= check_is_method_word(word) ? ~tests : ~parts;
    return places;
}

static bool decides(struct slice word)
{
    for (size_t i = 1; i < STATEMENT_COUNT; i++)
        if (statements[i].parts & DECIDES && slice_eq(statements[i].word, word))
            return true;
    return false;
}

/* A word that the place does not have: it may belong elsewhere, be to come, or be nothing. */
static void report_unknown(struct checker *k, const struct ast_stmt *s, enum context context)
{
    uint64_t elsewhere = places_of(s->word, context);
    const struct later *l = find_later(s->word, context);
    if (l || (!elsewhere && (l = find_later(s->word, ~0ull)))) {
        check_later(k, s->word_span, "`%.*s` (%s)", SLICE_ARG(s->word), l->doc);
        return;
    }
    if (k->incomplete && elsewhere & IN_FILE) /* a `}` may be missing before it */
        return;
    struct slice here = check_places(k->a, context);
    if (!elsewhere) {
        struct diag *x = diag_report(k->d, DIAG_E0207, s->word_span, "there is no statement `%.*s` %.*s",
                                     SLICE_ARG(s->word), SLICE_ARG(here));
        diag_label(k->d, x, "unknown");
        if (!check_peer_word(k, x, PEER_STATEMENT, s->word))
            suggest_statement(k, x, s, context);
        return;
    }
    bool action = context & IN_RULES && elsewhere & IN_RULES;
    bool pure = context & (IN_ROUTE | IN_TCP_ROUTE) && !decides(s->word);
    if (action)
        elsewhere &= IN_RULES;
    struct slice there = check_places(k->a, elsewhere);
    struct diag *x = diag_report(k->d, action ? DIAG_E0404 : DIAG_E0206, s->word_span,
                                 "`%.*s` does not belong %.*s", SLICE_ARG(s->word), SLICE_ARG(here));
    diag_label(k->d, x, "it belongs %.*s", SLICE_ARG(there));
    if (action && pure)
        diag_note(k->d, x, "a route is pure: it decides, and changes nothing");
    if (action && pure && elsewhere & IN_ON_REQUEST && context & IN_ROUTE)
        diag_help(k->d, x, "write it in `on request { … }` before the route");
}

/* The keyword that `s` begins with. */
static struct span keyword(const struct ast_stmt *s, struct slice word)
{
    return (struct span){s->span.file, s->span.off, (uint32_t)word.len};
}

static void unknown_annotation(struct checker *k, const struct ast_stmt *s)
{
    static const struct slice words[] = {SLICE("name"), SLICE("allow")};
    struct diag *x =
        diag_report(k->d, DIAG_E0207, s->word_span, "there is no annotation `@%.*s`", SLICE_ARG(s->word));
    diag_label(k->d, x, "unknown");
    check_suggest(k, x, s->word_span, s->word, words, 2);
    if (!x->has_fix)
        diag_note(k->d, x, "there are: @name(\"TEXT\"), @allow(CODE, reason: \"TEXT\")");
}

/* Statements that the grammar itself knows. */
static enum statement_id special(struct checker *k, const struct ast_stmt *s, enum context context)
{
    switch ((enum ast_stmt_kind)s->kind) {
    case AST_STMT_ACL:
    case AST_STMT_LET:
    case AST_STMT_TEMPLATE:
    case AST_STMT_WHEN: {
        enum statement_id id = s->kind == AST_STMT_ACL        ? STATEMENT_ACL
                               : s->kind == AST_STMT_LET      ? STATEMENT_LET
                               : s->kind == AST_STMT_TEMPLATE ? STATEMENT_TEMPLATE
                                                              : STATEMENT_WHEN;
        if (statements[id].contexts & context)
            return id;
        struct slice here = check_places(k->a, context), there = check_places(k->a, statements[id].contexts);
        struct diag *x =
            diag_report(k->d, DIAG_E0206, keyword(s, statements[id].word), "`%.*s` does not belong %.*s",
                        SLICE_ARG(statements[id].word), SLICE_ARG(here));
        diag_label(k->d, x, "it belongs %.*s", SLICE_ARG(there));
        return STATEMENT_NONE;
    }
    case AST_STMT_ROW:
        if (s->args[0]->kind != AST_ERROR) {
            struct slice here = check_places(k->a, context);
            struct diag *x = diag_report(k->d, DIAG_E0206, s->args[0]->span,
                                         "a value alone does not belong %.*s", SLICE_ARG(here));
            diag_label(k->d, x, "rows belong in a map or in a list");
        }
        return STATEMENT_NONE;
    case AST_STMT_ANNOTATION:
        if (slice_eq(s->word, SLICE("allow")))
            break; /* check_allow.c has looked at it */
        if (!slice_eq(s->word, SLICE("name")))
            unknown_annotation(k, s);
        else if (!(context & IN_RULES))
            diag_label(k->d, diag_report(k->d, DIAG_E0206, s->word_span, "`@name` names a rule"),
                       "the next statement is no rule");
        return STATEMENT_NONE;
    case AST_STMT_WORD:
        break;
    }
    return STATEMENT_NONE;
}

/* ---- the form of a statement ------------------------------------------------------------------- */

static void unexpected(struct checker *k, enum statement_id id, struct span at, const char *what)
{
    diag_label(k->d, check_misformed(k, id, at, "`%.*s` takes no %s", SLICE_ARG(statements[id].word), what),
               "not expected");
}

static struct span end_of(const struct ast_stmt *s)
{
    struct span at = s->nargs ? s->args[s->nargs - 1]->span : s->word_span;
    return (struct span){at.file, at.off + at.len, 0};
}

static bool tail_fits(unsigned parts, enum ast_tail tail)
{
    switch (tail) {
    case AST_TAIL_NONE:
        return !(parts & (WITH_TYPE_ARROW | WITH_ARROW | WITH_ASSIGN | WITH_RELOP));
    case AST_TAIL_TYPE:
        return parts & WITH_TYPE;
    case AST_TAIL_TYPE_ARROW:
        return parts & WITH_TYPE_ARROW;
    case AST_TAIL_TYPE_ASSIGN:
        return false;
    case AST_TAIL_ARROW:
        return parts & (WITH_ARROW | MAY_ARROW);
    case AST_TAIL_ASSIGN:
        return parts & WITH_ASSIGN;
    case AST_TAIL_RELOP:
        return parts & (WITH_RELOP | MAY_RELOP);
    }
    return false;
}

static struct span tail_span(const struct ast_stmt *s)
{
    return s->tail_expr    ? s->tail_expr->span
           : s->ntail_args ? s->tail_args[0]->span
           : s->type       ? s->type->span
                           : end_of(s);
}

static bool declares_name(enum statement_id id)
{
    return id == STATEMENT_MAP || id == STATEMENT_LIST || id == STATEMENT_CHECK || id == STATEMENT_BACKEND ||
           id == STATEMENT_FRONTEND || id == STATEMENT_PROXY;
}

static bool has_error(const struct ast_stmt *s)
{
    for (uint32_t i = 0; i < s->nargs; i++)
        if (s->args[i]->kind == AST_ERROR)
            return true;
    return (s->tail_expr && s->tail_expr->kind == AST_ERROR) || (s->type && !s->type->name.p);
}

/* An argument too many. */
static void extra_argument(struct checker *k, enum statement_id id, const struct ast_expr *e)
{
    struct slice word = e->kind == AST_NAME ? e->text : SLICE("");
    for (size_t i = 0; i < NOPTIONS; i++)
        if (options[i].later && slice_eq(options[i].statement, statements[id].word) &&
            slice_eq(options[i].word, word)) {
            check_later(k, e->span, "`%.*s %.*s`", SLICE_ARG(statements[id].word), SLICE_ARG(word));
            return;
        }
    struct diag *x =
        check_misformed(k, id, e->span, "`%.*s` does not take this argument", SLICE_ARG(statements[id].word));
    diag_label(k->d, x, "not expected");
    struct slice words[NOPTIONS + 1];
    uint32_t n = 0;
    if (statements[id].parts & WITH_IF)
        words[n++] = SLICE("if");
    for (size_t i = 0; i < NOPTIONS; i++)
        if (!options[i].later && slice_eq(options[i].statement, statements[id].word))
            words[n++] = options[i].word;
    if (statements[id].parts & WITH_IF && (slice_eq(word, SLICE("i")) || slice_eq(word, SLICE("f")))) {
        diag_help(k->d, x, "did you mean `if`?");
        diag_fix(x, FIX_MAYBE, e->span, SLICE("if"));
    } else if (word.len) {
        check_suggest(k, x, e->span, word, words, n);
    }
    if (id == STATEMENT_REPLY && (e->kind == AST_STRING || e->kind == AST_INTERP)) {
        struct slice text = {k->c->sources.files.v[e->span.file]->text.p + e->span.off, e->span.len};
        diag_help(k->d, x, "a text to send is a `body`");
        diag_fix(x, FIX_MAYBE, e->span, arena_printf(k->a, "{ body %.*s }", SLICE_ARG(text)));
    }
}

/* `set req.header["X"] "y"`: the value without its `=`. */
static void without_assign(struct checker *k, enum statement_id id, const struct ast_expr *e)
{
    struct diag *x =
        check_misformed(k, id, e->span, "`=` is missing before the value of `%.*s`", SLICE_ARG(statements[id].word));
    diag_label(k->d, x, "`=` belongs before this");
    diag_fix(x, FIX_SAFE, (struct span){e->span.file, e->span.off, 0}, SLICE("= "));
}

/* Reports parts that `s` has and should not, or should have and has not. */
static bool well_formed(struct checker *k, const struct ast_stmt *s, enum statement_id id)
{
    const struct statement *d = &statements[id];
    struct span end = end_of(s);
    if (has_error(s))
        return false;
    if (s->nargs < d->min) {
        struct diag *x = check_misformed(k, id, end, "`%.*s` needs %s", SLICE_ARG(d->word),
                                         s->nargs == 0 && d->min == 1 ? "an argument" : "more arguments");
        diag_label(k->d, x, "something is missing here");
        return false;
    }
    if (s->nargs == d->max + 1 && d->parts & WITH_ASSIGN && s->tail == AST_TAIL_NONE) {
        without_assign(k, id, s->args[d->max]);
        return false;
    }
    if (s->nargs > d->max) {
        extra_argument(k, id, s->args[d->max]);
        return false;
    }
    if (!tail_fits(d->parts, (enum ast_tail)s->tail)) {
        struct diag *x = check_misformed(k, id, tail_span(s),
                                         s->tail == AST_TAIL_NONE ? "`%.*s` is not complete"
                                                                  : "this is not how `%.*s` is written",
                                         SLICE_ARG(d->word));
        diag_label(k->d, x, s->tail == AST_TAIL_NONE ? "something is missing here" : "not expected");
        if (s->tail == AST_TAIL_RELOP && d->parts & WITH_IF && s->nargs > 0) {
            struct span at = s->args[s->nargs - 1]->span;
            diag_help(k->d, x, "a condition begins with `if`");
            diag_fix(x, FIX_MAYBE, (struct span){at.file, at.off, 0}, SLICE("if "));
        }
        return false;
    }
    bool may_have_block = d->parts & (WITH_BLOCK | MAY_BLOCK);
    if (s->block && !may_have_block)
        unexpected(k, id, (struct span){s->block->span.file, s->block->span.off, 1}, "block");
    if (s->cond && !(d->parts & WITH_IF))
        unexpected(k, id, s->cond->span, "condition");
    if (declares_name(id) && s->args[0]->kind != AST_NAME) {
        struct diag *x = check_misformed(k, id, s->args[0]->span, "a name is expected here");
        if (s->args[0]->kind == AST_STRING && check_is_name(s->args[0]->text))
            diag_fix(x, FIX_SAFE, s->args[0]->span, s->args[0]->text);
        diag_label(k->d, x, "not a name");
        return false;
    }
    bool needs_block =
        d->parts & WITH_BLOCK && id != STATEMENT_REPLY && id != STATEMENT_ENFORCE && id != STATEMENT_DRY_RUN;
    if (needs_block && !s->block && !k->incomplete) {
        struct span at = tail_span(s);
        at = (struct span){at.file, at.off + at.len, 0};
        diag_label(k->d, check_misformed(k, id, at, "`%.*s` needs a block", SLICE_ARG(d->word)),
                   "`{` is expected here");
    }
    return (!s->block || may_have_block) && (!s->cond || d->parts & WITH_IF) &&
           (!needs_block || s->block);
}

/* One that this version does not do: what is wrong with it, and that. */
static void later_statement(struct checker *k, const struct ast_stmt *s, enum statement_id id,
                            enum context context, bool good)
{
    check_later(k, s->word_span, "`%.*s`", SLICE_ARG(s->word));
    k->later++;
    if (good)
        check_form(k, id, s, context);
    k->later--;
}

enum statement_id check_statement(struct checker *k, const struct ast_stmt *s, enum context context)
{
    if (s->kind != AST_STMT_WORD)
        return special(k, s, context);
    for (size_t i = 1; i < STATEMENT_COUNT; i++)
        if (statements[i].contexts & context && slice_eq(statements[i].word, s->word)) {
            enum statement_id id = (enum statement_id)i;
            /* Declarations were entered before: they are looked at whatever their form. */
            bool good = well_formed(k, s, id);
            if (!statements[i].later)
                return good ? id : STATEMENT_NONE;
            later_statement(k, s, id, context, good);
            return STATEMENT_NONE;
        }
    report_unknown(k, s, context);
    return STATEMENT_NONE;
}

/* ---- options and settings ---------------------------------------------------------------------- */

uint64_t check_contexts(struct slice word, const struct ast_expr *first)
{
    uint64_t all = 0, of = 0;
    for (size_t i = 1; i < STATEMENT_COUNT; i++)
        if (slice_eq(statements[i].word, word))
            all |= statements[i].contexts;
    for (size_t i = 0; i < NLATER; i++)
        if (slice_eq(later[i].word, word))
            all |= later[i].contexts;
    for (size_t i = 0; i < SETTING_COUNT && first && first->kind == AST_NAME; i++)
        if (slice_eq(settings[i].statement, word) && slice_eq(settings[i].word, first->text))
            of |= settings[i].contexts;
    return slice_eq(word, SLICE("timeout")) && of ? of : all;
}

bool check_find_option(struct slice statement, struct slice word, const char **arguments, bool *later)
{
    for (size_t i = 0; i < NOPTIONS; i++)
        if (slice_eq(options[i].statement, statement) && slice_eq(options[i].word, word)) {
            *arguments = options[i].arguments;
            *later = options[i].later;
            return true;
        }
    return false;
}

bool check_setting_is_for(enum setting_id id, enum context context)
{
    return settings[id].contexts & context || context == IN_DEFAULTS;
}

void check_unknown_option(struct checker *k, const char *statement, enum context context, struct slice word,
                          struct span at)
{
    struct slice words[NOPTIONS + SETTING_COUNT];
    uint32_t n = 0;
    uint64_t elsewhere = 0;
    for (size_t i = 0; i < NOPTIONS; i++) {
        if (!slice_eq(options[i].statement, slice_of(statement)))
            continue;
        if (options[i].later && slice_eq(options[i].word, word)) {
            check_later(k, at, "`%s %.*s`", statement, SLICE_ARG(word));
            return;
        }
        words[n++] = options[i].word;
    }
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (!slice_eq(settings[i].statement, slice_of(statement)) || !settings[i].word.len)
            continue;
        if (slice_eq(settings[i].word, word))
            elsewhere |= settings[i].contexts;
        else if (check_setting_is_for((enum setting_id)i, context))
            words[n++] = settings[i].word;
    }
    struct diag *x = diag_report(k->d, DIAG_E0210, at, "`%s` has no option `%.*s`%s", statement,
                                 SLICE_ARG(word), elsewhere ? " here" : "");
    if (elsewhere) {
        struct slice there = check_places(k->a, elsewhere);
        diag_label(k->d, x, "it belongs %.*s", SLICE_ARG(there));
        return;
    }
    diag_label(k->d, x, "unknown");
    if (check_peer_word(k, x, PEER_OPTION, word))
        return;
    check_suggest(k, x, at, word, words, n);
    if (!x->has_fix && n) {
        struct slice all = words[0];
        for (uint32_t i = 1; i < n; i++)
            all = arena_printf(k->a, "%.*s, %.*s", SLICE_ARG(all), SLICE_ARG(words[i]));
        diag_note(k->d, x, "there are: %.*s", SLICE_ARG(all));
    }
}

void check_set(struct checker *k, struct settings *to, enum setting_id id, int64_t value, struct span at)
{
    if (to->v[id].at.len) {
        check_twice(k, at, to->v[id].at, "`%.*s%s%.*s` is given twice", SLICE_ARG(settings[id].statement),
                    settings[id].word.len ? " " : "", SLICE_ARG(settings[id].word));
        return;
    }
    to->v[id].value = value;
    to->v[id].at = at;
    lint_setting(k, id, value, at);
}

bool check_setting(struct checker *k, const char *statement, struct slice word, struct span word_at,
                   const struct ast_expr *e, enum context context, struct settings *to)
{
    bool found = false, read = false;
    int64_t value = 0;
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *d = &settings[i];
        if (!slice_eq(d->statement, slice_of(statement)) || !slice_eq(d->word, word) ||
            !check_setting_is_for((enum setting_id)i, context))
            continue;
        struct slice name = word.len ? arena_printf(k->a, "`%s %.*s`", statement, SLICE_ARG(word))
                                     : arena_printf(k->a, "`%s`", statement);
        /* `timeout idle` in defaults is two settings of one value. */
        if (!found)
            read = d->type == TYPE_DURATION ? check_milliseconds(k, e, name.p, d->min, d->max, &value)
                   : d->type == TYPE_SIZE   ? check_size(k, e, name.p, &value)
                                            : check_int(k, e, name.p, d->min, d->max, &value);
        found = true;
        if (read)
            check_set(k, to, (enum setting_id)i, value, word_at);
    }
    return found;
}

int64_t check_get(const struct settings *own, const struct settings *defaults, enum setting_id id)
{
    return own->v[id].at.len        ? own->v[id].value
           : defaults->v[id].at.len ? defaults->v[id].value
                                    : settings[id].fallback;
}
