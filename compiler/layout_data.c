/* What decisions and outcomes refer to: sets, automata, arguments of generated code, values, actions. Each is written
 * when it is first used. */
#include "compiler/ir_sort.h"
#include "compiler/layout.h"
#include "runtime/base/norm.h"

/* ---- sets -------------------------------------------------------------------------------------- */

static uint32_t string_value(struct layout *l, struct slice text)
{
    struct weir_ref ref = blob_ref(&l->blob, text);
    return blob_share(&l->blob, &ref, sizeof ref);
}

/* Values that are no texts are bytes too: WEIR_TABLE_STRINGS in abi.h. They outlive the call: the blob shares equal texts
 * and remembers where they are. */
static uint32_t row_value(struct layout *l, const struct ir_set *set, const struct ir_row *row)
{
    char b[8];
    if (!set->is_map)
        return 0;
    switch (set->value_kind) {
    case IR_BACKEND:
        return row->backend->index;
    case IR_STR:
        return string_value(l, row->str);
    case IR_BOOL:
        return string_value(l, row->num ? SLICE("\1") : SLICE("\0"));
    case IR_INT:
        for (unsigned i = 0; i < sizeof b; i++)
            b[i] = (char)((uint64_t)row->num >> (8 * i));
        return string_value(l, arena_copy(l->a, (struct slice){b, sizeof b}));
    case IR_IP:
        return string_value(l, (struct slice){(const char *)row->ip.b, sizeof row->ip.b});
    case IR_CIDR:
    case IR_LIST:
        break; /* no map holds one */
    }
    return 0;
}

static enum weir_table_use use_of(const struct ir_set *set)
{
    if (!set->is_map)
        return WEIR_TABLE_LIST;
    return set->value_kind == IR_BACKEND ? WEIR_TABLE_BACKENDS : WEIR_TABLE_STRINGS;
}

static uint32_t write_record(struct layout *l, const struct ir_set *set, const struct ir_row *row)
{
    struct weir_record r = {.value = row_value(l, set, row)};
    return blob_add(&l->blob, &r, sizeof r, 4);
}

static uint32_t write_head(struct layout *l, enum ir_key_kind kind, enum weir_table_use use, uint32_t count)
{
    struct weir_table head = {.probe = (uint16_t)key_table_probe(kind), .use = (uint16_t)use, .count = count};
    return blob_add(&l->blob, &head, sizeof head, 8);
}

/* The ranges of one set, in their order. */
static uint32_t write_ranges(struct layout *l, const struct ir_set *set)
{
    const struct ir_row *const *rows = ir_sort_rows(l->a, set);
    struct weir_range *all = arena_array(l->a, struct weir_range, set->rows.n);
    uint32_t table = write_head(l, set->key_kind, use_of(set), set->rows.n);
    for (uint32_t i = 0; i < set->rows.n; i++)
        all[i] = (struct weir_range){rows[i]->key.range.lo, rows[i]->key.range.hi, write_record(l, set, rows[i]), 0};
    uint32_t at = blob_add(&l->blob, all, set->rows.n * sizeof *all, 8);
    ((struct weir_table *)blob_at(&l->blob, table))->slots = at;
    return table;
}

static uint32_t write_patterns(struct layout *l, const struct ir_set *set)
{
    struct weir_pattern *all = arena_array(l->a, struct weir_pattern, set->rows.n);
    uint32_t table = write_head(l, set->key_kind, use_of(set), set->rows.n);
    for (uint32_t i = 0; i < set->rows.n; i++)
        all[i] = (struct weir_pattern){layout_automaton(l, set->rows.v[i].key.str, 0), write_record(l, set, &set->rows.v[i])};
    uint32_t at = blob_add(&l->blob, all, set->rows.n * sizeof *all, 8);
    ((struct weir_table *)blob_at(&l->blob, table))->slots = at;
    return table;
}

static uint32_t write_hashed(struct layout *l, const struct ir_set *set)
{
    struct key_table t;
    key_table_begin(&t, l->a, key_table_probe(set->key_kind), set->rows.n);
    for (uint32_t i = 0; i < set->rows.n; i++) {
        bool added;
        key_table_add(&t, key_table_key(l->a, set->key_kind, &set->rows.v[i].key), &added);
    }
    uint32_t table = key_table_write_head(&t, &l->blob, use_of(set));
    for (uint32_t i = 0, e = 0; i < set->rows.n && e < t.entries.n; i++) {
        /* The keys of a checked set differ; should two be one, the first row counts. */
        struct table_key k = key_table_key(l->a, set->key_kind, &set->rows.v[i].key);
        if (t.entries.n < set->rows.n && !slice_eq(k.bytes, t.entries.v[e].key.bytes))
            continue;
        uint32_t value = row_value(l, set, &set->rows.v[i]);
        key_table_write_record(&t, &l->blob, e++, value, 0);
    }
    if (!key_table_finish(&t, &l->blob, table))
        l->limit = "host patterns nest more than 128 deep";
    return table;
}

