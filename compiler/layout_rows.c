/* Runs of rows: blocks of filters, rules and tests, as struct weir_rows says. */
#include "compiler/layout.h"
#include "runtime/base/hash.h"

uint16_t layout_slot(uint32_t subject)
{
    return subject == ROW_SUBJECT_IP       ? WEIR_SUBJECT_IP
           : subject == ROW_SUBJECT_RANDOM ? WEIR_SUBJECT_RANDOM
                                           : (uint16_t)subject;
}

static uint8_t abi_op(enum row_test test)
{
    static const uint8_t op[] = {
        [ROW_EXISTS] = WEIR_ATOM_EXISTS, [ROW_TLS] = WEIR_ATOM_TLS,         [ROW_EQ] = WEIR_ATOM_EQ,
        [ROW_STARTS] = WEIR_ATOM_STARTS, [ROW_UNDER] = WEIR_ATOM_UNDER,     [ROW_ENDS] = WEIR_ATOM_ENDS,
        [ROW_IN] = WEIR_ATOM_IN,         [ROW_LIKE] = WEIR_ATOM_LIKE,       [ROW_CONTAINS] = WEIR_ATOM_CONTAINS,
        [ROW_MATCHES] = WEIR_ATOM_MATCHES, [ROW_RESIDUAL] = WEIR_ATOM_GLUE,
    };
    return op[test];
}

bool layout_is_live(const struct layout_item *item, uint32_t k)
{
    return k < item->row->natoms && (k >= 64 || !(item->gone >> k & 1));
}

bool layout_is_implied(const struct layout_item *item, uint32_t k)
{
    return layout_is_live(item, k < item->row->natoms ? k : item->row->atoms[k].of);
}

uint32_t layout_live_atoms(const struct layout_item *item)
{
    uint32_t n = 0;
    for (uint32_t k = 0; k < item->row->natoms; k++)
        n += layout_is_live(item, k);
    return n;
}

/* ---- operands ---------------------------------------------------------------------------------- */

/* What the atom is compared with. */
static void write_operand(struct layout *l, const struct row_atom *atom, uint32_t *a, uint32_t *b)
{
    switch ((enum row_test)atom->test) {
    case ROW_EQ:
    case ROW_UNDER:
    case ROW_STARTS:
    case ROW_ENDS:
    case ROW_CONTAINS:
        *a = blob_string(&l->blob, atom->text);
        *b = (uint32_t)atom->text.len;
        break;
    case ROW_LIKE:
        *a = layout_automaton(l, atom->text, atom->subject == ROW_SUBJECT_HOST ? '.' : '/');
        break;
    case ROW_MATCHES:
        *a = layout_automaton(l, atom->text, 0);
        break;
    case ROW_IN:
        *a = layout_keys(l, atom->keys);
        break;
    case ROW_RESIDUAL:
        layout_glue(l, CGEN_PREDS, atom->expr, a, b);
        break;
    case ROW_EXISTS:
    case ROW_TLS:
        break;
    }
}

/* Keys are compared by what they are where they are few. */
static void add_keys_id(struct layout *l, struct buf *id, const struct row_keys *keys)
{
    enum { COMPARED_MAX = 16 };
    uint32_t head[2] = {keys->kind, keys->n};
    buf_add(id, head, sizeof head);
    if (keys->n > COMPARED_MAX) {
        buf_add(id, &keys, sizeof keys);
        return;
    }
    for (uint32_t i = 0; i < keys->n; i++) {
        struct table_key k = key_table_key(l->a, keys->kind, row_key(keys, i));
        uint32_t len_form[2] = {(uint32_t)k.bytes.len, k.form};
        buf_add(id, len_form, sizeof len_form);
        buf_slice(id, k.bytes);
    }
}

void layout_add_atom_id(struct layout *l, struct buf *id, const struct row_atom *atom)
{
    uint32_t head[3] = {atom->test, atom->negate, atom->subject};
    buf_add(id, head, sizeof head);
    if (atom->test == ROW_IN) {
        add_keys_id(l, id, atom->keys);
    } else if (atom->test == ROW_RESIDUAL) {
        uint32_t code[2] = {0, 0};
        layout_glue(l, CGEN_PREDS, atom->expr, &code[0], &code[1]);
        buf_add(id, code, sizeof code);
    } else if (atom->test > ROW_TLS) {
        uint32_t len = (uint32_t)atom->text.len;
        buf_add(id, &len, sizeof len);
        buf_slice(id, atom->text);
    }
}

/* ---- filters ----------------------------------------------------------------------------------- */

/* What a row asks of the bytes of enum weir_filter_place; `says_all`: of which atom it says everything, or none. */
struct filter {
    uint8_t want[8];
    uint8_t from, shift;
    uint32_t rank; /* 0: none */
    int64_t says_all;
};

