/* What expressions and rules name of objects that are to come: counters of tables, variables, external
 * functions, targets of `set`; and the rules and rows that forms.def cannot describe. */
#include "compiler/check_state.h"

/* An expression that the program cannot hold yet, but whose type is known. */
static struct typed stand_in(struct checker *k, const struct ast_expr *e, enum type_id type, bool optional)
{
    struct ir_expr *x = check_new(k, IR_FIELD, check_kind(type), 0, e->span);
    x->field = UINT8_MAX;
    x->str = arena_copy(k->a, check_source_text(k, e->span));
    x->optional = optional;
    return check_result(k, x, type);
}

/* ---- keys of tables and limits ----------------------------------------------------------------- */

static const enum type_id key_types[] = {TYPE_IP,   TYPE_STRING, TYPE_INT, TYPE_HOST,
                                         TYPE_PATH, TYPE_METHOD, TYPE_CIDR};
enum { NKEYS = sizeof key_types / sizeof *key_types };

static enum type_id key_type(const struct ast_type *t)
{
    for (size_t i = 0; t && i < NKEYS; i++)
        if (slice_eq(t->name, slice_of(check_type_text(key_types[i]))))
            return key_types[i];
    return TYPE_ERROR;
}

enum type_id check_key_type(struct checker *k, const struct ast_type *t)
{
    struct slice names[NKEYS];
    enum type_id type = key_type(t);
    if (!t || !t->name.p || (type != TYPE_ERROR && !t->nargs))
        return type;
    for (size_t i = 0; i < NKEYS; i++)
        names[i] = slice_of(check_type_text(key_types[i]));
    struct diag *x =
        diag_report(k->d, DIAG_E0302, t->span, "`%.*s` is no type of keys here", SLICE_ARG(t->name));
    diag_label(k->d, x, "expected ip, string, int, host, path, method or cidr");
    check_suggest(k, x, t->span, t->name, names, NKEYS);
    return TYPE_ERROR;
}

void check_by(struct checker *k, const struct ast_expr *e, const struct decl *of)
{
    enum type_id want = of ? key_type(of->stmt->type) : TYPE_ERROR;
    struct typed t = check_expr(k, e, want == TYPE_ERROR ? TYPE_STRING : want);
    if (t.type == TYPE_ERROR || !check_present(k, e, &t) || want == TYPE_ERROR ||
        check_convertible(t.type, want) || (want == TYPE_CIDR && t.type == TYPE_IP))
        return;
    struct slice text = check_source_text(k, e->span);
    const char *is = check_type_text(t.type), *key = check_type_text(want);
    struct diag *x = diag_report(k->d, DIAG_E0302, e->span, "`%.*s` has keys of type %s; `%.*s` is %s",
                                 SLICE_ARG(of->name), key, SLICE_ARG(text), is);
    diag_label(k->d, x, "%s, expected %s", is, key);
    diag_secondary(k->d, x, of->at, "declared here");
}

/* ---- TABLE[KEY].NAME --------------------------------------------------------------------------- */

static struct decl *table_of(struct checker *k, const struct ast_expr *e)
{
    if (e->kind != AST_MEMBER || e->args[0]->kind != AST_INDEX)
        return NULL;
    const struct ast_expr *table = e->args[0]->args[0];
    struct decl *d = table->kind == AST_NAME || table->kind == AST_MEMBER ? check_lookup(k, table) : NULL;
    return d && d->kind == DECL_TABLE ? d : NULL;
}

bool check_is_counter(struct checker *k, const struct ast_expr *e)
{
    return table_of(k, e) != NULL;
}