static uint32_t write_set(struct layout *l, const struct ir_set *set)
{
    uint32_t table = set->key_kind == IR_KEY_RANGE   ? write_ranges(l, set)
                     : set->key_kind == IR_KEY_REGEX ? write_patterns(l, set)
                                                     : write_hashed(l, set);
    if (set->is_map && set->has_default) {
        uint32_t fallback = write_record(l, set, &set->fallback);
        ((struct weir_table *)blob_at(&l->blob, table))->fallback = fallback;
    }
    return table;
}

uint32_t layout_set(struct layout *l, const struct ir_set *set)
{
    uint32_t *table = &l->set_tables[set->index];
    if (*table == 0)
        *table = write_set(l, set);
    return *table;
}

/* The range of a condition, which has one. */
static uint32_t write_own_range(struct layout *l, const struct row_keys *keys)
{
    struct ir_set set = {.key_kind = IR_KEY_RANGE};
    bool added;
    struct slice id = arena_copy(l->a, (struct slice){(const char *)&keys->own->range, sizeof keys->own->range});
    uint32_t *table = strmap_put(&l->ranges, l->a, id, 0, &added);
    vec_push(l->a, &set.rows)->key = *keys->own;
    if (added)
        *table = write_ranges(l, &set);
    return *table;
}

/* Collected keys are few: equal collections share a table by their bytes. */
static uint32_t write_list(struct layout *l, const struct row_keys *keys)
{
    struct key_table t;
    struct buf id = {0};
    bool added;
    if (keys->kind == IR_KEY_RANGE)
        return write_own_range(l, keys);
    key_table_begin(&t, l->a, key_table_probe(keys->kind), keys->n);
    buf_add(&id, &keys->kind, sizeof keys->kind);
    for (uint32_t i = 0; i < keys->n; i++) {
        struct table_key k = key_table_key(l->a, keys->kind, row_key(keys, i));
        uint32_t head[2] = {(uint32_t)k.bytes.len, k.form};
        buf_add(&id, head, sizeof head);
        buf_slice(&id, k.bytes);
        key_table_add(&t, k, &added);
    }
    uint32_t *known = strmap_get(&l->lists, buf_view(&id));
    uint32_t table = known ? *known : key_table_write_head(&t, &l->blob, WEIR_TABLE_LIST);
    for (uint32_t e = 0; !known && e < t.entries.n; e++)
        key_table_write_record(&t, &l->blob, e, 0, 0);
    if (!known) {
        if (!key_table_finish(&t, &l->blob, table))
            l->limit = "host patterns nest more than 128 deep";
        strmap_put(&l->lists, l->a, arena_copy(l->a, buf_view(&id)), table, NULL);
    }
    buf_free(&id);
    return table;
}

uint32_t layout_keys(struct layout *l, const struct row_keys *keys)
{
    return keys->set ? layout_set(l, keys->set) : write_list(l, keys);
}

/* ---- automata ---------------------------------------------------------------------------------- */

enum { REPLACES = 1 };

/* The one pattern of `text` of its kind, which `mark` tells: a separator, 0, or REPLACES. */
static uint32_t automaton_of(struct layout *l, struct slice text, char mark)
{
    char *id = arena_alloc(l->a, text.len + 1);
    id[0] = mark;
    memcpy(id + 1, text.p, text.len);
    bool added;
    uint32_t *at = strmap_put(&l->automata, l->a, (struct slice){id, text.len + 1}, 0, &added);
    const char *limit = NULL;
    if (added)
        *at = mark == REPLACES ? pattern_write_replace(&l->patterns, text, &limit)
                               : pattern_write(&l->patterns, text, mark, &limit);
    if (limit)
        l->limit = limit;
    return *at;
}

uint32_t layout_automaton(struct layout *l, struct slice text, char separator)
{
    return automaton_of(l, text, separator);
}

/* ---- generated code ---------------------------------------------------------------------------- */

static struct weir_arg write_arg(struct layout *l, const struct cgen_arg *arg)
{
    struct weir_cidr net;
    switch (arg->kind) {
    case WEIR_ARG_STR:
        return (struct weir_arg){blob_string(&l->blob, arg->str), (uint32_t)arg->str.len};
    case WEIR_ARG_INT:
        return (struct weir_arg){(uint32_t)arg->num, (uint32_t)((uint64_t)arg->num >> 32)};
    case WEIR_ARG_SLOT:
        return (struct weir_arg){arg->slot, 0};
    case WEIR_ARG_IP:
        return (struct weir_arg){blob_share(&l->blob, arg->ip.b, sizeof arg->ip.b), 0};
    case WEIR_ARG_LIST:
    case WEIR_ARG_MAP:
        return (struct weir_arg){layout_set(l, arg->set), 0};
    case WEIR_ARG_AUTOMATON:
        return (struct weir_arg){layout_automaton(l, arg->text, arg->separator), 0};
    case WEIR_ARG_REPLACE:
        return (struct weir_arg){automaton_of(l, arg->text, REPLACES), 0};
    case WEIR_ARG_CIDR:
        memcpy(net.addr, arg->cidr.addr.b, sizeof net.addr);
        net.bits = arg->cidr.bits;
        return (struct weir_arg){blob_share(&l->blob, &net, sizeof net), 0};
    }
    return (struct weir_arg){0, 0};
}

