/* Membership: `in` and `not in` over lists, ranges, networks, `list` and map; map[key]. */
#include "compiler/check_state.h"

/* Whether values of `t` are looked up in keys of `kind`. */
static bool fits_keys(enum type_id t, enum ir_key_kind kind)
{
    switch (kind) {
    case IR_KEY_STRING:
    case IR_KEY_PREFIX:
    case IR_KEY_SUFFIX:
    case IR_KEY_REGEX:
        return check_is_text(t);
    case IR_KEY_HOST:
    case IR_KEY_HOST_PATTERN:
        return t == TYPE_HOST;
    case IR_KEY_PATH:
        return t == TYPE_PATH;
    case IR_KEY_METHOD:
        return t == TYPE_METHOD;
    case IR_KEY_INT:
    case IR_KEY_RANGE:
        return t == TYPE_INT;
    case IR_KEY_CIDR:
        return t == TYPE_IP || t == TYPE_CIDR;
    }
    return false;
}

static enum type_id type_of_keys(enum ir_key_kind kind)
{
    return kind == IR_KEY_HOST || kind == IR_KEY_HOST_PATTERN ? TYPE_HOST
           : kind == IR_KEY_PATH                              ? TYPE_PATH
           : kind == IR_KEY_METHOD                            ? TYPE_METHOD
           : kind == IR_KEY_INT || kind == IR_KEY_RANGE       ? TYPE_INT
           : kind == IR_KEY_CIDR                              ? TYPE_IP
                                                              : TYPE_STRING;
}

static bool key_fits(struct checker *k, const struct ast_expr *key, const struct typed *t,
                     const struct decl *d)
{
    if (t->type == TYPE_ERROR || d->rows.broken)
        return false;
    if (fits_keys(t->type, d->rows.set->key_kind))
        return true;
    const char *kind = check_key_kind_text(d->rows.set->key_kind), *is = check_type_text(t->type);
    struct slice text = check_source_text(k, key->span);
    struct diag *x = diag_report(k->d, DIAG_E0302, key->span, "`%.*s` has keys of type %s; `%.*s` is %s",
                                 SLICE_ARG(d->name), kind, SLICE_ARG(text), is);
    diag_label(k->d, x, "%s, expected %s", is, check_type_text(type_of_keys(d->rows.set->key_kind)));
    diag_secondary(k->d, x, d->at, "declared here");
    if (t->type == TYPE_STRING && type_of_keys(d->rows.set->key_kind) == TYPE_INT)
        diag_help(k->d, x, "read the text as a number: `%.*s | to-int`", SLICE_ARG(text));
    else if (t->type == TYPE_STRING)
        diag_note(k->d, x, "a text of a request is not taken for a %s: nothing normalises it", kind);
    return false;
}

struct typed check_map_lookup(struct checker *k, const struct ast_expr *e, struct decl *map)
{
    struct typed key = check_expr(k, e->args[1], type_of_keys(map->rows.set->key_kind));
    if (!key_fits(k, e->args[1], &key, map) || !check_present(k, e->args[1], &key))
        return check_failed();
    struct ir_set *set = check_use_set(k, map);
    struct ir_expr *x = check_new1(k, IR_LOOKUP, set->value_kind, key.ir, e->span);
    x->set = set;
    x->optional = !set->has_default;
    return check_result(k, x, map->rows.value_type);
}

static struct typed in_set(struct checker *k, const struct ast_expr *e, struct ir_expr *x, struct ir_set *set)
{
    struct ir_expr *r = check_new1(k, IR_IN, IR_BOOL, x, e->span);
    r->set = set;
    return check_yes(r);
}

/* lo <= x and x <= hi */
static struct ir_expr *in_range(struct checker *k, struct ir_expr *x, int64_t lo, int64_t hi, struct span at)
{
    struct ir_expr *l = check_new(k, IR_CONST_INT, IR_INT, 0, at),
                   *h = check_new(k, IR_CONST_INT, IR_INT, 0, at);
    l->num = lo;
    h->num = hi;
    return check_new2(k, IR_AND, IR_BOOL, check_new2(k, IR_LE, IR_BOOL, l, x, at),
                      check_new2(k, IR_LE, IR_BOOL, x, h, at), at);
}

struct list_build {
    struct checker *k;
    struct ir_set *set;
    struct strmap keys;
    enum type_id type; /* of the operand */
    bool good;
};

