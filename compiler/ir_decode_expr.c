/* Reading primitives and expressions of the canonical form. Kinds are not written, they follow from operators
 * and operands; an operator that its operands do not have is a fault, so that no later pass meets an
 * expression that the checker would not have made. */
#include "compiler/ir_decode.h"

#include "compiler/ir_wire.h"
#include "compiler/regex.h"

enum { DEPTH_MAX = 4000 };

/* ---- primitives -------------------------------------------------------------------------------- */

const uint8_t *ir_read_bytes(struct ir_reader *r, uint64_t n)
{
    if ((uint64_t)(r->end - r->next) < n) {
        ir_reader_fail(r, "it ends too early");
        return NULL;
    }
    const uint8_t *p = r->next;
    r->next += n;
    return p;
}

uint8_t ir_read_byte(struct ir_reader *r)
{
    const uint8_t *p = ir_read_bytes(r, 1);
    return p ? *p : 0;
}

uint64_t ir_read_number(struct ir_reader *r)
{
    uint64_t n = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t b = ir_read_byte(r);
        if (shift == 63 && b > 1)
            break;
        n |= (uint64_t)(b & 0x7f) << shift;
        if (b >= 0x80)
            continue;
        if (b == 0 && shift > 0)
            break;
        return n;
    }
    ir_reader_fail(r, "a number is malformed");
    return 0;
}

uint64_t ir_read_max(struct ir_reader *r, uint64_t max)
{
    uint64_t n = ir_read_number(r);
    if (n <= max)
        return n;
    ir_reader_fail(r, "a number is out of range");
    return 0;
}

int64_t ir_read_signed(struct ir_reader *r)
{
    uint64_t n = ir_read_number(r);
    return (int64_t)(n >> 1 ^ (0 - (n & 1)));
}

uint32_t ir_read_count(struct ir_reader *r)
{
    uint64_t n = ir_read_number(r);
    if (n <= (uint64_t)(r->end - r->next) && n < UINT32_MAX)
        return (uint32_t)n;
    ir_reader_fail(r, "a count is out of range");
    return 0;
}

struct slice ir_read_text(struct ir_reader *r)
{
    uint64_t n = ir_read_number(r);
    const uint8_t *p = n > 0 ? ir_read_bytes(r, n - 1) : NULL;
    return p ? arena_copy(r->a, (struct slice){(const char *)p, n - 1}) : (struct slice){NULL, 0};
}

/* ---- types ------------------------------------------------------------------------------------- */

static int field_kind(uint8_t field)
{
    enum {
        HOST = IR_STR,
        PATH = IR_STR,
        METHOD = IR_STR,
        STRING = IR_STR,
        IP = IR_IP,
        INT = IR_INT,
        PERCENT = IR_INT,
        BOOL = IR_BOOL
    };
    static const uint8_t kinds[] = {
#define FIELD(id, text, type, optional, keyed, phase, doc) type,
#include "grammar/fields.def"
#undef FIELD
    };
    return field < IR_FIELD_COUNT ? kinds[field] : -1;
}

static int arity(uint8_t op)
{
    static const int8_t arities[] = {
#define IR_OP(id, text, arity) arity,
#include "grammar/ops.def"
#undef IR_OP
    };
    return op < sizeof arities ? arities[op] : -2;
}

static bool key_fits(const struct ir_set *set, enum ir_kind kind)
{
    bool number = set->key_kind == IR_KEY_INT || set->key_kind == IR_KEY_RANGE;
    return kind == (number ? IR_INT : set->key_kind == IR_KEY_CIDR ? IR_IP : IR_STR);
}

static bool all_are(const struct ir_expr *e, enum ir_kind kind)
{
    for (uint32_t i = 0; i < e->nargs; i++)
        if (e->args[i]->kind != kind)
            return false;
    return true;
}

/* The kind of `e` from its operator and operands, or -1 where they do not fit. */
static int kind_of(const struct ir_expr *e)
{
    int first = e->nargs > 0 ? e->args[0]->kind : -1;
    switch ((enum ir_op)e->op) {
    case IR_CONST_BOOL:
        return IR_BOOL;
    case IR_CONST_INT:
        return IR_INT;
    case IR_CONST_STR:
        return IR_STR;
    case IR_CONST_IP:
        return IR_IP;
    case IR_FIELD:
        return field_kind(e->field);
    case IR_AND:
    case IR_OR:
    case IR_NOT:
        return all_are(e, IR_BOOL) ? IR_BOOL : -1;
    case IR_EQ:
        return first != IR_BACKEND && first == e->args[1]->kind ? IR_BOOL : -1;
    case IR_LT:
    case IR_LE:
        return all_are(e, IR_INT) ? IR_BOOL : -1;
    case IR_IN:
        return key_fits(e->set, (enum ir_kind)first) ? IR_BOOL : -1;
    case IR_UNDER:
    case IR_STARTS_WITH:
    case IR_ENDS_WITH:
    case IR_CONTAINS:
    case IR_LIKE:
    case IR_MATCHES:
        return all_are(e, IR_STR) ? IR_BOOL : -1;
    case IR_EXISTS:
        return IR_BOOL;
    case IR_LOOKUP:
        return e->set->is_map && key_fits(e->set, (enum ir_kind)first) ? (int)e->set->value_kind : -1;
    case IR_LOWER:
    case IR_UPPER:
    case IR_CONCAT:
        return all_are(e, IR_STR) ? IR_STR : -1;
    case IR_DEFAULT:
        return first != IR_BACKEND && first == e->args[1]->kind ? first : -1;
    case IR_TO_INT:
        return first == IR_STR ? IR_INT : -1;
    case IR_TO_STR:
        return first != IR_BACKEND ? IR_STR : -1;
    case IR_ADD:
    case IR_SUB:
    case IR_MUL:
    case IR_DIV:
    case IR_MOD:
        return all_are(e, IR_INT) ? IR_INT : -1;
    }
    return -1;
}