void layout_glue(struct layout *l, enum cgen_family family, const struct ir_expr *e, uint32_t *shape, uint32_t *args)
{
    struct cgen_use use;
    if (!cgen_use(l->cgen, family, e, &use)) {
        l->limit = "an expression has no code (a backend used as a value)";
        return;
    }
    /* One cleared argument where there is none, so that the offset is never 0. */
    uint32_t n = use.args.n ? use.args.n : 1;
    struct weir_arg *all = arena_array(l->a, struct weir_arg, n);
    for (uint32_t i = 0; i < use.args.n; i++)
        all[i] = write_arg(l, &use.args.v[i]);
    *shape = use.shape;
    *args = blob_share(&l->blob, all, n * sizeof *all);
}

/* ---- outcomes ---------------------------------------------------------------------------------- */

struct slice layout_clean(struct layout *l, struct slice text)
{
    char *out = arena_alloc(l->a, text.len + 1);
    size_t n = norm_field_value((struct slice){text.len ? text.p : "", text.len}, out);
    return (struct slice){out, n};
}

/* `clean`: the value becomes a field value; the runtime does so for those that are no constants. */
static struct weir_value write_value(struct layout *l, const struct ir_expr *e, bool clean)
{
    struct weir_value v = {.kind = WEIR_VALUE_NONE};
    if (!e)
        return v;
    int subject = rows_subject(l->rows, e);
    if (e->op == IR_CONST_STR) {
        struct weir_ref r = blob_ref(&l->blob, clean ? layout_clean(l, e->str) : e->str);
        v = (struct weir_value){.kind = WEIR_VALUE_CONST, .a = r.off, .b = r.len};
    } else if (subject == ROW_SUBJECT_IP) {
        v.kind = WEIR_VALUE_IP;
    } else if (subject == ROW_SUBJECT_RANDOM) {
        v.kind = WEIR_VALUE_RANDOM;
    } else if (subject >= 0) {
        v = (struct weir_value){.kind = WEIR_VALUE_SLOT, .slot = (uint16_t)subject};
    } else {
        v.kind = WEIR_VALUE_GLUE;
        layout_glue(l, CGEN_VALUES, e, &v.a, &v.b);
    }
    return v;
}

static struct weir_span write_headers(struct layout *l, const struct ir_rule *r)
{
    struct weir_header *all = arena_array(l->a, struct weir_header, r->headers.n);
    for (uint32_t i = 0; i < r->headers.n; i++) {
        all[i].name = blob_ref(&l->blob, r->headers.v[i].name);
        all[i].value = write_value(l, r->headers.v[i].value, true);
    }
    if (r->headers.n == 0)
        return (struct weir_span){0, 0};
    return (struct weir_span){blob_share(&l->blob, all, r->headers.n * sizeof *all), r->headers.n};
}

static void write_header_action(struct layout *l, const struct ir_rule *r, struct weir_action *a)
{
    a->name = blob_ref(&l->blob, r->name);
    if (r->value)
        a->value = write_value(l, r->value, true);
    int subject = rows_header_subject(l->rows, r->name);
    a->slot = subject < 0 ? 0xffff : (uint16_t)subject;
    subject = rows_lines_subject(l->rows, r->name);
    a->lines = subject < 0 ? 0xffff : (uint16_t)subject;
}

uint32_t layout_action(struct layout *l, const struct ir_rule *r)
{
    struct weir_action a = {.status = (uint16_t)r->status, .backend = WEIR_NONE, .slot = 0xffff, .lines = 0xffff};
    switch (r->kind) {
    case IR_USE:
        a.kind = WEIR_USE;
        a.backend = r->backend->index;
        break;
    case IR_USE_MAP:
        a.kind = WEIR_USE_MAP;
        a.map = layout_set(l, r->value->set);
        a.value = write_value(l, r->value->args[0], false);
        break;
    case IR_REDIRECT:
        a.kind = WEIR_REDIRECT;
        a.value = write_value(l, r->value, true);
        break;
    case IR_REPLY:
        a.kind = WEIR_REPLY;
        a.value = write_value(l, r->value, false);
        a.headers = write_headers(l, r);
        break;
    case IR_SET_HEADER:
        a.kind = WEIR_SET_HEADER;
        write_header_action(l, r, &a);
        break;
    case IR_ADD_HEADER:
        a.kind = WEIR_ADD_HEADER;
        write_header_action(l, r, &a);
        break;
    case IR_DEL_HEADER:
        a.kind = WEIR_DEL_HEADER;
        write_header_action(l, r, &a);
        break;
    }
    return blob_share(&l->blob, &a, sizeof a);
}
