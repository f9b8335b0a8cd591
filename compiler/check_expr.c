/* Expressions: names, literals, and/or/not; absence and what conditions make sure of. */
#include "compiler/lint.h"

/* ---- making IR --------------------------------------------------------------------------------- */

struct ir_pos check_pos(struct checker *k, struct span at)
{
    struct source *src = k->c->sources.files.v[at.file];
    struct ir_pos pos = {.file = at.file};
    /* Places come nearly in the order of the text: try the line of the last one and the few after it. */
    if (src->line_starts.n && k->last.file == at.file && k->last.line && k->last.line <= src->line_starts.n &&
        at.off <= src->text.len) {
        uint32_t line = k->last.line, n = src->line_starts.n;
        const uint32_t *starts = src->line_starts.v;
        for (uint32_t tries = 0; starts[line - 1] <= at.off && tries < 8; tries++, line++)
            if (line == n || at.off < starts[line]) {
                k->last.line = line;
                pos.line = line;
                pos.col = at.off - starts[line - 1] + 1;
                return pos;
            }
    }
    source_line_col(k->a, src, at.off, &pos.line, &pos.col);
    k->last.file = at.file;
    k->last.line = pos.line;
    return pos;
}

struct ir_expr *check_new(struct checker *k, enum ir_op op, enum ir_kind kind, uint32_t nargs, struct span at)
{
    struct ir_expr *e = arena_alloc(k->a, sizeof *e + nargs * sizeof *e->args);
    memset(e, 0, sizeof *e);
    e->op = (uint8_t)op;
    e->kind = (uint8_t)kind;
    e->nargs = nargs;
    e->args = nargs ? (struct ir_expr **)(e + 1) : NULL;
    e->pos = check_pos(k, at);
    e->len = at.len;
    k->size++;
    return e;
}

struct ir_expr *check_new1(struct checker *k, enum ir_op op, enum ir_kind kind, struct ir_expr *x,
                           struct span at)
{
    struct ir_expr *e = check_new(k, op, kind, 1, at);
    e->args[0] = x;
    return e;
}

struct ir_expr *check_new2(struct checker *k, enum ir_op op, enum ir_kind kind, struct ir_expr *x,
                           struct ir_expr *y, struct span at)
{
    struct ir_expr *e = check_new(k, op, kind, 2, at);
    e->args[0] = x;
    e->args[1] = y;
    return e;
}

enum ir_kind check_kind(enum type_id t)
{
    return t == TYPE_BOOL ? IR_BOOL
           : t == TYPE_INT || t == TYPE_STATUS || t == TYPE_PERCENT || t == TYPE_DURATION || t == TYPE_SIZE ||
                   t == TYPE_TIME
               ? IR_INT
           : t == TYPE_IP      ? IR_IP
           : t == TYPE_BACKEND ? IR_BACKEND
           : t == TYPE_CIDR    ? IR_CIDR
           : t == TYPE_LIST    ? IR_LIST
                               : IR_STR;
}

struct typed check_failed(void)
{
    return (struct typed){NULL, TYPE_ERROR, false};
}

bool check_is_text(enum type_id t)
{
    return t == TYPE_STRING || t == TYPE_HOST || t == TYPE_PATH || t == TYPE_METHOD;
}

bool check_convertible(enum type_id from, enum type_id to)
{
    return from == to || (to == TYPE_STRING && check_is_text(from));
}

/* ---- absence ----------------------------------------------------------------------------------- */

static bool same(const struct ir_expr *a, const struct ir_expr *b)
{
    if (a == b)
        return true;
    if (a->op != b->op || a->field != b->field || a->nargs != b->nargs)
        return false;
    if (a->op == IR_REPLACE && !slice_eq(a->str, b->str))
        return false;
    if (a->op == IR_LOOKUP && a->set != b->set)
        return false;
    if ((a->op == IR_FIELD || a->op == IR_CONST_STR) && !slice_eq(a->str, b->str))
        return false;
    if ((a->op == IR_CONST_INT && a->num != b->num) || a->op == IR_CONST_IP || a->op == IR_CONST_CIDR)
        return false;
    for (uint32_t i = 0; i < a->nargs; i++)
        if (!same(a->args[i], b->args[i]))
            return false;
    return true;
}