/* ---- expressions ------------------------------------------------------------------------------- */

static struct ir_set *read_set(struct ir_reader *r)
{
    uint64_t i = ir_read_number(r);
    if (i < r->p->sets.n)
        return r->p->sets.v[i];
    ir_reader_fail(r, "a set does not exist");
    return NULL;
}

static void read_field(struct ir_reader *r, struct ir_expr *e)
{
    static const uint8_t keyed[] = {
#define FIELD(id, text, type, optional, keyed, phase, doc) keyed,
#include "grammar/fields.def"
#undef FIELD
    };
    e->field = ir_read_byte(r);
    e->str = ir_read_text(r);
    if (e->field >= IR_FIELD_COUNT || (keyed[e->field] && !e->str.p))
        ir_reader_fail(r, "a field does not exist");
}

bool ir_is_regex(struct slice text)
{
    struct arena tmp = {0};
    uint32_t off;
    const char *err;
    bool ok = regex_parse(&tmp, text, &off, &err) != NULL;
    arena_free(&tmp);
    return ok;
}

/* What an expression holds besides its operands; their number. */
static uint32_t read_own(struct ir_reader *r, struct ir_expr *e)
{
    const uint8_t *ip;
    switch ((enum ir_op)e->op) {
    case IR_CONST_BOOL:
    case IR_CONST_INT:
        e->num = ir_read_signed(r);
        break;
    case IR_CONST_STR:
    case IR_LIKE:
    case IR_MATCHES:
        e->str = ir_read_text(r);
        if (!e->str.p || (e->op == IR_MATCHES && !ir_is_regex(e->str)))
            ir_reader_fail(r, "a text is missing, or is no regular expression");
        break;
    case IR_CONST_IP:
        if ((ip = ir_read_bytes(r, sizeof e->ip.b)))
            memcpy(e->ip.b, ip, sizeof e->ip.b);
        break;
    case IR_FIELD:
        read_field(r, e);
        break;
    case IR_IN:
    case IR_LOOKUP:
        e->set = read_set(r);
        break;
    case IR_AND:
    case IR_OR:
    case IR_CONCAT:
        return ir_read_count(r);
    case IR_NOT:
    case IR_EQ:
    case IR_LT:
    case IR_LE:
    case IR_UNDER:
    case IR_STARTS_WITH:
    case IR_ENDS_WITH:
    case IR_CONTAINS:
    case IR_EXISTS:
    case IR_LOWER:
    case IR_UPPER:
    case IR_DEFAULT:
    case IR_TO_INT:
    case IR_TO_STR:
    case IR_ADD:
    case IR_SUB:
    case IR_MUL:
    case IR_DIV:
    case IR_MOD:
        break;
    }
    return (uint32_t)arity(e->op);
}

static struct ir_expr *read_at(struct ir_reader *r, uint32_t depth)
{
    uint8_t first = ir_read_byte(r), op = first & (IR_WIRE_OPTIONAL - 1);
    if (r->why || arity(op) < -1 || depth > DEPTH_MAX) {
        ir_reader_fail(r, depth > DEPTH_MAX ? "an expression is too deep" : "an operator does not exist");
        return NULL;
    }
    struct ir_expr *e = arena_new(r->a, struct ir_expr);
    e->op = op;
    e->optional = (first & IR_WIRE_OPTIONAL) != 0;
    uint32_t n = read_own(r, e);
    e->args = arena_array(r->a, struct ir_expr *, r->why ? 0 : n);
    if (n == 0 && arity(op) == -1)
        ir_reader_fail(r, "an operator has no operands");
    for (uint32_t i = 0; i < n && !r->why; i++) {
        e->args[i] = read_at(r, depth + 1);
        e->nargs = i + 1;
    }
    if (r->why)
        return NULL;
    int kind = kind_of(e);
    if (kind < 0) {
        ir_reader_fail(r, "an operator has operands of another type");
        return NULL;
    }
    e->kind = (uint8_t)kind;
    return e;
}

struct ir_expr *ir_read_expr(struct ir_reader *r)
{
    return read_at(r, 0);
}

struct ir_expr *ir_read_expr_of(struct ir_reader *r, enum ir_kind kind)
{
    struct ir_expr *e = read_at(r, 0);
    if (e && e->kind != kind)
        ir_reader_fail(r, "an expression is of another type");
    return r->why ? NULL : e;
}