/* The statement in the table that declares counter `name`. */
static const struct ast_stmt *counter_named(struct checker *k, const struct ast_expr *e, const struct decl *d)
{
    VEC(struct slice) names = {0};
    const struct ast_block *b = d->stmt->block;
    bool lost = false; /* a statement that is no word of a table was reported, and may be meant to declare it */
    for (uint32_t i = 0; b && i < b->stmts.n; i++) {
        const struct ast_stmt *s = b->stmts.v[i];
        lost |= s->told || check_statement_named(s->word, IN_TABLE) == STATEMENT_NONE;
        bool counter = s->kind == AST_STMT_WORD && s->nargs && s->args[0]->kind == AST_NAME &&
                       (slice_eq(s->word, SLICE("rate")) || slice_eq(s->word, SLICE("count")) ||
                        slice_eq(s->word, SLICE("tag")));
        if (counter && slice_eq(s->args[0]->text, e->text))
            return s;
        if (counter)
            vec_add(k->a, &names, s->args[0]->text);
    }
    if (lost)
        return NULL;
    struct diag *x = diag_report(k->d, DIAG_E0208, ast_op_span(e), "table `%.*s` has no counter `%.*s`",
                                 SLICE_ARG(d->name), SLICE_ARG(e->text));
    diag_label(k->d, x, "unknown");
    diag_secondary(k->d, x, d->at, "declared here");
    check_suggest(k, x, ast_op_span(e), e->text, names.v, names.n);
    return NULL;
}

struct typed check_counter(struct checker *k, const struct ast_expr *e)
{
    struct decl *d = table_of(k, e);
    d->used = true;
    check_by(k, e->args[0]->args[1], d);
    return counter_named(k, e, d) ? stand_in(k, e, TYPE_INT, false) : check_failed();
}

/* ---- external functions ------------------------------------------------------------------------ */

struct typed check_extern(struct checker *k, const struct ast_expr *e, struct decl *d)
{
    d->used = true;
    enum type_id to = key_type(d->stmt->to);
    if (e->nargs != 2) {
        diag_label(k->d, diag_report(k->d, DIAG_E0211, e->span, "`%.*s` takes one value", SLICE_ARG(d->name)),
                   "not one value");
        return check_failed();
    }
    check_by(k, e->args[1], d);
    return to == TYPE_ERROR ? check_failed() : stand_in(k, e, to, true);
}

/* ---- bytes of checks --------------------------------------------------------------------------- */

static const struct {
    struct slice text, arguments;
} makers[] = {
#define LATER_BYTES(text, arguments, doc) {SLICE(text), SLICE(arguments)},
#include "grammar/names.def"
};
enum { NMAKERS = sizeof makers / sizeof *makers };

/* Whether `word` is one of the words of `list`. */
static bool in_words(struct slice list, struct slice word)
{
    for (size_t i = 0; i + word.len <= list.len; i++)
        if ((i == 0 || list.p[i - 1] == ' ') && memcmp(list.p + i, word.p, word.len) == 0 &&
            (i + word.len == list.len || list.p[i + word.len] == ' '))
            return word.len > 0;
    return false;
}

static void maker_arguments(struct checker *k, const struct ast_expr *e, struct slice arguments)
{
    uint32_t n = 1, good = 0;
    struct slice text;
    for (size_t i = 0; i < arguments.len; i++)
        n += arguments.p[i] == ' ';
    for (uint32_t i = 1; i < e->nargs; i++) {
        const struct ast_expr *a = e->args[i];
        if (a->kind == AST_NAMED && in_words(arguments, a->text)) {
            good += check_string(k, a->args[0], "this argument", &text);
            continue;
        }
        if (a->kind == AST_ERROR)
            return;
        struct diag *x = diag_report(k->d, DIAG_E0210, a->span, "`%.*s` does not take this argument",
                                     SLICE_ARG(e->args[0]->text));
        diag_label(k->d, x, "not expected");
        diag_note(k->d, x, "its arguments, by name: %.*s", SLICE_ARG(arguments));
        return;
    }
    if (e->nargs - 1 < n)
        diag_note(k->d,
                  diag_report(k->d, DIAG_E0211, e->span, "`%.*s` needs more arguments",
                              SLICE_ARG(e->args[0]->text)),
                  "its arguments, by name: %.*s", SLICE_ARG(arguments));
}