static bool is_present(const struct checker *k, const struct ir_expr *e)
{
    for (uint32_t i = 0; i < k->present.n; i++)
        if (same(k->present.v[i], e))
            return true;
    return false;
}

/* Where `e` is there, so is what it is made of. */
static void assume_present(struct checker *k, const struct ir_expr *e)
{
    if (!e->optional)
        return;
    vec_add(k->a, &k->present, e);
    bool arithmetic = e->op == IR_ADD || e->op == IR_SUB || e->op == IR_MUL || e->op == IR_DIV || e->op == IR_MOD;
    bool converted = e->op >= IR_LENGTH && e->op <= IR_NTH; /* of a text: other operands are never absent */
    if (e->op == IR_LOWER || e->op == IR_UPPER || e->op == IR_TO_INT || arithmetic || converted)
        assume_present(k, e->args[0]);
    if (arithmetic)
        assume_present(k, e->args[1]);
}

void check_assume(struct checker *k, const struct ir_expr *cond)
{
    switch ((enum ir_op)cond->op) {
    case IR_AND:
        for (uint32_t i = 0; i < cond->nargs; i++)
            check_assume(k, cond->args[i]);
        break;
    case IR_EXISTS:
    case IR_EQ:
    case IR_LT:
    case IR_LE:
    case IR_IN:
    case IR_UNDER:
    case IR_STARTS_WITH:
    case IR_ENDS_WITH:
    case IR_CONTAINS:
    case IR_LIKE:
    case IR_MATCHES:
    case IR_AMONG:
        for (uint32_t i = 0; i < cond->nargs; i++)
            assume_present(k, cond->args[i]);
        break;
    case IR_CONST_BOOL:
    case IR_CONST_INT:
    case IR_CONST_STR:
    case IR_CONST_IP:
    case IR_FIELD:
    case IR_OR:
    case IR_NOT:
    case IR_LOOKUP:
    case IR_LOWER:
    case IR_UPPER:
    case IR_DEFAULT:
    case IR_TO_INT:
    case IR_TO_STR:
    case IR_CONCAT:
    case IR_ADD:
    case IR_SUB:
    case IR_MUL:
    case IR_DIV:
    case IR_MOD:
    case IR_CONST_CIDR:
    case IR_LENGTH:
    case IR_HASH:
    case IR_BASE64:
    case IR_BASE64_DECODE:
    case IR_URL_DECODE:
    case IR_PART:
    case IR_REPLACE:
    case IR_MASK:
    case IR_LINES:
    case IR_NTH:
        break;
    }
}

void check_forget(struct checker *k, uint32_t mark)
{
    k->present.n = mark;
}

struct slice check_source_text(struct checker *k, struct span at)
{
    struct slice all = k->c->sources.files.v[at.file]->text;
    struct slice s = {all.p + at.off, at.len};
    if (s.len > 60)
        s = arena_printf(k->a, "%.*s…", 57, s.p);
    return s;
}

/* What to say where a value of this type is absent; NULL where no constant is at hand. */
static const char *default_text(enum type_id type)
{
    return type == TYPE_STRING    ? "default(\"\")"
           : type == TYPE_INT     ? "default(0)"
           : type == TYPE_BOOL    ? "default(false)"
           : type == TYPE_PERCENT ? "default(0%)"
                                  : NULL;
}

bool check_present(struct checker *k, const struct ast_expr *e, const struct typed *t)
{
    if (!t->optional)
        return true;
    struct slice text = check_source_text(k, e->span);
    struct diag *x = diag_report(k->d, DIAG_E0305, e->span, "`%.*s` may be absent", SLICE_ARG(text));
    diag_label(k->d, x, "%s?, expected %s", check_type_text(t->type), check_type_text(t->type));
    diag_help(k->d, x, "do this only where it is there: `… if exists(%.*s)`", SLICE_ARG(text));
    if (t->ir->op == IR_LOOKUP)
        diag_help(k->d, x, "or give the map a row for all other keys: `default -> …`");
    const char *absent = default_text(t->type);
    if (!absent)
        return false;
    diag_help(k->d, x, "or give it a value for that case: `%.*s | %s`", SLICE_ARG(text), absent);
    if (e->kind == AST_INDEX || e->kind == AST_MEMBER)
        diag_fix(x, FIX_MAYBE, (struct span){e->span.file, e->span.off + e->span.len, 0},
                 arena_printf(k->a, " | %s", absent));
    return false;
}

