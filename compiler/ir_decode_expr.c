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

void ir_read_cidr(struct ir_reader *r, struct ip_prefix *out)
{
    unsigned code = ir_read_byte(r);
    bool v4 = code > IR_WIRE_V4;
    unsigned bits = v4 ? code - IR_WIRE_V4 - 1 : code, skip = v4 ? 12 : 0;
    if (v4 && bits > 32) {
        ir_reader_fail(r, "a network does not exist");
        return;
    }
    if (v4)
        out->addr.b[10] = out->addr.b[11] = 0xff;
    out->bits = (uint8_t)(bits + (v4 ? 96 : 0));
    const uint8_t *p = ir_read_bytes(r, (bits + 7) / 8);
    if (p)
        memcpy(out->addr.b + skip, p, (bits + 7) / 8);
    if (!ip_prefix_is_clean(out) || (!v4 && out->bits >= 96 && ip_is_v4(&out->addr)))
        ir_reader_fail(r, "a network has host bits, or is written in another way");
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
        BOOL = IR_BOOL,
        LIST = IR_LIST
    };
    static const uint8_t kinds[] = {
#define FIELD(id, text, type, optional, keyed, phase, doc) type,
#include "grammar/fields.def"
#undef FIELD
    };
    return field < IR_FIELD_COUNT ? kinds[field] : -1;
}

static bool key_fits(const struct ir_set *set, enum ir_kind kind)
{
    if (set->key_kind == IR_KEY_CIDR)
        return kind == IR_IP || kind == IR_CIDR;
    return kind == (set->key_kind == IR_KEY_INT || set->key_kind == IR_KEY_RANGE ? IR_INT : IR_STR);
}

static bool all_are(const struct ir_expr *e, enum ir_kind kind)
{
    for (uint32_t i = 0; i < e->nargs; i++)
        if (e->args[i]->kind != kind)
            return false;
    return true;
}

/* Values that tests compare and that converters stand in for: neither backends nor lists. */
static bool is_plain(int kind)
{
    return kind != IR_BACKEND && kind != IR_LIST;
}

static bool is_number(const struct ir_expr *e, int64_t lo, int64_t hi)
{
    return e->op == IR_CONST_INT && e->num >= lo && e->num <= hi;
}

/* The number of a part or of a line: from 1, or back from -1. */
static bool is_place(const struct ir_expr *e)
{
    return is_number(e, INT64_MIN, -1) || is_number(e, 1, INT64_MAX);
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
        return is_plain(first) && first == e->args[1]->kind ? IR_BOOL : -1;
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
        return first != IR_LIST ? IR_BOOL : -1;
    case IR_LOOKUP:
        return e->set->is_map && key_fits(e->set, (enum ir_kind)first) ? (int)e->set->value_kind : -1;
    case IR_LOWER:
    case IR_UPPER:
    case IR_CONCAT:
    case IR_BASE64:
    case IR_BASE64_DECODE:
    case IR_URL_DECODE:
        return all_are(e, IR_STR) ? IR_STR : -1;
    case IR_DEFAULT:
        return is_plain(first) && first != IR_CIDR && first == e->args[1]->kind ? first : -1;
    case IR_TO_INT:
    case IR_LENGTH:
    case IR_HASH:
        return first == IR_STR ? IR_INT : -1;
    case IR_CONST_CIDR:
        return IR_CIDR;
    case IR_PART:
        return first == IR_STR && is_place(e->args[1]) && e->args[2]->op == IR_CONST_STR && e->args[2]->str.len ? IR_STR : -1;
    case IR_REPLACE:
        return first == IR_STR && e->args[1]->op == IR_CONST_STR ? IR_STR : -1;
    case IR_MASK:
        return first == IR_IP && is_number(e->args[1], 0, 32) && is_number(e->args[2], 0, 128) ? IR_CIDR : -1;
    case IR_LINES:
        return first == IR_LIST ? IR_INT : -1;
    case IR_NTH:
        return first == IR_LIST && is_place(e->args[1]) ? IR_STR : -1;
    case IR_AMONG:
        return first == IR_STR && e->args[1]->kind == IR_LIST ? IR_BOOL : -1;
    case IR_TO_STR:
        return is_plain(first) ? IR_STR : -1;
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

/* What an expression holds besides its operands. */
static void read_own(struct ir_reader *r, struct ir_expr *e)
{
    const uint8_t *ip;
    switch (ir_op_own(e->op)) {
    case IR_OWN_NONE:
        break;
    case IR_OWN_NUM:
        e->num = ir_read_signed(r);
        break;
    case IR_OWN_STR:
        e->str = ir_read_text(r);
        if (!e->str.p || ((e->op == IR_MATCHES || e->op == IR_REPLACE) && !ir_is_regex(e->str)))
            ir_reader_fail(r, "a text is missing, or is no regular expression");
        break;
    case IR_OWN_IP:
        if ((ip = ir_read_bytes(r, sizeof e->ip.b)))
            memcpy(e->ip.b, ip, sizeof e->ip.b);
        break;
    case IR_OWN_CIDR:
        ir_read_cidr(r, &e->cidr);
        break;
    case IR_OWN_FIELD:
        read_field(r, e);
        break;
    case IR_OWN_SET:
        e->set = read_set(r);
        break;
    }
}

static struct ir_expr *read_at(struct ir_reader *r, uint32_t depth)
{
    uint8_t first = ir_read_byte(r), op = first & (IR_WIRE_OPTIONAL - 1);
    if (r->why || ir_op_arity(op) < -1 || depth > DEPTH_MAX) {
        ir_reader_fail(r, depth > DEPTH_MAX ? "an expression is too deep" : "an operator does not exist");
        return NULL;
    }
    struct ir_expr *e = arena_new(r->a, struct ir_expr);
    e->op = op;
    e->optional = (first & IR_WIRE_OPTIONAL) != 0;
    uint32_t n = ir_op_arity(op) < 0 ? ir_read_count(r) : (uint32_t)ir_op_arity(op);
    read_own(r, e);
    e->args = arena_array(r->a, struct ir_expr *, r->why ? 0 : n);
    if (n == 0 && ir_op_arity(op) == -1)
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