void check_made_bytes(struct checker *k, const struct ast_expr *e)
{
    const struct ast_expr *name = e->args[0];
    struct slice names[NMAKERS];
    for (size_t i = 0; i < NMAKERS; i++) {
        names[i] = makers[i].text;
        if (name->kind != AST_NAME || !slice_eq(name->text, makers[i].text))
            continue;
        check_later(k, name->span, "`%.*s(…)`", SLICE_ARG(name->text));
        maker_arguments(k, e, makers[i].arguments);
        return;
    }
    if (name->kind == AST_ERROR)
        return;
    struct slice text = check_source_text(k, name->span);
    struct diag *x =
        diag_report(k->d, DIAG_E0201, name->span, "no function `%.*s` makes bytes", SLICE_ARG(text));
    diag_label(k->d, x, "unknown");
    check_suggest(k, x, name->span, text, names, NMAKERS);
}

/* ---- var.NAME ---------------------------------------------------------------------------------- */

static bool is_member_of(const struct ast_expr *e, const char *word)
{
    return e->kind == AST_MEMBER && check_word(e->args[0], word);
}

static void collect(struct checker *k, struct module *m, const struct ast_block *block, enum phase phase)
{
    for (uint32_t i = 0; block && i < block->stmts.n; i++) {
        const struct ast_stmt *s = block->stmts.v[i];
        enum phase p = phase;
        if (s->kind == AST_STMT_WORD && slice_eq(s->word, SLICE("set")) && s->nargs && s->tail_expr &&
            is_member_of(s->args[0], "var")) {
            bool added;
            strmap_put(&k->vars, k->a, s->args[0]->text, k->var_list.n, &added);
            struct var *v = added ? arena_new(k->a, struct var) : NULL;
            if (v) {
                *v = (struct var){.stmt = s, .module = m, .phase = phase};
                vec_add(k->a, &k->var_list, v);
            }
        }
        if (s->kind == AST_STMT_WORD && slice_eq(s->word, SLICE("on")) && check_phase_named(s) != PHASE_COUNT)
            p = check_phase_named(s);
        collect(k, m, s->block, p);
        collect(k, m, s->else_block, p);
        for (const struct ast_stmt *w = s->else_when; w; w = w->else_when) {
            collect(k, m, w->block, p);
            collect(k, m, w->else_block, p);
        }
    }
}

void check_collect_vars(struct checker *k, struct module *m)
{
    collect(k, m, m->ast->top, PHASE_REQUEST);
}

/* The type of what is set, without a word about what is wrong with it: that is said where it is set. */
static void infer(struct checker *k, struct var *v)
{
    struct diags quiet = {.arena = k->a, .sources = k->d->sources}, *outer = k->d;
    struct module *m = k->m;
    enum phase phase = k->phase;
    v->state = VAR_BUSY;
    k->d = &quiet;
    k->m = v->module;
    k->phase = PHASE_LOG;
    k->later++;
    v->type = check_expr(k, v->stmt->tail_expr, TYPE_STRING).type;
    k->later--;
    k->phase = phase;
    k->m = m;
    k->d = outer;
    v->state = VAR_DONE;
}

struct typed check_var(struct checker *k, const struct ast_expr *e)
{
    const uint32_t *at = strmap_get(&k->vars, e->text);
    if (!at) {
        VEC(struct slice) names = {0};
        for (uint32_t i = 0; i < k->var_list.n; i++)
            vec_add(k->a, &names, k->var_list.v[i]->stmt->args[0]->text);
        struct diag *x =
            diag_report(k->d, DIAG_E0201, e->span, "no rule sets `var.%.*s`", SLICE_ARG(e->text));
        diag_label(k->d, x, "never set");
        check_suggest(k, x, ast_op_span(e), e->text, names.v, names.n);
        return check_failed();
    }
    struct var *v = k->var_list.v[*at];
    if (v->state == VAR_NEW)
        infer(k, v);
    if (v->state == VAR_BUSY || v->type == TYPE_ERROR ||
        !check_phase(k, e->span, arena_printf(k->a, "var.%.*s", SLICE_ARG(e->text)), v->phase))
        return check_failed();
    check_later_field(k, e->span, arena_printf(k->a, "var.%.*s", SLICE_ARG(e->text)));
    return stand_in(k, e, v->type, v->stmt->cond != NULL);
}

