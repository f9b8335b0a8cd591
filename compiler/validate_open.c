/* Which rules a request leaves open; see note [open rules] in validate.h. A rule that needs one of a few texts (whole, at the
 * beginning or at the end of a field) or networks is found by the requests that have it; a field that rules change is not
 * looked at. More rules than must be may be open, never fewer. */
#include "compiler/validate_state.h"

#include <stdlib.h>

#include "compiler/validate_keys.h"
#include "runtime/base/hash.h"

enum { SPACES_MAX = 64, CUT = 48, PARTS_MAX = 64, OPEN_MAX = 400 };

/* ---- what requests have ------------------------------------------------------------------------ */

struct space {
    enum key_place place;
    uint8_t bits; /* NET */
    enum ir_field field;
    struct slice key;
};

struct slot {
    uint64_t hash;
    uint32_t first, n; /* of links; first: from 1, 0: the slot is free */
};

struct link {
    uint32_t request, next;
};

struct keys {
    struct validate_batch *b;
    struct space spaces[SPACES_MAX];
    uint32_t nspaces, cap, used;
    struct slot *slots;
    VEC(struct link) links;
    VEC(struct slice) edited; /* headers that rules change */
};

static struct slot *slot_of(struct keys *k, uint64_t hash)
{
    for (uint64_t i = hash;; i++) {
        struct slot *s = &k->slots[i & (k->cap - 1)];
        if (s->first == 0 || s->hash == hash)
            return s;
    }
}

static void grow(struct keys *k)
{
    struct slot *old = k->slots;
    uint32_t n = k->cap;
    k->cap = n ? n * 4 : 1 << 10;
    k->slots = arena_array(&k->b->a, struct slot, k->cap);
    for (uint32_t i = 0; i < n; i++)
        if (old[i].first)
            *slot_of(k, old[i].hash) = old[i];
}

static void post(struct keys *k, uint32_t space, const void *p, size_t n, uint32_t request)
{
    if (k->used * 2 >= k->cap)
        grow(k);
    struct slot *s = slot_of(k, hash_bytes(p, n, space));
    k->used += s->first == 0;
    s->hash = hash_bytes(p, n, space);
    vec_add(&k->b->a, &k->links, ((struct link){request, s->first}));
    s->first = k->links.n;
    s->n++;
}

static void post_text(struct keys *k, uint32_t space, struct slice text, uint32_t request)
{
    size_t most = text.len < CUT ? text.len : CUT;
    enum key_place place = k->spaces[space].place;
    if (place == KEY_WHOLE)
        post(k, space, text.p, text.len, request);
    for (size_t n = 1; place != KEY_WHOLE && n <= most; n++)
        post(k, space, place == KEY_HEAD ? text.p : text.p + text.len - n, n, request);
}

static void post_all(struct keys *k, uint32_t space)
{
    const struct space *s = &k->spaces[space];
    struct ir_expr field = {.op = IR_FIELD, .kind = IR_STR, .field = (uint8_t)s->field, .str = s->key};
    if (s->field == IR_FIELD_CLIENT_IP)
        field.kind = IR_IP;
    for (uint32_t i = 0; i < k->b->requests.n; i++) {
        struct eval_value v = eval_expr(&k->b->requests.v[i].raw, &field);
        if (v.absent)
            continue;
        if (s->place == KEY_NET) {
            ip_mask(&v.ip, s->bits);
            post(k, space, &v.ip, sizeof v.ip, i);
        } else {
            post_text(k, space, v.str, i);
        }
    }
}

/* UINT32_MAX: there are too many. */
static uint32_t space_of(struct keys *k, struct space x)
{
    for (uint32_t i = 0; i < k->nspaces; i++) {
        const struct space *s = &k->spaces[i];
        if (s->place == x.place && s->bits == x.bits && s->field == x.field && slice_eq(s->key, x.key))
            return i;
    }
    if (k->nspaces == SPACES_MAX)
        return UINT32_MAX;
    k->spaces[k->nspaces++] = x;
    post_all(k, k->nspaces - 1);
    return k->nspaces - 1;
}