struct typed check_result(struct checker *k, struct ir_expr *e, enum type_id type)
{
    return (struct typed){e, type, e->optional && !is_present(k, e)};
}

/* ---- names ------------------------------------------------------------------------------------- */

/* The condition itself, once. */
static struct ir_expr *acl_condition(struct checker *k, struct decl *d)
{
    if (k->level >= ACL_DEPTH_MAX) {
        check_too_deep(k, d->at, "conditions", ACL_DEPTH_MAX);
        return NULL;
    }
    /* What surrounds the first use says nothing about others. */
    struct checker outer = *k;
    k->m = d->module;
    k->acl = d;
    k->level++;
    k->size = k->depth = 0;
    k->phase = PHASE_ANY;
    k->tcp = false;
    k->need = (struct need){0};
    k->later_field = (struct slice){0};
    memset(&k->present, 0, sizeof k->present);
    bool tight = k->tight;
    struct slice left_out = k->left_out;
    k->tight = false;
    k->left_out = (struct slice){0};
    bool library = check_library_begin(k, d->module);
    struct ir_expr *e = check_condition(k, d->stmt->tail_expr);
    check_library_end(k, library);
    d->to_come = k->left_out;
    k->left_out = left_out;
    k->tight = tight;
    if (e)
        lint_condition(k, d->stmt->tail_expr, e);
    d->size = k->size;
    d->depth = k->depth + 1;
    d->need = k->need;
    k->need = outer.need;
    k->phase = outer.phase;
    k->tcp = outer.tcp;
    k->level--;
    k->size = outer.size;
    k->repeated = outer.repeated;
    k->depth = outer.depth;
    k->acl = outer.acl;
    k->m = outer.m;
    k->present.v = outer.present.v;
    k->present.n = outer.present.n;
    k->present.cap = outer.present.cap;
    if (e && d->size <= CONDITION_MAX && d->depth <= ACL_DEPTH_MAX)
        return e;
    if (!e)
        ; /* reported */
    else if (d->depth > ACL_DEPTH_MAX)
        check_too_deep(k, d->at, "conditions", ACL_DEPTH_MAX);
    else
        diag_label(k->d,
                   diag_report(k->d, DIAG_E0901, d->at,
                               "this condition, with those that it is made of, is too large"),
                   "more than %d parts", CONDITION_MAX);
    d->size = d->depth = 0;
    return NULL;
}

void check_acl(struct checker *k, struct decl *d)
{
    if (d->state != DECL_NEW)
        return;
    d->state = DECL_BUSY;
    if (d->stmt->nparams || d->stmt->told) {
        ; /* check_call_alone(); reported */
    } else if (d->stmt->type && d->stmt->type->name.p && !slice_eq(d->stmt->type->name, SLICE("bool"))) {
        diag_label(k->d,
                   diag_report(k->d, DIAG_E0302, d->stmt->type->span, "an acl is a condition, of type bool"),
                   "expected bool");
    } else {
        d->acl = acl_condition(k, d);
    }
    d->state = DECL_DONE;
}

static struct typed acl_value(struct checker *k, const struct ast_expr *e, struct decl *d)
{
    if (d->state == DECL_BUSY) {
        struct slice through = k->acl == d ? SLICE("") : arena_printf(k->a, " through `%.*s`", SLICE_ARG(k->acl->name));
        struct diag *x = diag_report(k->d, DIAG_E0205, e->span, "`acl %.*s` uses itself%.*s", SLICE_ARG(d->name),
                                     SLICE_ARG(through));
        diag_label(k->d, x,
                   k->acl == d ? "used within its own condition" : "used by `%.*s`, which it is made of",
                   SLICE_ARG(k->acl->name));
        diag_secondary(k->d, x, d->at, "declared here");
        return check_failed();
    }
    check_acl(k, d);
    if (!check_need(k, e->span, d->name, &d->need))
        return check_failed();
    if (d->to_come.p && k->inert)
        k->left_out = d->to_come;
    else if (d->to_come.p)
        check_later(k, e->span, "%.*s, in `acl %.*s`", SLICE_ARG(d->to_come), SLICE_ARG(d->name));
    k->size += d->size;
    k->repeated += d->size;
    k->depth = k->depth > d->depth ? k->depth : d->depth;
    return d->acl ? (struct typed){d->acl, TYPE_BOOL, false} : check_failed();
}

