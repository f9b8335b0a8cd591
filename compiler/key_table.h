/* Writing key tables (struct weir_table): collects keys, gives equal ones one entry, and lays the table out. Used for maps
 * and lists, and for the groups of decisions. */
#ifndef WEIR_KEY_TABLE_H
#define WEIR_KEY_TABLE_H

#include "compiler/blob.h"
#include "compiler/ir.h"

/* The bytes of a key as they are looked up. */
struct table_key {
    struct slice bytes;
    uint32_t form; /* of host patterns, else 0 */
};

struct key_entry {
    struct table_key key;
    uint32_t record; /* offset, once written */
};

/* Where an entry is found while the table is collected: open addressing. */
struct key_slot {
    uint32_t tag, entry; /* tag: upper half of the hash; entry: its index plus one, 0 in an empty slot */
};

struct key_table {
    struct arena *a;
    enum weir_probe probe;
    enum weir_table_use use;
    uint32_t mask;
    struct key_slot *slots;
    VEC(struct key_entry) entries; /* in order of first appearance */
};

enum weir_probe key_table_probe(enum ir_key_kind kind);
/* Whether keys of that kind are found by hashing, as all below is about; RANGE and REGEX are not. */
bool key_table_is_hashed(enum ir_key_kind kind);
/* Key `k` of a set of `kind` as a table key; memory for those that need a form of their own comes from `a`. */
struct table_key key_table_key(struct arena *a, enum ir_key_kind kind, const struct ir_key *k);

/* A table for at most `n` keys. */
void key_table_begin(struct key_table *t, struct arena *a, enum weir_probe probe, uint32_t n);
/* The index of the key's entry, which is new where `*added`. */
uint32_t key_table_add(struct key_table *t, struct table_key key, bool *added);

/* Writes the head; returns the table's offset. */
uint32_t key_table_write_head(struct key_table *t, struct blob *b, enum weir_table_use use);
/* Appends the record of entry `i`; returns its offset. `base`: of NODES, see note [base] in abi.h. */
uint32_t key_table_write_record(struct key_table *t, struct blob *b, uint32_t i, uint32_t value, uint32_t base);
/* Writes the buckets, when all records are written. False where host patterns nest too deeply. */
bool key_table_finish(struct key_table *t, struct blob *b, uint32_t table);

#endif
