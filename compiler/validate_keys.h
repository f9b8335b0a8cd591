/* What the value of a field must have for a test of it to hold. For validate*.c alone. */
#ifndef WEIR_VALIDATE_KEYS_H
#define WEIR_VALIDATE_KEYS_H

#include "compiler/ir.h"

/* Where in a field the text must stand; NET: the network of the client. */
enum key_place { KEY_NONE, KEY_WHOLE, KEY_HEAD, KEY_TAIL, KEY_NET };

/* What a value must have for a test to hold; it may not hold all the same. */
struct key_part {
    enum key_place place;
    struct slice text;
    struct ip_prefix net;
};

/* Of a row, and of a test (`with`: its second operand, or NULL). */
struct key_part validate_key_part(enum ir_key_kind kind, const struct ir_key *key);
struct key_part validate_test_part(const struct ir_expr *test, const struct ir_expr *with);

#endif
