/* Which statement a word is, and whether it has the parts that it should have. What is part of the language but not done
 * is E0900; what is nothing at all gets did-you-mean. */
#include "compiler/check_schema.h"

/* ---- which statement --------------------------------------------------------------------------- */

/* All places of a word. */
static uint64_t word_contexts(struct slice word)
{
    uint64_t contexts = 0;
    for (size_t i = 1; i < STATEMENT_COUNT; i++)
        if (slice_eq(schema_statements[i].word, word))
            contexts |= schema_statements[i].contexts;
    return contexts;
}

static bool is_word(struct slice word, uint64_t contexts)
{
    for (size_t i = 1; i < STATEMENT_COUNT; i++)
        if (schema_statements[i].contexts & contexts && slice_eq(schema_statements[i].word, word))
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
            if (schema_statements[i].contexts & where)
                words[n++] = schema_statements[i].word;
        for (size_t i = 0; i < NLATER; i++)
            if (schema_laters[i].contexts & where)
                words[n++] = schema_laters[i].word;
    }
    struct slice near = diag_nearest_sure(s->word, words, n, &sure);
    for (uint32_t i = 0; i < n && !slice_eq_nocase(near, s->word); i++)
        if (slice_eq_nocase(words[i], s->word)) {
            near = words[i];
            sure = true;
        }
    if (!near.p)
        return;
    if (is_word(near, contexts) || schema_later(near, contexts)) {
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
        if (slice_eq(schema_statements[i].word, word))
            places |= schema_statements[i].contexts;
    if (!(context & tests))
        places &= check_is_method_word(word) ? ~tests : ~parts;
    return places;
}

static bool decides(struct slice word)
{
    for (size_t i = 1; i < STATEMENT_COUNT; i++)
        if (schema_statements[i].parts & DECIDES && slice_eq(schema_statements[i].word, word))
            return true;
    return false;
}

/* Whether a `}` that closes nothing was reported behind `at`; in the same line. */
static bool before_stray_brace(const struct checker *k, struct span at, bool same_line)
{
    const char *text = k->c->sources.files.v[at.file]->text.p;
    for (uint32_t i = 0; k->incomplete && i < k->d->list.n; i++) {
        const struct diag *x = k->d->list.v[i];
        if (x->code == DIAG_E0101 && x->primary.span.file == at.file && x->primary.span.off > at.off &&
            text[x->primary.span.off] == '}' && !(same_line && memchr(text + at.off, '\n', x->primary.span.off - at.off)))
            return true;
    }
    return false;
}