static struct typed wrong_name(struct checker *k, const struct ast_expr *e, const struct decl *d)
{
    struct diag *x = diag_report(k->d, DIAG_E0202, e->span, "`%.*s` is %s; a value is expected here",
                                 SLICE_ARG(d->name), check_decl_text(d->kind));
    diag_label(k->d, x, "not a value");
    if (d->kind == DECL_MAP)
        diag_help(k->d, x, "look a key up: `%.*s[KEY]`, or ask whether there is one: `KEY in %.*s`",
                  SLICE_ARG(d->name), SLICE_ARG(d->name));
    else if (d->kind == DECL_LIST)
        diag_help(k->d, x, "ask whether a value is one of its keys: `VALUE in %.*s`", SLICE_ARG(d->name));
    diag_secondary(k->d, x, d->at, "declared here");
    return check_failed();
}

/* `clint.ip`: reports it as what it nearly is. */
static bool nearly_field(struct checker *k, const struct ast_expr *e)
{
    struct slice text = check_source_text(k, e->span);
    const struct ast_expr *first = e;
    while (first->kind == AST_MEMBER)
        first = first->args[0];
    struct diag probe = {0};
    if (first->kind != AST_NAME || check_lookup(k, first))
        return false;
    check_suggest_field(k, &probe, e->span, text);
    if (!probe.has_fix)
        return false;
    struct diag *x = diag_report(k->d, DIAG_E0208, e->span, "there is no field `%.*s`", SLICE_ARG(text));
    diag_label(k->d, x, "unknown");
    check_suggest_field(k, x, e->span, text);
    return true;
}

static struct typed unknown_name(struct checker *k, const struct ast_expr *e)
{
    if (k->incomplete || check_is_lost(k, e))
        return check_failed();
    if ((e->kind == AST_MEMBER && !nearly_field(k, e)) || (e->kind == AST_NAME && e->bound)) {
        check_ref(k, e, 1u << DECL_LET | 1u << DECL_ACL, "constant or condition");
        return check_failed();
    }
    if (e->kind == AST_MEMBER || check_is_name_told(k, e->text, e->span))
        return check_failed();
    struct diag *x =
        diag_report(k->d, DIAG_E0201, e->span, "no field, constant or condition `%.*s`", SLICE_ARG(e->text));
    check_name_told(k, e->text, x);
    diag_label(k->d, x, "not declared");
    if (check_peer_word(k, x, PEER_NAME, e->text))
        return check_failed();
    check_suggest_name(k, x, e->span, e->text,
                       1u << DECL_LET | 1u << DECL_ACL | 1u << DECL_MAP | 1u << DECL_LIST);
    if (!x->has_fix)
        check_suggest_field(k, x, e->span, e->text);
    return check_failed();
}

static struct typed method_word(struct checker *k, const struct ast_expr *e)
{
    struct ir_expr *x = check_new(k, IR_CONST_STR, IR_STR, 0, e->span);
    x->str = e->text;
    return (struct typed){x, TYPE_METHOD, false};
}

