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

struct key_table {
    struct arena *a;
    enum weir_probe probe;
    uint32_t mask;
    struct weir_table_slot *slots; /* record: index of the entry plus one */
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

/* Writes the head and the room for slots; returns the table's offset. */
uint32_t key_table_write_head(const struct key_table *t, struct blob *b, enum weir_table_use use);
/* Appends the record of entry `i`; returns its offset. */
uint32_t key_table_write_record(struct key_table *t, struct blob *b, uint32_t i, uint32_t value);
/* Fills the slots in, when all records are written. */
void key_table_finish(const struct key_table *t, struct blob *b, uint32_t table);

#endif
