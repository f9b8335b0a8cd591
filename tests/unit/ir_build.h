/* Building typed IR by hand, for tests of what lowers and runs it. All memory is the arena's. */
#ifndef WEIR_TEST_IR_BUILD_H
#define WEIR_TEST_IR_BUILD_H

#include "compiler/ir.h"

struct ir_build {
    struct arena a;
    struct ir_program p;
    struct ir_frontend *f;
};

static inline struct ir_backend *build_backend(struct ir_build *b, const char *name)
{
    struct ir_backend *x = arena_new(&b->a, struct ir_backend);
    x->name = arena_copy(&b->a, slice_of(name));
    x->index = b->p.backends.n;
    vec_add(&b->a, &b->p.backends, x);
    return x;
}

static inline void build_begin(struct ir_build *b)
{
    *b = (struct ir_build){.p.edition = 1};
    b->f = arena_new(&b->a, struct ir_frontend);
    b->f->name = SLICE("edge");
    vec_add(&b->a, &b->p.frontends, b->f);
    vec_push(&b->a, &b->p.sources)->path = SLICE("test.weir");
}

static inline struct ir_expr *build_expr(struct ir_build *b, enum ir_op op, enum ir_kind kind, uint32_t nargs)
{
    struct ir_expr *e = arena_new(&b->a, struct ir_expr);
    e->op = (uint8_t)op;
    e->kind = (uint8_t)kind;
    e->nargs = nargs;
    e->args = arena_array(&b->a, struct ir_expr *, nargs + 1);
    return e;
}

static inline struct ir_expr *build_field(struct ir_build *b, enum ir_field field, const char *key)
{
    struct ir_expr *e = build_expr(b, IR_FIELD, IR_STR, 0);
    e->field = (uint8_t)field;
    e->kind = field == IR_FIELD_CLIENT_IP || field == IR_FIELD_LISTENER_IP       ? IR_IP
              : field == IR_FIELD_CLIENT_PORT || field == IR_FIELD_LISTENER_PORT ? IR_INT
              : field == IR_FIELD_TLS_ACTIVE                                     ? IR_BOOL
              : field == IR_FIELD_HEADERS                                        ? IR_LIST
                                                                                 : IR_STR;
    e->optional = key != NULL && field != IR_FIELD_HEADERS;
    if (key)
        e->str = arena_copy(&b->a, slice_of(key));
    return e;
}

static inline struct ir_expr *build_str(struct ir_build *b, struct slice s)
{
    struct ir_expr *e = build_expr(b, IR_CONST_STR, IR_STR, 0);
    e->str = arena_copy(&b->a, s);
    return e;
}

static inline struct ir_expr *build_int(struct ir_build *b, int64_t n)
{
    struct ir_expr *e = build_expr(b, IR_CONST_INT, IR_INT, 0);
    e->num = n;
    return e;
}

static inline struct ir_expr *build_two(struct ir_build *b, enum ir_op op, struct ir_expr *x, struct ir_expr *y)
{
    struct ir_expr *e = build_expr(b, op, IR_BOOL, 2);
    e->args[0] = x;
    e->args[1] = y;
    return e;
}

static inline struct ir_expr *build_not(struct ir_build *b, struct ir_expr *x)
{
    struct ir_expr *e = build_expr(b, IR_NOT, IR_BOOL, 1);
    e->args[0] = x;
    return e;
}

/* field OP "text"; LIKE and MATCHES take the text as their pattern. */
static inline struct ir_expr *build_test(struct ir_build *b, enum ir_op op, struct ir_expr *field, const char *text)
{
    if (op != IR_LIKE && op != IR_MATCHES)
        return build_two(b, op, field, build_str(b, slice_of(text)));
    struct ir_expr *e = build_expr(b, op, IR_BOOL, 1);
    e->args[0] = field;
    e->str = arena_copy(&b->a, slice_of(text));
    return e;
}

static inline struct ir_set *build_set(struct ir_build *b, enum ir_key_kind kind)
{
    struct ir_set *s = arena_new(&b->a, struct ir_set);
    s->key_kind = kind;
    s->index = b->p.sets.n;
    vec_add(&b->a, &b->p.sets, s);
    return s;
}

static inline struct ir_row *build_row(struct ir_build *b, struct ir_set *s, const char *key)
{
    struct ir_row *r = vec_push(&b->a, &s->rows);
    if (s->key_kind == IR_KEY_CIDR)
        ip_prefix_parse(slice_of(key), &r->key.cidr);
    else
        r->key.str = arena_copy(&b->a, slice_of(key));
    return r;
}

static inline struct ir_expr *build_in(struct ir_build *b, struct ir_expr *x, struct ir_set *set)
{
    struct ir_expr *e = build_expr(b, IR_IN, IR_BOOL, 1);
    e->args[0] = x;
    e->set = set;
    return e;
}

static inline struct ir_expr *build_lookup(struct ir_build *b, struct ir_set *map, struct ir_expr *key)
{
    struct ir_expr *e = build_expr(b, IR_LOOKUP, map->value_kind, 1);
    e->args[0] = key;
    e->set = map;
    e->optional = !map->has_default;
    return e;
}

/* A rule of the route; `use backend if guard`. */
static inline struct ir_rule *build_use(struct ir_build *b, struct ir_backend *backend, struct ir_expr *guard)
{
    struct ir_rule *r = vec_push(&b->a, &b->f->route);
    r->kind = IR_USE;
    r->backend = backend;
    r->guard = guard;
    r->pos.line = b->f->route.n;
    return r;
}

#endif