/* ---- set, add, delete -------------------------------------------------------------------------- */

static const struct target {
    struct slice text;
    enum type_id type;
    bool keyed;
    uint64_t contexts;
} targets[] = {
#define TARGET(text, type, keyed, contexts, doc)       {SLICE(text), TYPE_##type, keyed, contexts},
#define LATER_TARGET(text, type, keyed, contexts, doc) {SLICE(text), TYPE_##type, keyed, contexts},
#include "grammar/names.def"
};
enum { NTARGETS = sizeof targets / sizeof *targets };

static void set_var(struct checker *k, const struct ast_stmt *s)
{
    const struct ast_expr *e = s->args[0];
    check_later(k, e->span, "changing `var.%.*s`", SLICE_ARG(e->text));
    k->later++;
    const uint32_t *at = strmap_get(&k->vars, e->text);
    struct typed t = check_expr(k, s->tail_expr, TYPE_STRING);
    struct var *v = at ? k->var_list.v[*at] : NULL;
    if (v && v->state == VAR_NEW)
        infer(k, v);
    if (t.type != TYPE_ERROR && check_present(k, s->tail_expr, &t) && v && v->type != TYPE_ERROR &&
        !check_convertible(t.type, v->type)) {
        struct diag *x = check_mismatch(k, s->tail_expr, check_type_text(t.type), check_type_text(v->type));
        diag_secondary(k->d, x, v->stmt->args[0]->span, "first set to a value of type %s here",
                       check_type_text(v->type));
    }
    k->later--;
}

static const struct slice levels[] = {SLICE("emergency"), SLICE("alert"),  SLICE("critical"), SLICE("error"),
                                      SLICE("warning"),   SLICE("notice"), SLICE("info"),     SLICE("debug")};

static void set_log(struct checker *k, const struct ast_stmt *s)
{
    const struct ast_expr *v = s->tail_expr;
    if (k->phase != PHASE_LOG) {
        struct diag *x = diag_report(k->d, DIAG_E0404, s->args[0]->span, "`log.%.*s` cannot be set in %s",
                                     SLICE_ARG(s->args[0]->text), check_phase_name(k->phase));
        diag_label(k->d, x, "it belongs in `on log`");
        return;
    }
    if (!slice_eq(s->args[0]->text, SLICE("level"))) {
        check_expr(k, v, TYPE_STRING);
        return;
    }
    for (size_t i = 0; i < sizeof levels / sizeof *levels && v->kind == AST_NAME; i++)
        if (slice_eq(v->text, levels[i]))
            return;
    if (v->kind == AST_ERROR)
        return;
    struct diag *x = diag_report(k->d, DIAG_E0302, v->span, "`log.level` is the name of a level");
    diag_label(k->d, x, "expected debug, info, notice, warning, error, critical, alert or emergency");
    if (v->kind == AST_NAME)
        check_suggest(k, x, v->span, v->text, levels, sizeof levels / sizeof *levels);
}

static void target_value(struct checker *k, const struct target *t, const struct ast_stmt *s)
{
    int64_t n;
    const struct ast_expr *e = s->tail_expr;
    if (t->keyed) {
        check_header_value(k, e, "the value of a header");
    } else if (t->type == TYPE_STATUS) {
        check_int(k, e, "a status", 100, 599, &n);
    } else if (t->type == TYPE_INT) {
        check_int(k, e, "this number", 0, UINT32_MAX, &n);
    } else {
        struct typed v = check_expr(k, e, t->type);
        if (v.type == TYPE_ERROR || !check_present(k, e, &v) || check_is_text(v.type))
            return;
        check_mismatch(k, e, check_type_text(v.type), check_type_text(t->type));
    }
}

