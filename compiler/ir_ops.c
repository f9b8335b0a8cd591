/* What is known of each operator and field, from grammar/ops.def and grammar/fields.def; see ir.h. */
#include "compiler/ir.h"

#include <string.h>

static const struct {
    const char *text;
    int8_t arity;
    uint8_t own;
} ops[] = {
#define IR_OP(id, text, arity, own) {text, arity, IR_OWN_##own},
#include "grammar/ops.def"
#undef IR_OP
};

const char *ir_op_text(uint8_t op)
{
    return ops[op].text;
}

int ir_op_arity(uint8_t op)
{
    return op < sizeof ops / sizeof *ops ? ops[op].arity : -2;
}

enum ir_own ir_op_own(uint8_t op)
{
    return (enum ir_own)ops[op].own;
}

const char *ir_field_text(uint8_t field)
{
    static const char *const text[] = {
#define FIELD(id, text, type, optional, keyed, phase, doc) text,
#include "grammar/fields.def"
#undef FIELD
    };
    return text[field];
}

bool ir_same_own(const struct ir_expr *x, const struct ir_expr *y)
{
    switch (ir_op_own(x->op)) {
    case IR_OWN_NONE:
        return true;
    case IR_OWN_NUM:
        return x->num == y->num;
    case IR_OWN_STR:
        return slice_eq(x->str, y->str);
    case IR_OWN_IP:
        return memcmp(&x->ip, &y->ip, sizeof x->ip) == 0;
    case IR_OWN_CIDR:
        return x->cidr.bits == y->cidr.bits && memcmp(&x->cidr.addr, &y->cidr.addr, sizeof x->cidr.addr) == 0;
    case IR_OWN_FIELD:
        return x->field == y->field && slice_eq(x->str, y->str);
    case IR_OWN_SET:
        return x->set == y->set;
    }
    return false;
}
