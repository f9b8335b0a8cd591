/* Rows of maps by their keys; see traffic_row.h. The evaluator looks at one row after the other, which is too
 * slow for each request of a log; here the keys that can match are asked for, the best ones first. */
#include "compiler/traffic_row.h"

#include "compiler/traffic_needs.h"

struct traffic_row_index {
    const struct ir_set *set;
    struct strmap rows; /* by the bytes of the key; prefixes of addresses: 16 bytes and the number of bits */
    bool bits[129];     /* CIDR: which lengths there are */
};

static struct slice number_key(const int64_t *n)
{
    return (struct slice){(const char *)n, sizeof *n};
}

static struct slice cidr_key(const struct ip_addr *ip, uint8_t bits, char out[17])
{
    struct ip_addr masked = *ip;
    ip_mask(&masked, bits);
    memcpy(out, masked.b, 16);
    out[16] = (char)bits;
    return (struct slice){out, 17};
}

static struct traffic_row_index *index_of(struct traffic_rows *r, const struct ir_set *set)
{
    for (uint32_t i = 0; i < r->maps.n; i++)
        if (r->maps.v[i]->set == set)
            return r->maps.v[i];
    struct traffic_row_index *x = arena_new(r->a, struct traffic_row_index);
    x->set = set;
    strmap_reserve(&x->rows, r->a, set->rows.n);
    for (uint32_t i = 0; i < set->rows.n; i++) {
        const struct ir_key *k = &set->rows.v[i].key;
        struct slice key = set->key_kind == IR_KEY_INT ? number_key(&k->num) : k->str;
        char cidr[17];
        if (set->key_kind == IR_KEY_CIDR) {
            key = arena_copy(r->a, cidr_key(&k->cidr.addr, k->cidr.bits, cidr));
            x->bits[k->cidr.bits] = true;
        }
        strmap_put(&x->rows, r->a, key, i, NULL);
    }
    vec_add(r->a, &r->maps, x);
    return x;
}

static const struct ir_row *row_at(const struct traffic_row_index *x, struct slice key)
{
    const uint32_t *at = strmap_get(&x->rows, key);
    return at ? &x->set->rows.v[*at] : NULL;
}

/* `host` itself, then for each of its dots `*` (of the first alone) and `**` before what follows. */
static const struct ir_row *find_pattern(struct arena *a, const struct traffic_row_index *x,
                                         struct slice host)
{
    const struct ir_row *row = row_at(x, host);
    char *text = arena_alloc(a, host.len + 3);
    bool first = true;
    for (size_t i = 1; !row && i < host.len; i++) {
        if (host.p[i] != '.')
            continue;
        memcpy(text, "**", 2);
        memcpy(text + 2, host.p + i, host.len - i);
        if (first)
            row = row_at(x, (struct slice){text + 1, host.len - i + 1});
        if (!row)
            row = row_at(x, (struct slice){text, host.len - i + 2});
        first = false;
    }
    return row;
}

static const struct ir_row *find_text(struct arena *a, const struct traffic_row_index *x, struct slice s)
{
    const struct ir_row *row = NULL;
    switch (x->set->key_kind) {
    case IR_KEY_STRING:
    case IR_KEY_HOST:
    case IR_KEY_METHOD:
        return row_at(x, s);
    case IR_KEY_HOST_PATTERN:
        return find_pattern(a, x, s);
    case IR_KEY_PATH:
        for (size_t n = s.len + 1; !row && n-- > 0;)
            if (n == s.len || s.p[n] == '/' || (n > 0 && s.p[n - 1] == '/'))
                row = row_at(x, (struct slice){s.p, n});
        return row;
    case IR_KEY_PREFIX:
        for (size_t n = s.len + 1; !row && n-- > 0;)
            row = row_at(x, (struct slice){s.p, n});
        return row;
    case IR_KEY_SUFFIX:
        for (size_t n = s.len + 1; !row && n-- > 0;)
            row = row_at(x, slice_from(s, s.len - n));
        return row;
    case IR_KEY_INT:
    case IR_KEY_CIDR:
        return NULL;
    }
    return NULL;
}