/* A word that the place does not have: it may belong elsewhere, be to come, or be nothing. */
static void report_unknown(struct checker *k, const struct ast_stmt *s, enum context context)
{
    uint64_t elsewhere = places_of(s->word, context);
    const struct later *l = schema_later(s->word, context);
    if (l || (!elsewhere && (l = schema_later(s->word, ~0ull)))) {
        check_later(k, s->word_span, "`%.*s` (%s)", SLICE_ARG(s->word), l->doc);
        return;
    }
    if (k->incomplete && elsewhere & IN_FILE) /* a `}` may be missing before it */
        return;
    if (elsewhere && context == IN_FILE && before_stray_brace(k, s->span, false)) /* or a `{` */
        return;
    struct slice here = check_places(k->a, context);
    if (!elsewhere) {
        struct diag *x = diag_report(k->d, DIAG_E0207, s->word_span, "there is no statement `%.*s` %.*s",
                                     SLICE_ARG(s->word), SLICE_ARG(here));
        diag_label(k->d, x, "unknown");
        if (!check_peer_word(k, x, PEER_STATEMENT, s->word))
            suggest_statement(k, x, s, context);
        if (context & (IN_MAP | IN_LIST) && !x->has_fix && slice_contains(s->word, SLICE(".")))
            check_suggest_quotes(k, x, s->word_span, s->word);
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
    for (size_t i = 1; i < STATEMENT_COUNT; i++) /* `get` in a test, `GET` in a check */
        if (schema_statements[i].contexts & context && slice_eq_nocase(schema_statements[i].word, s->word)) {
            diag_help(k->d, x, "did you mean `%.*s`?", SLICE_ARG(schema_statements[i].word));
            diag_fix(x, FIX_SAFE, s->word_span, schema_statements[i].word);
            return;
        }
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
        if (schema_statements[id].contexts & context)
            return id;
        struct slice here = check_places(k->a, context), there = check_places(k->a, schema_statements[id].contexts);
        struct diag *x =
            diag_report(k->d, DIAG_E0206, keyword(s, schema_statements[id].word), "`%.*s` does not belong %.*s",
                        SLICE_ARG(schema_statements[id].word), SLICE_ARG(here));
        diag_label(k->d, x, "it belongs %.*s", SLICE_ARG(there));
        return STATEMENT_NONE;
    }
    case AST_STMT_ROW:
        if (s->args[0]->kind != AST_ERROR && !s->told) {
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
    diag_label(k->d, check_misformed(k, id, at, "`%.*s` takes no %s", SLICE_ARG(schema_statements[id].word), what),
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

/* `5 s`: a number and its unit. */
static bool unit_apart(struct checker *k, enum statement_id id, const struct ast_expr *number, const struct ast_expr *unit)
{
    static const struct slice units[] = {SLICE("us"), SLICE("ms"),  SLICE("s"),   SLICE("m"),  SLICE("h"),  SLICE("d"),
                                         SLICE("B"),  SLICE("kB"),  SLICE("MB"),  SLICE("GB"), SLICE("TB"), SLICE("KiB"),
                                         SLICE("MiB"), SLICE("GiB"), SLICE("TiB")};
    for (size_t i = 0; i < sizeof units / sizeof *units && number->kind == AST_INT && unit->kind == AST_NAME; i++) {
        if (!slice_eq(unit->text, units[i]))
            continue;
        struct span gap = {number->span.file, number->span.off + number->span.len, 0};
        gap.len = unit->span.off - gap.off;
        struct diag *x = check_misformed(k, id, unit->span, "a number and its unit stand together");
        diag_label(k->d, x, "the unit of the number before it");
        diag_help(k->d, x, "write `%lld%.*s`", (long long)number->num, SLICE_ARG(units[i]));
        diag_fix(x, FIX_SAFE, gap, SLICE(""));
        return true;
    }
    return false;
}

/* An argument too many. */
static void extra_argument(struct checker *k, enum statement_id id, const struct ast_expr *e)
{
    struct slice word = e->kind == AST_NAME ? e->text : SLICE("");
    for (size_t i = 0; i < NOPTIONS; i++)
        if (schema_options[i].later && slice_eq(schema_options[i].statement, schema_statements[id].word) &&
            slice_eq(schema_options[i].word, word)) {
            check_later(k, e->span, "`%.*s %.*s`", SLICE_ARG(schema_statements[id].word), SLICE_ARG(word));
            return;
        }
    struct diag *x =
        check_misformed(k, id, e->span, "`%.*s` does not take this argument", SLICE_ARG(schema_statements[id].word));
    diag_label(k->d, x, "not expected");
    struct slice words[NOPTIONS + 1];
    uint32_t n = 0;
    if (schema_statements[id].parts & WITH_IF)
        words[n++] = SLICE("if");
    for (size_t i = 0; i < NOPTIONS; i++)
        if ((!schema_options[i].later || schema_statements[id].later) && slice_eq(schema_options[i].statement, schema_statements[id].word))
            words[n++] = schema_options[i].word;
    if (schema_statements[id].parts & WITH_IF && (slice_eq(word, SLICE("i")) || slice_eq(word, SLICE("f")))) {
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
        check_misformed(k, id, e->span, "`=` is missing before the value of `%.*s`", SLICE_ARG(schema_statements[id].word));
    diag_label(k->d, x, "`=` belongs before this");
    diag_fix(x, FIX_SAFE, (struct span){e->span.file, e->span.off, 0}, SLICE("= "));
}

/* Reports parts that `s` has and should not, or should have and has not. */
static bool well_formed(struct checker *k, const struct ast_stmt *s, enum statement_id id)
{
    const struct statement *d = &schema_statements[id];
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
    if (s->nargs > d->max && d->max > 0 && unit_apart(k, id, s->args[d->max - 1], s->args[d->max]))
        return false;
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
    if (s->kind == AST_STMT_WORD && (s->told || (context == IN_FILE && before_stray_brace(k, s->span, true))))
        return STATEMENT_NONE;
    if (s->kind != AST_STMT_WORD)
        return special(k, s, context);
    for (size_t i = 1; i < STATEMENT_COUNT; i++)
        if (schema_statements[i].contexts & context && slice_eq(schema_statements[i].word, s->word)) {
            enum statement_id id = (enum statement_id)i;
            /* Declarations were entered before: they are looked at whatever their form. */
            bool good = well_formed(k, s, id);
            if (!schema_statements[i].later)
                return good ? id : STATEMENT_NONE;
            later_statement(k, s, id, context, good);
            return STATEMENT_NONE;
        }
    report_unknown(k, s, context);
    return STATEMENT_NONE;
}