static void add_key(struct list_build *b, struct ir_key key, struct span at)
{
    bool added;
    struct slice bytes = arena_copy(b->k->a, check_key_bytes(b->set->key_kind, &key));
    strmap_put(&b->keys, b->k->a, bytes, b->set->rows.n, &added);
    if (!added) {
        diag_label(b->k->d, diag_report(b->k->d, DIAG_E0308, at, "this value stands in the list twice"),
                   "again here");
        b->good = false;
        return;
    }
    struct ir_row *r = vec_push(b->k->a, &b->set->rows);
    r->key = key;
    r->pos = check_pos(b->k, at);
}

typedef unsigned __int128 u128;

static u128 number_of(const struct ip_addr *a)
{
    u128 n = 0;
    for (int i = 0; i < 16; i++)
        n = n << 8 | a->b[i];
    return n;
}

/* The networks that first..last consists of: at most 254. */
static void add_ip_range(struct list_build *b, const struct ast_expr *lit, struct span at)
{
    u128 lo = number_of(&lit->ips->first), hi = number_of(&lit->ips->last);
    while (lo <= hi) {
        unsigned bits = 0; /* of the block's size: as large as `lo` is aligned and as `hi` allows */
        while (bits < 127 && !(lo >> bits & 1) && lo + (((u128)1 << (bits + 1)) - 1) <= hi)
            bits++;
        struct ir_key key = {.cidr = {.bits = (uint8_t)(128 - bits)}};
        for (int i = 0; i < 16; i++)
            key.cidr.addr.b[i] = (uint8_t)(lo >> (8 * (15 - i)));
        add_key(b, key, at);
        u128 next = lo + ((u128)1 << bits);
        if (next < lo)
            return;
        lo = next;
    }
}

static void add_item(struct list_build *b, const struct ast_expr *item)
{
    struct checker *k = b->k;
    const struct ast_expr *lit = check_literal_quietly(k, item);
    struct ir_key key = {0};
    if (lit && lit->kind == AST_RANGE && b->type == TYPE_INT)
        return; /* list_test() takes them */
    if (lit && lit->kind == AST_IP_RANGE && (b->type == TYPE_IP || b->type == TYPE_CIDR)) {
        add_ip_range(b, lit, item->span);
        return;
    }
    bool good = check_key(k, b->set->key_kind, item, &key);
    if (good && b->type == TYPE_PATH) {
        struct text_error err;
        good = check_text_type(k->a, TYPE_PATH, key.str, &key.str, &err);
        if (!good)
            check_bad_text(k, item, key.str, "path", &err);
    }
    if (good)
        add_key(b, key, item->span);
    b->good &= good;
}

/* The way of lookup of values written in a list. Paths are equal or not: segments are for `under` and for
 * keys of type path. */
static bool kind_for(struct checker *k, const struct ast_expr *list, enum type_id t, enum ir_key_kind *kind)
{
    *kind = t == TYPE_IP || t == TYPE_CIDR ? IR_KEY_CIDR
            : t == TYPE_INT    ? IR_KEY_INT
            : t == TYPE_METHOD ? IR_KEY_METHOD
            : t == TYPE_HOST   ? IR_KEY_HOST
                               : IR_KEY_STRING;
    for (uint32_t i = 0; t == TYPE_HOST && i < list->nargs; i++) {
        const struct ast_expr *lit = check_literal_quietly(k, list->args[i]);
        if (lit && lit->kind == AST_STRING && lit->text.len && memchr(lit->text.p, '*', lit->text.len))
            *kind = IR_KEY_HOST_PATTERN;
    }
    return t == TYPE_IP || t == TYPE_CIDR || t == TYPE_INT || check_is_text(t);
}

static struct ir_set *set_of_list(struct checker *k, const struct ast_expr *list, enum type_id t,
                                  enum ir_key_kind kind, struct span at)
{
    struct list_build b = {.k = k, .type = t, .good = true, .set = check_new_set(k, kind, at)};
    for (uint32_t i = 0; i < list->nargs; i++)
        add_item(&b, list->args[i]);
    return b.good ? b.set : NULL;
}

/* `named`: the constant that the list is, or NULL. Its set is made once for each kind of key. */
static struct typed list_test(struct checker *k, const struct ast_expr *e, const struct ast_expr *list,
                              const struct typed *l, struct decl *named)
{
    enum ir_key_kind kind;
    struct module *m = k->m;
    if (!kind_for(k, list, l->type, &kind))
        return check_no_such_test(k, e, e->args[0], l, "numbers, addresses and texts");
    k->m = named ? named->module : m;
    bool share = named && l->type != TYPE_PATH;
    struct ir_set *set =
        share && named->sets[kind] ? named->sets[kind] : set_of_list(k, list, l->type, kind, list->span);
    if (share)
        named->sets[kind] = set;
    struct typed t = set ? in_set(k, e, l->ir, set) : check_failed();
    for (uint32_t i = 0; set && l->type == TYPE_INT && i < list->nargs; i++) {
        const struct ast_expr *lit = check_literal_quietly(k, list->args[i]);
        if (lit && lit->kind == AST_RANGE)
            t.ir = check_new2(k, IR_OR, IR_BOOL, t.ir,
                              in_range(k, l->ir, lit->range.lo, lit->range.hi, e->span), e->span);
    }
    k->m = m;
    return t;
}