/* The last `n` bytes (at most 8) of `text`, which stands at `place`. */
static struct filter bytes_filter(struct slice text, uint32_t place, uint32_t rank)
{
    struct filter f = {.rank = rank, .says_all = -1};
    uint32_t n = text.len < 8 ? (uint32_t)text.len : 8;
    memcpy(f.want, text.p + text.len - n, n);
    f.from = (uint8_t)(place + text.len - n);
    f.shift = (uint8_t)(64 - 8 * n);
    return f;
}

/* The text at the place's begin; `whole`: and nothing after it. Only so many bytes of the subject are there. */
static struct filter begin_filter(struct slice text, uint32_t place, uint32_t room, bool whole, uint32_t rank)
{
    char buf[WEIR_FILTER_PATH_MAX + 1] = {0};
    struct slice s = {buf, text.len < room ? text.len : room};
    memcpy(buf, text.p, s.len);
    s.len += whole && s.len < room;
    return bytes_filter(s, place, rank);
}

static bool has_zero(struct slice s)
{
    return s.len == 0 || memchr(s.p, 0, s.len) != NULL;
}

static struct filter host_filter(struct slice host)
{
    struct filter f = {.from = WEIR_FILTER_HOST, .shift = 0, .rank = 6, .says_all = -1};
    uint64_t hash = hash_bytes(host.p, host.len, 0);
    memcpy(f.want, &hash, sizeof hash);
    return f;
}

/* Of texts with zero bytes nothing is said, since zeros fill the places up. */
static struct filter path_filter(const struct row_atom *atom, int64_t k)
{
    struct slice s = atom->text;
    struct filter f = {.rank = 0};
    if (atom->test == ROW_EQ) {
        f = begin_filter(s, WEIR_FILTER_PATH, WEIR_FILTER_PATH_MAX, true, 5);
        f.says_all = s.len < 8 ? k : -1;
    } else if (atom->test == ROW_STARTS || atom->test == ROW_UNDER) {
        f = begin_filter(s, WEIR_FILTER_PATH, WEIR_FILTER_PATH_MAX, false, s.len > 1 ? 4 : 1);
        f.says_all = s.len <= 8 && atom->test == ROW_STARTS ? k : -1;
    } else if (atom->test == ROW_ENDS) {
        size_t n = s.len < 8 ? s.len : 8;
        f = bytes_filter(slice_from(s, s.len - n), WEIR_FILTER_TAIL_END - (uint32_t)n, 3);
        f.says_all = s.len <= 8 ? k : -1;
    }
    return f;
}

static struct filter atom_filter(const struct row_atom *atom, int64_t k)
{
    struct filter f = {.rank = 0};
    bool text = atom->test == ROW_EQ || atom->test == ROW_STARTS || atom->test == ROW_UNDER || atom->test == ROW_ENDS;
    if (atom->negate || !text || has_zero(atom->text))
        return f;
    if (atom->subject == ROW_SUBJECT_PATH)
        return path_filter(atom, k);
    if (atom->subject == ROW_SUBJECT_HOST && atom->test == ROW_EQ)
        return host_filter(atom->text);
    if (atom->subject == ROW_SUBJECT_METHOD && atom->test == ROW_EQ) {
        f = begin_filter(atom->text, WEIR_FILTER_METHOD, 8, true, 2);
        f.says_all = atom->text.len < 8 ? k : -1;
    }
    return f;
}

static const struct filter no_filter = {.from = WEIR_FILTER_NONE, .shift = 0, .rank = 0, .says_all = -1};

/* Of a hint too, where nothing says already that it holds. */
static struct filter live_filter(const struct layout_item *item, uint32_t k)
{
    bool gone = (k < 64 && item->gone >> k & 1) || !layout_is_implied(item, k);
    struct filter f = gone ? no_filter : atom_filter(&item->row->atoms[k], k);
    if (k >= item->row->natoms)
        f.says_all = -1;
    return f;
}

/* How many rows have an atom of this filter; they are then not told apart by it. */
static uint32_t count_equal(const struct layout_item *v, uint32_t n, const struct filter *f)
{
    uint32_t equal = 0;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < row_tests(v[i].row) && k < 16; k++) {
            struct filter x = live_filter(&v[i], k);
            equal += x.rank == f->rank && x.from == f->from && memcmp(x.want, f->want, sizeof x.want) == 0;
        }
    return equal;
}

/* The filter of row `i` of a block: the one that the fewest rows have, by rank among equals. */
static struct filter row_filter(const struct layout_item *v, uint32_t n, uint32_t i)
{
    struct filter best = no_filter;
    uint32_t least = UINT32_MAX;
    for (uint32_t k = 0; k < row_tests(v[i].row) && k < 64; k++) {
        struct filter f = live_filter(&v[i], k);
        if (f.rank == 0)
            continue;
        uint32_t equal = count_equal(v, n, &f);
        if (equal < least || (equal == least && f.rank > best.rank)) {
            best = f;
            least = equal;
        }
    }
    return best;
}

