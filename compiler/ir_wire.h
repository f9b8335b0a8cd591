/* The canonical form as bytes, for ir_encode.c and ir_decode.c alone.
 *
 * Canonical: IR_WIRE_MAGIC; edition; the numbers of backends, checks, sets and frontends; then these objects
 * (checks, backends, sets, frontends), each kind in the order of its names. Places: IR_PLACES_MAGIC; the
 * sources; then a place for each object and rule in the same order.
 *
 * Integers are LEB128 without needless bytes, signed ones zigzag. A text is its length plus one and its
 * bytes; 0 is p == NULL. A key of a set shares its first bytes with the one before: their number, the number
 * of the others, the others. References are indexes; where there may be none, plus one. The number of a set's
 * rows is four bytes, little-endian. */
#ifndef WEIR_IR_WIRE_H
#define WEIR_IR_WIRE_H

#include "compiler/ir.h"

#define IR_WIRE_MAGIC   SLICE("WIR\x01") /* the last byte is the version */
#define IR_PLACES_MAGIC SLICE("WIP\x01")

/* What a set leads to. */
enum ir_wire_set {
    IR_WIRE_LIST,
    IR_WIRE_STRINGS,
    IR_WIRE_BACKENDS,
    IR_WIRE_SPLIT,
    IR_WIRE_BOOLS,
    IR_WIRE_INTS,
    IR_WIRE_PERCENTS,
    IR_WIRE_IPS,
};

enum {
    IR_WIRE_OPTIONAL = 0x80, /* in the byte of an operator */
    IR_WIRE_V4 = 128,        /* added to the bits of an IPv4 prefix, without its 96: 129..161 with one more */
};

#endif