static void no_target(struct checker *k, enum statement_id id, const struct ast_stmt *s, struct slice text)
{
    const struct ast_expr *e = s->args[0];
    struct slice names[NTARGETS];
    for (size_t i = 0; i < NTARGETS; i++)
        names[i] = targets[i].text;
    if (check_is_lost(k, e))
        return;
    bool field = check_is_field(e->kind == AST_INDEX ? e->args[0] : e);
    struct diag *x = check_misformed(
        k, id, e->span, field ? "`%.*s` cannot be changed" : "there is no `%.*s` to change", SLICE_ARG(text));
    diag_label(k->d, x, field ? "read only" : "unknown");
    if (!field)
        check_suggest(k, x, e->kind == AST_INDEX ? e->args[0]->span : e->span, text, names, NTARGETS);
}

static void known_target(struct checker *k, enum statement_id id, const struct ast_stmt *s,
                         const struct target *t, bool indexed)
{
    const struct ast_expr *e = s->args[0];
    struct slice name;
    if (!(t->contexts & check_phase_context(k->phase))) {
        struct diag *x = diag_report(k->d, DIAG_E0404, e->span, "`%.*s` cannot be changed in %s",
                                     SLICE_ARG(t->text), check_phase_name(k->phase));
        struct slice there = check_places(k->a, t->contexts);
        diag_label(k->d, x, "it can be %.*s", SLICE_ARG(there));
        return;
    }
    if (t->keyed != indexed || (id != STATEMENT_SET && !t->keyed)) {
        struct diag *x = check_misformed(k, id, e->span,
                                         t->keyed  ? "`%.*s` needs a key"
                                         : indexed ? "`%.*s` has no keys"
                                                   : "`%.*s` can only be `set`",
                                         SLICE_ARG(t->text));
        diag_label(k->d, x, t->keyed ? "which one?" : "one value");
        return;
    }
    check_later(k, e->span, "changing `%.*s`", SLICE_ARG(check_source_text(k, e->span)));
    k->later++;
    if (indexed && slice_ends(t->text, SLICE("header")))
        check_header_name(k, e->args[1], true, &name);
    else if (indexed)
        check_string(k, e->args[1], "the key of a field", &name);
    if (s->tail_expr)
        target_value(k, t, s);
    k->later--;
}

/* A tag of a table. */
static void set_counter(struct checker *k, const struct ast_stmt *s)
{
    struct decl *d = table_of(k, s->args[0]);
    d->used = true;
    check_later(k, s->args[0]->span, "changing `%.*s`", SLICE_ARG(check_source_text(k, s->args[0]->span)));
    check_by(k, s->args[0]->args[0]->args[1], d);
    const struct ast_stmt *c = counter_named(k, s->args[0], d);
    if (c && !slice_eq(c->word, SLICE("tag"))) {
        struct diag *x =
            diag_report(k->d, DIAG_E0302, s->args[0]->span, "only a `tag` of a table can be set");
        diag_label(k->d, x, "a counter");
        diag_secondary(k->d, x, c->word_span, "declared here");
    }
    struct typed t = check_expr(k, s->tail_expr, TYPE_INT);
    if (t.type != TYPE_ERROR && check_present(k, s->tail_expr, &t) && t.type != TYPE_INT)
        check_mismatch(k, s->tail_expr, check_type_text(t.type), "int");
}

void check_target(struct checker *k, enum statement_id id, const struct ast_stmt *s)
{
    const struct ast_expr *e = s->args[0], *base = e->kind == AST_INDEX ? e->args[0] : e;
    struct slice text = check_source_text(k, base->span);
    if (e->kind == AST_ERROR || base->kind == AST_ERROR)
        return;
    bool var = is_member_of(e, "var"), log = is_member_of(e, "log"), counter = check_is_counter(k, e);
    if (id == STATEMENT_SET && (var || log || counter)) {
        if (var)
            set_var(k, s);
        else if (log)
            set_log(k, s);
        else
            set_counter(k, s);
        return;
    }
    for (size_t i = 0; i < NTARGETS; i++)
        if (slice_eq(text, targets[i].text)) {
            known_target(k, id, s, &targets[i], e->kind == AST_INDEX);
            return;
        }
    no_target(k, id, s, text);
}