static struct typed in_literal(struct checker *k, const struct ast_expr *e, const struct ast_expr *lit,
                               const struct typed *l)
{
    const struct ast_expr *right = e->args[1];
    if (lit->kind == AST_RANGE && l->type == TYPE_INT)
        return check_yes(in_range(k, l->ir, lit->range.lo, lit->range.hi, e->span));
    if ((lit->kind == AST_CIDR || lit->kind == AST_IP_RANGE) &&
        (l->type == TYPE_IP || l->type == TYPE_CIDR)) {
        struct list_build b = {.k = k, .type = l->type, .good = true};
        struct ir_key key;
        if (lit->kind == AST_CIDR && !check_key(k, IR_KEY_CIDR, right, &key))
            return check_failed();
        b.set = check_new_set(k, IR_KEY_CIDR, right->span);
        if (lit->kind == AST_CIDR)
            add_key(&b, key, right->span);
        else
            add_ip_range(&b, lit, right->span);
        return in_set(k, e, l->ir, b.set);
    }
    if (check_quoted_value(k, e, e->args[0], right, l))
        return check_failed();
    enum type_id is = check_literal_type(lit);
    struct slice text = check_source_text(k, right->span);
    struct diag *x = diag_report(k->d, DIAG_E0302, right->span,
                                 "`in` needs a list, a range, a network or a map; `%.*s` is %s",
                                 SLICE_ARG(text), check_type_text(is));
    diag_label(k->d, x, "%s", check_type_text(is));
    if ((is == TYPE_STRING && check_is_text(l->type)) || (is == TYPE_INT && l->type == TYPE_INT)) {
        diag_help(k->d, x, "compare with one value by `==`");
        diag_fix(x, FIX_SAFE, ast_op_span(e), e->op == AST_IN ? SLICE("==") : SLICE("!="));
    }
    return check_failed();
}

/* "a" in req.headers["H"] */
static struct typed among(struct checker *k, const struct ast_expr *e, const struct typed *l, const struct typed *lines)
{
    if (l->type == TYPE_ERROR || lines->type == TYPE_ERROR)
        return check_failed();
    if (!check_is_text(l->type)) {
        check_mismatch(k, e->args[0], check_type_text(l->type), "string");
        return check_failed();
    }
    return check_yes(check_new2(k, IR_AMONG, IR_BOOL, l->ir, lines->ir, e->span));
}

struct typed check_in(struct checker *k, const struct ast_expr *e)
{
    const struct ast_expr *right = e->args[1];
    struct typed l = check_expr(k, e->args[0], TYPE_STRING);
    if (right->kind == AST_ERROR)
        return check_failed();
    struct typed r = check_names_field(right) ? check_expr(k, right, TYPE_STRING) : check_failed();
    if (check_names_field(right) && (r.type == TYPE_LIST || r.type == TYPE_ERROR))
        return among(k, e, &l, &r);
    struct decl *d = check_names_field(right) ? NULL : check_lookup(k, right);
    if (d && (d->kind == DECL_MAP || d->kind == DECL_LIST)) {
        d->used = true;
        return key_fits(k, e->args[0], &l, d) ? in_set(k, e, l.ir, check_use_set(k, d)) : check_failed();
    }
    const struct ast_expr *lit = check_literal_quietly(k, right);
    if (lit && l.type == TYPE_ERROR)
        return check_failed();
    if (lit && lit->kind == AST_LIST)
        return list_test(k, e, lit, &l, d && d->kind == DECL_LET ? d : NULL);
    if (lit)
        return in_literal(k, e, lit, &l);
    if ((right->kind == AST_NAME || right->kind == AST_MEMBER) && !check_names_field(right))
        check_ref(k, right, 1u << DECL_LIST | 1u << DECL_MAP | 1u << DECL_LET, "list or map");
    if (check_names_field(right) || (right->kind != AST_NAME && right->kind != AST_MEMBER)) {
        struct diag *x =
            diag_report(k->d, DIAG_E0302, right->span, "`in` needs a list, a range, a network or a map");
        diag_label(k->d, x, "none of these");
    }
    return check_failed();
}