static struct typed name(struct checker *k, const struct ast_expr *e, enum type_id want)
{
    if (check_is_parameter(e))
        return check_parameter(k, e, want);
    if (check_names_field(e))
        return check_field(k, e);
    if (check_is_counter(k, e))
        return check_counter(k, e);
    struct decl *d = check_lookup(k, e);
    if (!d && want == TYPE_METHOD && e->kind == AST_NAME && check_is_method_word(e->text))
        return method_word(k, e);
    if (!d)
        return unknown_name(k, e);
    d->used = true;
    if ((d->kind == DECL_ACL || d->kind == DECL_LET) && d->stmt->nparams)
        return check_call_decl(k, e, d);
    if (d->kind == DECL_ACL)
        return acl_value(k, e, d);
    if (d->kind != DECL_LET)
        return wrong_name(k, e, d);
    const struct ast_expr *lit = check_literal_quietly(k, e);
    if (!lit)
        return check_failed(); /* check_let() reports it */
    struct ast_expr here = *lit;
    here.span = e->span;
    return check_expr(k, &here, want);
}

/* ---- literals ---------------------------------------------------------------------------------- */

static struct typed string(struct checker *k, const struct ast_expr *e, enum type_id want)
{
    struct text_error err;
    struct slice text;
    enum type_id type = check_is_text(want) ? want : TYPE_STRING;
    if (!check_text_type(k->a, type, e->text, &text, &err)) {
        check_bad_text(k, e, e->text, check_type_text(type), &err);
        return check_failed();
    }
    struct ir_expr *x = check_new(k, IR_CONST_STR, IR_STR, 0, e->span);
    x->str = text;
    return (struct typed){x, type, false};
}

static struct typed literal(struct checker *k, const struct ast_expr *e, enum type_id want)
{
    struct ir_expr *x;
    if (e->kind == AST_STRING)
        return string(k, e, want);
    if (e->kind == AST_BOOL || e->kind == AST_INT) {
        x = check_new(k, e->kind == AST_INT ? IR_CONST_INT : IR_CONST_BOOL,
                      e->kind == AST_INT ? IR_INT : IR_BOOL, 0, e->span);
        x->num = e->num;
        return (struct typed){x, e->kind == AST_INT ? TYPE_INT : TYPE_BOOL, false};
    }
    struct ir_key net;
    if (e->kind == AST_CIDR && want == TYPE_CIDR) {
        if (!check_key(k, IR_KEY_CIDR, e, &net))
            return check_failed();
        x = check_new(k, IR_CONST_CIDR, IR_CIDR, 0, e->span);
        x->cidr = net.cidr;
        return (struct typed){x, TYPE_CIDR, false};
    }
    if (e->kind == AST_CIDR && !e->has_prefix) {
        x = check_new(k, IR_CONST_IP, IR_IP, 0, e->span);
        x->ip = e->cidr->addr;
        return (struct typed){x, TYPE_IP, false};
    }
    if (e->kind == AST_PERCENT && want == TYPE_PERCENT) {
        x = check_new(k, IR_CONST_INT, IR_INT, 0, e->span);
        bool good = check_percent(k, e, "this share", &x->num);
        return good ? (struct typed){x, TYPE_PERCENT, false} : check_failed();
    }
    if ((e->kind == AST_DURATION && want == TYPE_DURATION) || (e->kind == AST_SIZE && want == TYPE_SIZE)) {
        x = check_new(k, IR_CONST_INT, IR_INT, 0, e->span);
        x->num = e->num;
        return (struct typed){x, want, false};
    }
    if (e->kind == AST_HEX) {
        x = check_new(k, IR_CONST_STR, IR_STR, 0, e->span);
        x->str = e->text;
        return (struct typed){x, TYPE_STRING, false};
    }
    const char *type = check_type_text(check_literal_type(e));
    struct diag *d = diag_report(k->d, DIAG_E0302, e->span, "%s %s has no place here", check_an(type), type);
    diag_label(k->d, d, "%s", type);
    if (e->kind == AST_CIDR || e->kind == AST_RANGE || e->kind == AST_LIST || e->kind == AST_IP_RANGE)
        diag_help(k->d, d, "`VALUE in %.*s` asks whether it holds a value",
                  SLICE_ARG(check_source_text(k, e->span)));
    return check_failed();
}

static struct typed index_of(struct checker *k, const struct ast_expr *e)
{
    if (e->args[0]->kind == AST_ERROR || e->args[1]->kind == AST_ERROR)
        return check_failed();
    if (check_names_field(e->args[0]))
        return check_field(k, e);
    struct decl *d = check_ref(k, e->args[0], 1u << DECL_MAP, "map");
    return d ? check_map_lookup(k, e, d) : check_failed();
}