/* ---- dry-run ----------------------------------------------------------------------------------- */

void check_dry_run(struct checker *k, const struct ast_stmt *s, enum context context)
{
    const struct ast_expr *word = s->args[0];
    struct ast_stmt *rule = arena_new(k->a, struct ast_stmt);
    bool decides = false;
    *rule = *s;
    rule->word = word->kind == AST_NAME ? word->text : SLICE("");
    rule->word_span = rule->span = word->span;
    rule->args = s->args + 1;
    rule->nargs = s->nargs - 1;
    for (size_t id = 1; id < STATEMENT_COUNT; id++)
        decides |= (check_parts((enum statement_id)id) & DECIDES || id == STATEMENT_ENFORCE) &&
                   check_may_stand((enum statement_id)id, context) &&
                   slice_eq(check_word_of((enum statement_id)id), rule->word) && id != STATEMENT_DRY_RUN;
    if (decides || (word->kind == AST_NAME && !check_is_rule(rule->word))) {
        check_one_rule(k, rule);
        return;
    }
    diag_label(
        k->d,
        check_misformed(k, STATEMENT_DRY_RUN, word->span, "`dry-run` stands before a rule that decides"),
        "not such a rule");
}

/* ---- errors ------------------------------------------------------------------------------------ */

void check_error_row(struct checker *k, const struct ast_stmt *s)
{
    const struct ast_expr *key = s->args[0], *how = s->ntail_args ? s->tail_args[0] : NULL;
    struct slice file;
    int64_t n;
    if (key->kind == AST_RANGE && (key->range.lo < 400 || key->range.hi > 599))
        diag_label(k->d, diag_report(k->d, DIAG_E0303, key->span, "errors have statuses from 400 to 599"),
                   "outside");
    else if (key->kind != AST_RANGE)
        check_int(k, key, "the status of an error", 400, 599, &n);
    bool body = how && check_word(how, "body");
    bool known = body || (how && (check_word(how, "file") || check_word(how, "raw-file")));
    if (s->nargs == 1 && known && s->ntail_args == 2 && !s->cond && !s->block) {
        check_string(k, s->tail_args[1], body ? "the text of an error page" : "the file of an error page", &file);
        return;
    }
    struct diag *x = diag_report(k->d, DIAG_E0211, how ? how->span : key->span,
                                 "a row of `errors` is a status and a file, or a text");
    diag_label(k->d, x, "not such a row");
    diag_help(k->d, x, "it is written `503 -> file \"FILE\"` or `503 -> body \"TEXT\"`");
}

/* ---- backends ---------------------------------------------------------------------------------- */

struct decl *check_used(struct checker *k, const struct ast_expr *e, bool tcp)
{
    struct decl *d = check_ref(k, e, 1u << DECL_BACKEND | 1u << DECL_SPLIT, "backend");
    bool split = d && d->kind == DECL_SPLIT;
    if (!d || d->tcp == tcp || (split && d->rows.broken))
        return d;
    struct diag *x = diag_report(k->d, DIAG_E0306, e->span, "%s cannot use %s %s `%.*s`",
                                 tcp ? "TCP frontend" : "HTTP frontend", tcp ? "HTTP" : "TCP",
                                 split ? "split" : "backend", SLICE_ARG(d->name));
    diag_label(k->d, x, tcp ? "for requests, not for connections" : "for connections, not for requests");
    diag_secondary(k->d, x, d->at, "declared here");
    if (split)
        diag_help(k->d, x, "a split is for frontends of the kind that its backends are for");
    else if (tcp)
        diag_help(k->d, x, "declare it as `backend %.*s: tcp { … }`", SLICE_ARG(d->name));
    else
        diag_help(k->d, x, "HTTP frontends route to backends without `: tcp`");
    return NULL;
}