static struct keys *keys_open(struct validate_batch *b)
{
    struct keys *k = arena_new(&b->a, struct keys);
    k->b = b;
    grow(k);
    for (uint32_t i = 0; i < b->nrules; i++) {
        const struct ir_rule *r = validate_rule(b->f, i);
        bool known = ir_rule_decides(r);
        for (uint32_t j = 0; j < k->edited.n && !known; j++)
            known = slice_eq_nocase(k->edited.v[j], r->name);
        if (!known)
            vec_add(&b->a, &k->edited, r->name);
    }
    return k;
}

/* Whether the expression is a field as it was received. */
static bool is_received(const struct keys *k, const struct ir_expr *e)
{
    if (e->op != IR_FIELD)
        return false;
    struct slice name = e->field == IR_FIELD_COOKIE ? SLICE("cookie") : e->str;
    bool header = e->field == IR_FIELD_HEADER || e->field == IR_FIELD_COOKIE;
    for (uint32_t i = 0; header && i < k->edited.n; i++)
        if (slice_eq_nocase(k->edited.v[i], name))
            return false;
    return header || e->field == IR_FIELD_HOST || e->field == IR_FIELD_PATH || e->field == IR_FIELD_URI ||
           e->field == IR_FIELD_QUERY || e->field == IR_FIELD_METHOD || e->field == IR_FIELD_CLIENT_IP;
}

/* NULL where it is not known which requests have the part. */
static const struct slot *find_part(struct keys *k, const struct ir_expr *field, const struct key_part *part)
{
    struct space x = {.place = part->place, .field = (enum ir_field)field->field, .key = field->str};
    struct slice text = part->text;
    struct ip_addr ip = part->net.addr;
    if (part->place == KEY_NET) {
        x.bits = part->net.bits;
        text = (struct slice){(const char *)&ip, sizeof ip};
    } else if (part->place != KEY_WHOLE && text.len > CUT) {
        text = part->place == KEY_HEAD ? (struct slice){text.p, CUT} : slice_from(text, text.len - CUT);
    }
    uint32_t space = space_of(k, x);
    return space == UINT32_MAX ? NULL : slot_of(k, hash_bytes(text.p, text.len, space));
}

/* ---- what rules need --------------------------------------------------------------------------- */

/* One of these; at least one. */
struct needs {
    struct keys *k;
    uint32_t n;
    struct {
        const struct ir_expr *field;
        struct key_part part;
    } v[PARTS_MAX];
};

/* How few requests a part leaves, about; 0: it is none. */
static uint32_t worth(const struct ir_expr *field, const struct key_part *part)
{
    switch (part->place) {
    case KEY_NONE:
        return 0;
    case KEY_WHOLE:
        return field->field == IR_FIELD_METHOD ? 1 : 4;
    case KEY_NET:
        return part->net.bits >= 104 || !ip_is_v4(&part->net.addr) ? 4 : 2;
    case KEY_HEAD:
    case KEY_TAIL:
        return part->text.len < 2 ? 0 : part->text.len < 6 ? 2 : 3;
    }
    return 0;
}

static uint32_t add_need(struct needs *out, const struct ir_expr *field, struct key_part part)
{
    uint32_t w = worth(field, &part);
    if (w == 0 || out->n == PARTS_MAX)
        return 0;
    out->v[out->n].field = field;
    out->v[out->n++].part = part;
    return w;
}

static uint32_t needs_row(struct needs *out, const struct ir_expr *e)
{
    uint32_t least = e->set->rows.n ? 4 : 0;
    for (uint32_t i = 0; i < e->set->rows.n && least; i++) {
        uint32_t w = add_need(out, e->args[0], validate_key_part(e->set->key_kind, &e->set->rows.v[i].key));
        least = w < least ? w : least;
    }
    return least;
}

static uint32_t needs_of(struct needs *out, const struct ir_expr *e);