/* ---- conditions -------------------------------------------------------------------------------- */

static struct typed junction(struct checker *k, const struct ast_expr *e)
{
    struct ir_expr *x = check_new(k, e->kind == AST_AND ? IR_AND : IR_OR, IR_BOOL, e->nargs, e->span);
    uint32_t mark = k->present.n;
    bool good = true, tight = k->tight;
    k->tight = e->kind == AST_OR;
    for (uint32_t i = 0; i < e->nargs; i++) {
        x->args[i] = check_condition(k, e->args[i]);
        good &= x->args[i] != NULL;
        if (x->args[i] && e->kind == AST_AND)
            check_assume(k, x->args[i]);
    }
    check_forget(k, mark);
    k->tight = tight;
    if (good)
        lint_junction(k, e, x);
    return good ? (struct typed){x, TYPE_BOOL, false} : check_failed();
}

/* `exists(x) and …` before `whole`, in parentheses where it is an operand of `or` or `not`. */
static void ask_first(struct checker *k, struct diag *d, struct span whole, struct slice operand)
{
    const char *open = k->tight ? "(" : "";
    diag_fix(d, FIX_MAYBE, (struct span){whole.file, whole.off, 0},
             arena_printf(k->a, "%sexists(%.*s) and ", open, SLICE_ARG(operand)));
    if (k->tight)
        diag_fix_also(k->d, d, (struct span){whole.file, whole.off + whole.len, 0}, SLICE(")"));
}

void check_negation(struct checker *k, const struct ast_expr *e, const struct ast_expr *whole,
                    const struct ir_expr *test)
{
    bool plain = test->op != IR_NOT && test->op != IR_AND && test->op != IR_OR && test->op != IR_EXISTS;
    for (uint32_t i = 0; plain && i < test->nargs; i++) {
        const struct ir_expr *x = test->args[i];
        if (!x->optional || is_present(k, x))
            continue;
        const struct ast_expr *operand = e->kind == AST_COMPARE ? e->args[i < e->nargs ? i : 0] : e;
        if (e->kind == AST_COMPARE && e->nargs == 2 && check_literal_quietly(k, operand)) /* sides are swapped in the IR */
            operand = e->args[operand == e->args[0]];
        struct slice text = check_source_text(k, operand->span);
        struct diag *d = diag_report(k->d, DIAG_W0412, e->span, "this also holds where `%.*s` is missing",
                                     SLICE_ARG(text));
        diag_label(k->d, d, "true for requests without it");
        diag_help(k->d, d, "if that is not meant, ask first: `exists(%.*s) and …`", SLICE_ARG(text));
        if (operand->span.len == text.len)
            ask_first(k, d, whole->span, text);
        return;
    }
}

static struct typed negation(struct checker *k, const struct ast_expr *e)
{
    bool tight = k->tight;
    k->tight = true;
    k->undone = e->args[0];
    struct ir_expr *x = check_condition(k, e->args[0]);
    k->tight = tight;
    if (!x)
        return check_failed();
    if (e->args[0]->kind == AST_COMPARE)
        check_negation(k, e->args[0], e, x);
    return (struct typed){check_new1(k, IR_NOT, IR_BOOL, x, e->span), TYPE_BOOL, false};
}

struct ir_expr *check_condition(struct checker *k, const struct ast_expr *e)
{
    struct typed t = check_expr(k, e, TYPE_BOOL);
    if (t.type == TYPE_ERROR)
        return NULL;
    if (t.type == TYPE_BOOL)
        return check_present(k, e, &t) ? t.ir : NULL;
    struct slice text = check_source_text(k, e->span);
    struct diag *x = diag_report(k->d, DIAG_E0302, e->span, "a condition is expected here; `%.*s` is %s%s",
                                 SLICE_ARG(text), check_type_text(t.type), t.ir->optional ? "?" : "");
    diag_label(k->d, x, "%s, expected bool", check_type_text(t.type));
    if (t.ir->optional)
        diag_help(k->d, x, "ask whether it is there: `exists(%.*s)`", SLICE_ARG(text));
    else if (check_is_text(t.type))
        diag_help(k->d, x, "compare it: `%.*s == \"…\"`", SLICE_ARG(text));
    return NULL;
}

