/* Converters: what each takes, its arguments, and what it gives; with an operand that is a constant, so is the result. */
#include "compiler/check_state.h"
#include "compiler/eval_state.h"
#include "compiler/regex.h"

enum {
    FOLDED_MAX = 1 << 16,   /* bytes of a constant that is converted */
    REPLACED_MAX = 1 << 10, /* the same for `replace`, whose result may be that times the replacement */
};

static const struct {
    struct slice text, arguments; /* arguments: types in parentheses, or nothing */
} converters[] = {
#define CONVERTER(id, text, from, arguments, to, doc) {SLICE(text), SLICE(arguments)},
#include "grammar/names.def"
};

/* A use of a converter. */
struct use {
    struct checker *k;
    const struct ast_expr *e, *on;
    struct typed x; /* the operand */
    struct ast_expr *const *args;
};

enum converter check_converter_named(struct slice name)
{
    enum converter id = 0;
    while (id < CONVERTER_COUNT && !slice_eq(converters[id].text, name))
        id++;
    return id;
}

static uint32_t arity(enum converter id)
{
    struct slice s = converters[id].arguments;
    uint32_t n = s.len > 0;
    for (size_t i = 0; i < s.len; i++)
        n += s.p[i] == ',';
    return n;
}

/* ---- constants --------------------------------------------------------------------------------- */

static bool is_constant(const struct ir_expr *e)
{
    return e->op == IR_CONST_STR || e->op == IR_CONST_INT || e->op == IR_CONST_IP;
}

/* `e` itself where its operands are no constants, or where its result is absent or too long. */
static struct ir_expr *folded(struct checker *k, struct ir_expr *e, struct span at)
{
    size_t len = 0;
    for (uint32_t i = 0; i < e->nargs; i++) {
        if (!is_constant(e->args[i]))
            return e;
        len += e->args[i]->op == IR_CONST_STR ? e->args[i]->str.len : 0;
    }
    if (len > (e->op == IR_REPLACE ? REPLACED_MAX : FOLDED_MAX))
        return e;
    struct eval_state s = {.a = k->a};
    struct eval_value v = eval_expr(&s, e);
    if (v.absent || (v.kind != IR_STR && v.kind != IR_INT && v.kind != IR_CIDR))
        return e;
    struct ir_expr *c = check_new(k, v.kind == IR_STR   ? IR_CONST_STR
                                     : v.kind == IR_INT ? IR_CONST_INT
                                                        : IR_CONST_CIDR,
                                  v.kind, 0, at);
    if (v.kind == IR_STR)
        c->str = v.str;
    else if (v.kind == IR_INT)
        c->num = v.num;
    else
        c->cidr = v.cidr;
    return c;
}

static struct typed result(const struct use *u, struct ir_expr *e, bool optional, enum type_id type)
{
    e->optional = optional || u->x.ir->optional;
    struct ir_expr *c = folded(u->k, e, u->e->span);
    if (c != e)
        return (struct typed){c, type, false};
    struct typed t = check_result(u->k, e, type);
    t.optional &= optional || u->x.optional;
    return t;
}

/* The converter that `e` applies, its operand and arguments. False where it applies none. */
static bool read_use(struct checker *k, const struct ast_expr *e, struct slice *name, const struct ast_expr **on,
                     struct ast_expr ***args, uint32_t *nargs)
{
    bool pipe = e->kind == AST_PIPE, call = !pipe || e->args[1]->kind == AST_CALL;
    const struct ast_expr *to = pipe ? e->args[1] : e, *callee = call ? to->args[0] : to;
    if (callee->kind != AST_NAME || check_lookup(k, callee) || (!pipe && e->nargs < 2))
        return false;
    *name = callee->text;
    *on = pipe ? e->args[0] : e->args[1];
    *args = to->args + (pipe ? 1 : 2);
    *nargs = call ? to->nargs - (pipe ? 1 : 2) : 0;
    return check_converter_named(*name) != CONVERTER_COUNT;
}