static const struct ir_row *find(struct arena *a, const struct traffic_row_index *x,
                                 const struct eval_value *v)
{
    const struct ir_row *row = NULL;
    char key[17];
    if (v->absent)
        return NULL;
    switch (v->kind) {
    case IR_STR:
        return find_text(a, x, v->str);
    case IR_INT:
        return x->set->key_kind == IR_KEY_INT ? row_at(x, number_key(&v->num)) : NULL;
    case IR_IP:
        for (int bits = 128; !row && bits >= 0; bits--)
            if (x->bits[bits])
                row = row_at(x, cidr_key(&v->ip, (uint8_t)bits, key));
        /* An IPv6 prefix never contains an IPv4 address (runtime/base/ip.h). */
        return row && ip_in_prefix(&v->ip, &row->key.cidr) ? row : NULL;
    case IR_CIDR: /* in networks that hold all of it */
        for (int bits = v->cidr.bits; !row && bits >= 0; bits--)
            if (x->bits[bits])
                row = row_at(x, cidr_key(&v->cidr.addr, (uint8_t)bits, key));
        return row && ip_in_prefix(&v->cidr.addr, &row->key.cidr) ? row : NULL;
    case IR_BOOL:
    case IR_BACKEND:
    case IR_LIST:
        return NULL;
    }
    return NULL;
}

/* ---- the key ----------------------------------------------------------------------------------- */

struct asking {
    const struct ir_rule *at;
    const struct ir_expr *key;
    struct eval_value value;
};

static void take_key(void *ctx, struct eval_state *s, const struct ir_rule *rule, bool in_route, bool applied)
{
    struct asking *q = ctx;
    (void)in_route, (void)applied;
    if (rule == q->at)
        q->value = eval_expr(s, q->key);
}

static bool is_edit(const struct ir_rule *r)
{
    return r->kind == IR_SET_HEADER || r->kind == IR_ADD_HEADER || r->kind == IR_DEL_HEADER;
}

static void add_edits(struct arena *a, const struct ir_rule *rules, uint32_t n, const struct ir_rule *end,
                      struct ir_frontend *out)
{
    for (uint32_t i = 0; i < n && &rules[i] != end; i++)
        if (is_edit(&rules[i]))
            vec_add(a, &out->on_request, rules[i]);
}

/* The key as the request is where the rule is: after the changes of headers before it, where it reads one. */
static struct eval_value key_of(struct arena *a, const struct ir_frontend *f, const struct ir_rule *rule,
                                const struct ir_expr *key, const struct eval_request *q)
{
    struct ir_rule last = {.kind = IR_REPLY, .status = 200};
    struct ir_frontend only = {.name = f->name};
    struct asking asking = {.key = key, .value = {.absent = true}};
    struct eval_result ignored;
    if (traffic_reads_headers(key)) {
        bool early = rule >= f->on_request.v && rule < f->on_request.v + f->on_request.n;
        add_edits(a, f->on_request.v, f->on_request.n, rule, &only);
        if (!early)
            add_edits(a, f->route.v, f->route.n, rule, &only);
    }
    only.route.v = &last;
    only.route.n = 1;
    asking.at = &last;
    eval_run(a, &only, q, take_key, &asking, &ignored);
    return asking.value;
}

const struct ir_row *traffic_row_of(struct traffic_rows *r, const struct ir_frontend *f,
                                    const struct ir_rule *rule, const struct eval_request *q)
{
    const struct ir_expr *lookup = rule && rule->kind == IR_USE_MAP ? rule->value : NULL;
    if (!lookup || lookup->op != IR_LOOKUP)
        return NULL;
    struct arena a = {0};
    struct eval_value key = key_of(&a, f, rule, lookup->args[0], q);
    const struct ir_row *row = find(&a, index_of(r, lookup->set), &key);
    arena_free(&a);
    return row || !lookup->set->has_default ? row : &lookup->set->fallback;
}