/* An int; NULL where reported. */
static struct ir_expr *operand(struct checker *k, const struct ast_expr *e)
{
    struct typed t = check_expr(k, e, TYPE_INT);
    if (t.type == TYPE_ERROR || t.type == TYPE_INT)
        return t.ir;
    struct diag *x = check_mismatch(k, e, check_type_text(t.type), "int");
    if (check_is_text(t.type))
        diag_help(k->d, x, "read the text as a number: `%.*s | to-int`", SLICE_ARG(check_source_text(k, e->span)));
    return NULL;
}

/* There may be no result, unless an int is divided by a constant. */
static struct typed arithmetic(struct checker *k, const struct ast_expr *e)
{
    const struct ast_expr *lit = check_literal_quietly(k, e);
    if (lit)
        return literal(k, lit, TYPE_INT);
    struct ir_expr *x = operand(k, e->args[0]), *y = operand(k, e->args[1]);
    if (!x || !y)
        return check_failed();
    bool divides = e->op == AST_DIV || e->op == AST_MOD, constant = y->op == IR_CONST_INT;
    if ((x->op == IR_CONST_INT && constant) || (divides && constant && y->num == 0)) {
        struct diag *d = diag_report(k->d, DIAG_E0303, e->span, "there is no such number");
        diag_label(k->d, d, divides && y->num == 0 ? "divided by 0" : "it does not fit 64 bits");
        return check_failed();
    }
    enum ir_op op = e->op == AST_ADD   ? IR_ADD
                    : e->op == AST_SUB ? IR_SUB
                    : e->op == AST_MUL ? IR_MUL
                    : e->op == AST_DIV ? IR_DIV
                                       : IR_MOD;
    struct ir_expr *r = check_new2(k, op, IR_INT, x, y, e->span);
    r->optional = !divides || !constant || y->num == -1 || x->optional;
    return check_result(k, r, TYPE_INT);
}

static struct typed negative(struct checker *k, const struct ast_expr *e)
{
    const struct ast_expr *lit = check_literal_quietly(k, e);
    if (lit)
        return literal(k, lit, TYPE_INT);
    struct ast_expr zero = {.kind = AST_INT, .span = e->span}, minus = *e;
    struct ast_expr *args[] = {&zero, e->args[0]};
    minus.kind = AST_ARITH;
    minus.op = AST_SUB;
    minus.op_off = e->span.off;
    minus.op_len = e->span.len;
    minus.args = args;
    minus.nargs = 2;
    return arithmetic(k, &minus);
}

struct typed check_expr(struct checker *k, const struct ast_expr *e, enum type_id want)
{
    switch ((enum ast_kind)e->kind) {
    case AST_ERROR:
        return check_failed();
    case AST_NAME:
    case AST_MEMBER:
        return name(k, e, want);
    case AST_BOOL:
    case AST_INT:
    case AST_FLOAT:
    case AST_DURATION:
    case AST_SIZE:
    case AST_PERCENT:
    case AST_BANDWIDTH:
    case AST_RATE:
    case AST_RANGE:
    case AST_CIDR:
    case AST_IP_RANGE:
    case AST_ENDPOINT:
    case AST_REGEX:
    case AST_HEX:
    case AST_STRING:
    case AST_LIST:
        return literal(k, e, want);
    case AST_INTERP:
        return check_interpolation(k, e);
    case AST_INDEX:
        return index_of(k, e);
    case AST_CALL:
        return check_call(k, e);
    case AST_NOT:
        return negation(k, e);
    case AST_AND:
    case AST_OR:
        return junction(k, e);
    case AST_COMPARE:
        return check_compare(k, e);
    case AST_ARITH:
        return arithmetic(k, e);
    case AST_NEGATE:
        return negative(k, e);
    case AST_PIPE:
        return check_pipe(k, e);
    case AST_NAMED:
        check_later(k, e->span, "arguments by name");
        return check_failed();
    }
    return check_failed();
}