const struct ast_expr *check_converted(struct checker *k, const struct ast_expr *e)
{
    const struct ast_expr *on, *of;
    struct ast_expr **args;
    struct slice name;
    uint32_t nargs, size = k->size;
    if (!read_use(k, e, &name, &on, &args, &nargs) || !(of = check_literal_quietly(k, on)) ||
        (of->kind != AST_STRING && of->kind != AST_CIDR))
        return NULL;
    struct diags quiet = {.arena = k->a, .sources = k->d->sources}, *outer = k->d;
    k->d = &quiet;
    struct typed t = check_converter(k, e, check_converter_named(name), e->span, of, args, nargs);
    k->d = outer;
    k->size = size;
    if (t.type == TYPE_ERROR || (!is_constant(t.ir) && t.ir->op != IR_CONST_CIDR))
        return NULL;
    struct ast_expr *lit = arena_new(k->a, struct ast_expr);
    *lit = (struct ast_expr){.span = e->span};
    lit->kind = t.ir->kind == IR_STR ? AST_STRING : t.ir->kind == IR_INT ? AST_INT : AST_CIDR;
    if (t.ir->kind == IR_STR)
        lit->text = t.ir->str;
    else if (t.ir->kind == IR_INT)
        lit->num = t.ir->num;
    lit->has_prefix = t.ir->kind == IR_CIDR;
    if (t.ir->kind == IR_CIDR)
        lit->cidr = &t.ir->cidr;
    return lit;
}

/* ---- operands and arguments -------------------------------------------------------------------- */

static bool need(const struct use *u, enum type_id type)
{
    if (u->x.type == TYPE_ERROR)
        return false;
    if (type == TYPE_STRING ? check_is_text(u->x.type) : u->x.type == type)
        return true;
    struct diag *x = check_mismatch(u->k, u->on, check_type_text(u->x.type), check_type_text(type));
    if (type == TYPE_STRING && (u->x.type == TYPE_IP || u->x.type == TYPE_INT || u->x.type == TYPE_CIDR))
        diag_help(u->k->d, x, "as a text: `\"${%.*s}\"`", SLICE_ARG(check_source_text(u->k, u->on->span)));
    return false;
}

static struct ir_expr *int_constant(struct checker *k, int64_t n, struct span at)
{
    struct ir_expr *c = check_new(k, IR_CONST_INT, IR_INT, 0, at);
    c->num = n;
    return c;
}

static struct ir_expr *text_constant(struct checker *k, struct slice s, struct span at)
{
    struct ir_expr *c = check_new(k, IR_CONST_STR, IR_STR, 0, at);
    c->str = s;
    return c;
}

/* The number of a part or of a line: from 1, or back from -1. */
static bool read_place(struct checker *k, const struct ast_expr *e, const char *what, int64_t *place)
{
    if (!check_int(k, e, what, INT64_MIN, INT64_MAX, place))
        return false;
    if (*place != 0)
        return true;
    struct diag *x = diag_report(k->d, DIAG_E0303, e->span, "%s is outside its range", what);
    diag_label(k->d, x, "there is none of number 0");
    diag_help(k->d, x, "the first is 1, the last is -1");
    return false;
}

/* ---- each -------------------------------------------------------------------------------------- */

static struct typed plain(const struct use *u, enum ir_op op, bool optional)
{
    bool number = op == IR_TO_INT || op == IR_HASH || op == IR_LENGTH;
    if (!need(u, TYPE_STRING))
        return check_failed();
    return result(u, check_new1(u->k, op, number ? IR_INT : IR_STR, u->x.ir, u->e->span), optional,
                  number ? TYPE_INT : TYPE_STRING);
}

static struct typed length(const struct use *u)
{
    if (u->x.type != TYPE_LIST)
        return plain(u, IR_LENGTH, false);
    return result(u, check_new1(u->k, IR_LINES, IR_INT, u->x.ir, u->e->span), false, TYPE_INT);
}

