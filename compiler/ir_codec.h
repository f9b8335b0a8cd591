/* The canonical form of a program: its bytes, its digest, and the way back. Equal meaning as far as the IR
 * sees it gives equal bytes: objects in the order of their names, sets sorted, duplicates gone, places apart.
 */
#ifndef WEIR_IR_CODEC_H
#define WEIR_IR_CODEC_H

#include "compiler/ir.h"
#include "runtime/base/buf.h"

enum { IR_DIGEST_TEXT = 33 }; /* 32 hex digits and NUL */

/* Appends the canonical form, and apart from it the places (sources, lines) of rules and objects. Rows of
 * sets and expressions keep no place. */
void ir_encode(struct arena *scratch, const struct ir_program *p, struct buf *canonical, struct buf *places);
/* Reads both back; the program is the arena's and does not point into the bytes. Frontends come in the order
 * of their places, everything else in canonical order. With empty `places` nothing has a place. NULL and
 * `*why` (a static text) where the bytes are not a program that the checker could have made; never reads
 * beyond them. */
struct ir_program *ir_decode(struct arena *a, struct slice canonical, struct slice places, const char **why);
/* XXH3-128 of the canonical form, in hex. */
void ir_digest(struct slice canonical, char out[IR_DIGEST_TEXT]);

#endif