static bool has_filter(const struct layout_item *item)
{
    for (uint32_t k = 0; k < row_tests(item->row); k++)
        if (live_filter(item, k).rank > 0)
            return true;
    return false;
}

uint32_t layout_row_cost(const struct layout_item *item)
{
    const struct row_atom *first = NULL;
    for (uint32_t k = item->row->natoms; k-- > 0;)
        if (layout_is_live(item, k))
            first = &item->row->atoms[k];
    if (!first || has_filter(item))
        return 1;
    return first->test >= ROW_IN ? 4 : 2;
}

/* ---- blocks ------------------------------------------------------------------------------------ */

static uint32_t block_head(uint32_t n)
{
    return 8 + 16 * n;
}

static bool is_written(const struct layout_item *item, const struct filter *f, uint32_t k)
{
    return layout_is_live(item, k) && f->says_all != (int64_t)k;
}

/* Where the tests of each row begin; false where that is out of reach. */
static bool place_atoms(const struct layout_item *v, const struct filter *f, uint32_t n, uint16_t *atoms)
{
    uint64_t at = block_head(n) / 4;
    for (uint32_t i = 0; i <= n; i++) {
        if (at > UINT16_MAX)
            return false;
        atoms[i] = (uint16_t)at;
        for (uint32_t k = 0; i < n && k < v[i].row->natoms; k++)
            at += is_written(&v[i], &f[i], k) ? sizeof(struct weir_atom) / 4 : 0;
    }
    return true;
}

/* The rows without their operands; those follow the whole run. */
static void write_block(struct layout *l, const struct layout_item *v, const struct filter *f, uint32_t n, bool more,
                        uint32_t base)
{
    struct weir_rows head = {(uint16_t)n, more};
    uint16_t atoms[WEIR_ROWS_MAX + 1];
    if (!place_atoms(v, f, n, atoms)) {
        l->limit = "the conditions of 32 rules have more than 20000 tests";
        return;
    }
    blob_add(&l->blob, &head, sizeof head, 4);
    for (uint32_t i = 0; i < n; i++)
        blob_add(&l->blob, f[i].want, sizeof f[i].want, 1);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t rule = v[i].row->rule - base;
        blob_add(&l->blob, &rule, sizeof rule, 1);
    }
    blob_add(&l->blob, atoms, (n + 1) * sizeof *atoms, 1);
    for (uint32_t i = 0; i < n; i++)
        blob_add(&l->blob, &f[i].from, 1, 1);
    for (uint32_t i = 0; i < n; i++)
        blob_add(&l->blob, &f[i].shift, 1, 1);
    blob_add(&l->blob, NULL, 0, 4);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < v[i].row->natoms; k++) {
            const struct row_atom *atom = &v[i].row->atoms[k];
            struct weir_atom x = {.op = abi_op((enum row_test)atom->test), .negate = atom->negate,
                                  .slot = layout_slot(atom->subject)};
            if (is_written(&v[i], &f[i], k))
                blob_add(&l->blob, &x, sizeof x, 4);
        }
}

/* The rows of one block by what a row costs: one with very many tests has a block of its own. */
static uint32_t rows_of_block(struct layout_items in, uint32_t from)
{
    uint32_t n = 0, atoms = 0;
    while (from + n < in.n && n < WEIR_ROWS_MAX) {
        atoms += in.v[from + n].row->natoms;
        if (n > 0 && atoms > 4096)
            break;
        n++;
    }
    return n;
}

/* Operands are written last: near the tests, not between them. */
static void write_operands(struct layout *l, const struct layout_item *v, const struct filter *f, uint32_t n, uint32_t at)
{
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < v[i].row->natoms; k++) {
            uint32_t a = 0, b = 0;
            if (!is_written(&v[i], &f[i], k))
                continue;
            write_operand(l, &v[i].row->atoms[k], &a, &b);
            struct weir_atom *x = blob_at(&l->blob, at);
            x->a = a;
            x->b = b;
            at += (uint32_t)sizeof *x;
        }
}

uint32_t layout_run(struct layout *l, struct layout_items in, uint32_t base)
{
    uint32_t run = blob_add(&l->blob, NULL, 0, 4), n;
    struct filter *f = arena_alloc(l->a, in.n * sizeof *f);
    for (uint32_t i = 0; i < in.n && !l->limit; i += n) {
        n = rows_of_block(in, i);
        for (uint32_t k = 0; k < n; k++)
            f[i + k] = row_filter(in.v + i, n, k);
        write_block(l, in.v + i, f + i, n, i + n < in.n, base);
    }
    for (uint32_t i = 0, at = run; i < in.n && !l->limit; i += n) {
        const uint16_t *atoms;
        n = rows_of_block(in, i);
        atoms = blob_at(&l->blob, at + 4 + 12 * n);
        uint32_t begin = at + 4 * atoms[0], end = at + 4 * atoms[n];
        write_operands(l, in.v + i, f + i, n, begin);
        at = end;
    }
    return run;
}