static struct typed default_of(const struct use *u)
{
    struct checker *k = u->k;
    struct typed x = u->x, y = check_expr(k, u->args[0], x.type);
    if (y.type == TYPE_ERROR || x.type == TYPE_ERROR || !check_present(k, u->args[0], &y))
        return check_failed();
    if (x.type == TYPE_BACKEND) {
        check_later(k, u->e->span, "`default` of backends (a map can have a `default` row)");
        return check_failed();
    }
    bool fits = check_convertible(y.type, x.type), widens = check_convertible(x.type, y.type);
    if (!fits && !widens) {
        check_mismatch(k, u->args[0], check_type_text(y.type), check_type_text(x.type));
        return check_failed();
    }
    if (!x.ir->optional)
        return x; /* never absent */
    return (struct typed){check_new2(k, IR_DEFAULT, (enum ir_kind)x.ir->kind, x.ir, y.ir, u->e->span),
                          fits ? x.type : y.type, false};
}

static struct typed field(const struct use *u)
{
    struct checker *k = u->k;
    int64_t place;
    struct slice separator;
    if (!need(u, TYPE_STRING) || !read_place(k, u->args[0], "the number of a field", &place) ||
        !check_string(k, u->args[1], "the separator of fields", &separator))
        return check_failed();
    if (!separator.len) {
        diag_label(k->d,
                   diag_report(k->d, DIAG_E0303, u->args[1]->span, "the separator of fields is empty"),
                   "must have a byte or more");
        return check_failed();
    }
    struct ir_expr *r = check_new(k, IR_PART, IR_STR, 3, u->e->span);
    r->args[0] = u->x.ir;
    r->args[1] = int_constant(k, place, u->args[0]->span);
    r->args[2] = text_constant(k, separator, u->args[1]->span);
    return result(u, r, true, TYPE_STRING);
}

static struct typed nth(const struct use *u)
{
    int64_t place;
    if (u->x.type != TYPE_LIST && check_is_text(u->x.type)) {
        struct diag *x = check_mismatch(u->k, u->on, check_type_text(u->x.type), "list");
        diag_help(u->k->d, x, "`nth` is for `req.headers[…]`; parts of a text: `… | field(1, \",\")`");
        return check_failed();
    }
    if (!need(u, TYPE_LIST) || !read_place(u->k, u->args[0], "the number of a value", &place))
        return check_failed();
    struct ir_expr *n = int_constant(u->k, place, u->args[0]->span);
    return result(u, check_new2(u->k, IR_NTH, IR_STR, u->x.ir, n, u->e->span), true, TYPE_STRING);
}

static struct typed mask(const struct use *u)
{
    struct checker *k = u->k;
    int64_t v4, v6;
    if (!need(u, TYPE_IP) || !check_int(k, u->args[0], "the number of bits kept of IPv4", 0, 32, &v4) ||
        !check_int(k, u->args[1], "the number of bits kept of IPv6", 0, 128, &v6))
        return check_failed();
    struct ir_expr *r = check_new(k, IR_MASK, IR_CIDR, 3, u->e->span);
    r->args[0] = u->x.ir;
    r->args[1] = int_constant(k, v4, u->args[0]->span);
    r->args[2] = int_constant(k, v6, u->args[1]->span);
    return result(u, r, false, TYPE_CIDR);
}

static bool reads_a_byte(const struct regex_node *n)
{
    if (n->op == REGEX_SET)
        return true;
    for (uint32_t i = 0; i < n->nkids; i++)
        if (!(n->op == REGEX_REPEAT && n->max == 0) && reads_a_byte(n->kids[i]))
            return true;
    return false;
}

/* An expression whose matches cannot be replaced: such as ^, whose matches have no byte, or one that is too large for being
 * tried at every byte. */
static bool cannot_replace(struct checker *k, const struct ast_expr *e, struct slice regex)
{
    struct arena scratch = {0};
    uint32_t off;
    const char *why;
    const struct regex_node *tree = regex_parse(&scratch, regex, &off, &why);
    bool nothing = tree && !reads_a_byte(tree), large = tree && regex_ops(tree) + 1 > REGEX_MAX_REPLACED;
    arena_free(&scratch);
    if (!nothing && !large)
        return false;
    struct diag *x = diag_report(k->d, DIAG_E0309, e->span, "this regular expression cannot be used");
    diag_label(k->d, x, nothing ? "its matches have no byte that could be replaced"
                                : "too large for `replace`, which tries it at every byte");
    if (nothing)
        diag_help(k->d, x, "put texts together: `\"before${…}after\"`");
    else
        diag_help(k->d, x, "it may have %d parts, with counted repetitions written out",
                  REGEX_MAX_REPLACED);
    return true;
}