static uint32_t needs_any(struct needs *out, const struct ir_expr *e)
{
    uint32_t least = e->nargs ? 4 : 0;
    for (uint32_t i = 0; i < e->nargs && least; i++) {
        uint32_t w = needs_of(out, e->args[i]);
        least = w < least ? w : least;
    }
    return least;
}

/* The part of a conjunction that leaves the fewest. */
static uint32_t needs_best(struct needs *out, const struct ir_expr *e)
{
    uint32_t base = out->n, best = 0, kept = 0;
    for (uint32_t i = 0; i < e->nargs && best < 4; i++) {
        uint32_t from = out->n, w = needs_of(out, e->args[i]);
        if (w > best) {
            kept = out->n - from;
            memmove(&out->v[base], &out->v[from], kept * sizeof *out->v);
            best = w;
        }
        out->n = base + kept;
    }
    return best;
}

/* Adds what the condition needs one of, and returns what that is worth. 0: nothing can be said, whatever was added. */
static uint32_t needs_of(struct needs *out, const struct ir_expr *e)
{
    if (e->op == IR_AND)
        return needs_best(out, e);
    if (e->op == IR_OR)
        return needs_any(out, e);
    if (e->nargs == 0)
        return 0;
    const struct ir_expr *x = e->args[0], *y = e->nargs == 2 ? e->args[1] : NULL;
    if (e->op == IR_EQ && x->op != IR_FIELD && y->op == IR_FIELD) {
        y = x;
        x = e->args[1];
    }
    if (!is_received(out->k, x))
        return 0;
    if (e->op == IR_IN)
        return needs_row(out, e);
    return add_need(out, x, validate_test_part(e, y));
}

struct scan {
    struct validate_batch *b;
    struct needs needs;
    struct slot slots[PARTS_MAX];
};

static void open_rule(struct scan *s, const struct slot *slot, uint32_t rule, bool edits)
{
    const struct keys *k = s->needs.k;
    for (uint32_t i = slot->first; i; i = k->links.v[i - 1].next) {
        struct validate_request *r = &s->b->requests.v[k->links.v[i - 1].request];
        if ((r->open.n < OPEN_MAX || edits) && (r->open.n == 0 || r->open.v[r->open.n - 1] != rule))
            vec_add(&s->b->a, &r->open, rule);
    }
}

/* Opens the rule to the requests that have what it needs. False where it is loose: nearly all of them do, or it is not known
 * which. */
static bool find_rule(struct scan *s, const struct ir_rule *r, uint32_t number)
{
    uint32_t all = 0;
    s->needs.n = 0;
    if (!r->guard || needs_of(&s->needs, r->guard) == 0)
        return false;
    for (uint32_t i = 0; i < s->needs.n; i++) {
        const struct slot *found = find_part(s->needs.k, s->needs.v[i].field, &s->needs.v[i].part);
        if (!found)
            return false;
        s->slots[i] = *found;
        all += found->n;
    }
    if (all > s->b->requests.n / 3 + 16)
        return false;
    for (uint32_t i = 0; i < s->needs.n; i++)
        open_rule(s, &s->slots[i], number, !ir_rule_decides(r));
    return true;
}

void validate_open(struct validate_batch *b)
{
    struct scan s = {.b = b, .needs.k = keys_open(b)};
    VEC(uint32_t) loose = {0};
    uint32_t few = b->nrules <= VALIDATE_FEW_RULES ? UINT32_MAX : VALIDATE_LOOSE, choices = 0;
    for (uint32_t i = 0; i < b->nrules; i++) {
        const struct ir_rule *r = validate_rule(b->f, i);
        if (few != UINT32_MAX && find_rule(&s, r, i))
            continue;
        vec_add(&b->a, &loose, i);
        choices += r->guard && ir_rule_decides(r);
    }
    b->partial = choices > few;
    for (uint32_t i = 0; i < loose.n; i++) {
        const struct ir_rule *r = validate_rule(b->f, loose.v[i]);
        if (b->partial && r->guard && ir_rule_decides(r))
            vec_add(&b->a, &b->loose, loose.v[i]);
        else
            vec_add(&b->a, &b->always, loose.v[i]);
    }
}