/* \1 and the like: they would have to say what a group matched. */
static bool refers_to_group(struct checker *k, const struct ast_expr *e, struct slice s)
{
    for (size_t i = 0; i + 1 < s.len; i++)
        if (s.p[i] == '\\' && s.p[i + 1] >= '0' && s.p[i + 1] <= '9') {
            check_later(k, e->span, "`\\%c`, what a group matched, in a replacement", s.p[i + 1]);
            return true;
        }
    return false;
}

static struct typed replace(const struct use *u)
{
    struct checker *k = u->k;
    struct slice by;
    if (!need(u, TYPE_STRING))
        return check_failed();
    const struct ast_expr *regex = check_regex(k, u->args[0], "what `replace` looks for");
    if (!regex || !check_string(k, u->args[1], "the replacement", &by) ||
        cannot_replace(k, u->args[0], regex->text) || refers_to_group(k, u->args[1], by))
        return check_failed();
    struct ir_expr *r =
        check_new2(k, IR_REPLACE, IR_STR, u->x.ir, text_constant(k, by, u->args[1]->span), u->e->span);
    r->str = regex->text;
    return result(u, r, false, TYPE_STRING);
}

static struct typed one(const struct use *u, enum converter id)
{
    switch (id) {
    case CONVERTER_LOWER:
        return plain(u, IR_LOWER, false);
    case CONVERTER_UPPER:
        return plain(u, IR_UPPER, false);
    case CONVERTER_DEFAULT:
        return default_of(u);
    case CONVERTER_TO_INT:
        return plain(u, IR_TO_INT, true);
    case CONVERTER_FIELD:
        return field(u);
    case CONVERTER_REPLACE:
        return replace(u);
    case CONVERTER_MASK:
        return mask(u);
    case CONVERTER_LENGTH:
        return length(u);
    case CONVERTER_NTH:
        return nth(u);
    case CONVERTER_HASH:
        return plain(u, IR_HASH, false);
    case CONVERTER_BASE64:
        return plain(u, IR_BASE64, false);
    case CONVERTER_BASE64_DECODE:
        return plain(u, IR_BASE64_DECODE, true);
    case CONVERTER_URL_DECODE:
        return plain(u, IR_URL_DECODE, true);
    case CONVERTER_COUNT:
        break;
    }
    return check_failed();
}

static void wrong_number(struct checker *k, enum converter id, struct span at)
{
    struct slice name = converters[id].text;
    uint32_t n = arity(id);
    const char *message = id == CONVERTER_DEFAULT ? "`%.*s` needs one value: what to take where there is none"
                          : n == 0                ? "`%.*s` takes no argument"
                          : n == 1                ? "`%.*s` needs one argument"
                                                  : "`%.*s` needs two arguments";
    struct diag *d = diag_report(k->d, DIAG_E0211, at, message, SLICE_ARG(name));
    if (id == CONVERTER_DEFAULT)
        diag_help(k->d, d, "write `… | default(\"\")`");
    else
        diag_help(k->d, d, "write `… | %.*s%.*s`", SLICE_ARG(name), SLICE_ARG(converters[id].arguments));
}

struct typed check_converter(struct checker *k, const struct ast_expr *e, enum converter id, struct span name_at,
                             const struct ast_expr *on, struct ast_expr *const *args, uint32_t nargs)
{
    struct use u = {.k = k, .e = e, .on = on, .args = args, .x = check_expr(k, on, TYPE_STRING)};
    if (nargs != arity(id)) {
        wrong_number(k, id, name_at);
        return check_failed();
    }
    return one(&u, id);
}
