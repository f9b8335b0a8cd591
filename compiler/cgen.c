/* From expressions to C: shapes, and the file that holds one function for each; see cgen.h. The code of one expression is
 * cgen_tests.c, cgen_numbers.c and cgen_texts.c. */
#include "compiler/cgen_emit.h"

struct shape {
    struct slice kinds, origin, body;
};

struct cgen {
    struct arena *a;
    const struct rows_program *rows;
    struct {
        VEC(struct shape) shapes;
        struct strmap by_body;
    } family[CGEN_FAMILIES];
};

struct cgen *cgen_begin(struct arena *a, const struct rows_program *rows)
{
    struct cgen *g = arena_new(a, struct cgen);
    g->a = a;
    g->rows = rows;
    return g;
}

char cgen_separator(const struct ir_expr *subject)
{
    return subject->op == IR_FIELD && subject->field == IR_FIELD_HOST ? '.' : '/';
}

/* The expression for people, constants left out: the comment above its function. */
static void say_origin(struct buf *out, const struct ir_expr *e)
{
    if (e->op == IR_FIELD) {
        buf_printf(out, "%s", ir_field_text(e->field));
        return;
    }
    if (e->nargs == 0) {
        buf_str(out, "_");
        return;
    }
    buf_printf(out, "(%s", ir_op_text(e->op));
    for (uint32_t i = 0; i < e->nargs; i++) {
        buf_char(out, ' ');
        say_origin(out, e->args[i]);
    }
    buf_char(out, ')');
}

uint32_t emit_arg(struct emit *m, struct cgen_arg arg)
{
    buf_char(&m->kinds, (char)arg.kind);
    vec_add(m->a, &m->use->args, arg);
    return m->use->args.n - 1;
}

uint32_t emit_set_arg(struct emit *m, enum weir_arg_kind kind, const struct ir_set *set)
{
    return emit_arg(m, (struct cgen_arg){.kind = kind, .set = set});
}

/* ---- shapes ------------------------------------------------------------------------------------ */

static void emit_whole(struct emit *m, enum cgen_family family, const struct ir_expr *e)
{
    if (family == CGEN_PREDS) {
        uint32_t x = emit_bool(m, e);
        buf_printf(&m->body, "return b%u;\n", x);
    } else if (e->kind == IR_INT) {
        uint32_t x = emit_int(m, e), v = m->vars++;
        buf_printf(&m->body, "struct weir_str s%u = {NULL, 0};\nif (h%u)\ns%u = abi->int_key(f, n%u);\nreturn s%u;\n", v, x,
                   v, x, v);
    } else if (e->kind == IR_IP) {
        uint32_t x = emit_ip(m, e), v = m->vars++;
        if (e->optional)
            buf_printf(&m->body, "struct weir_str s%u = {NULL, 0};\nif (p%u)\ns%u = abi->bytes(f, p%u, 16);\nreturn s%u;\n", v, x,
                       v, x, v);
        else
            buf_printf(&m->body, "return abi->bytes(f, p%u, 16);\n", x);
    } else if (e->kind == IR_CIDR) {
        uint32_t x = emit_cidr(m, e), v = m->vars++;
        if (e->optional)
            buf_printf(&m->body,
                       "struct weir_str s%u = {NULL, 0};\nif (c%u)\ns%u = abi->bytes(f, c%u, sizeof *c%u);\nreturn s%u;\n", v, x, v,
                       x, x, v);
        else
            buf_printf(&m->body, "return abi->bytes(f, c%u, sizeof *c%u);\n", x, x);
    } else {
        uint32_t x = emit_str(m, e);
        buf_printf(&m->body, "return s%u;\n", x);
    }
}

bool cgen_use(struct cgen *g, enum cgen_family family, const struct ir_expr *e, struct cgen_use *out)
{
    struct emit m = {.a = g->a, .rows = g->rows, .use = out};
    *out = (struct cgen_use){0};
    emit_whole(&m, family, e);
    bool added = false;
    if (!m.failed) {
        struct slice body = buf_view(&m.body);
        uint32_t *known = strmap_get(&g->family[family].by_body, body);
        if (known) {
            out->shape = *known;
        } else {
            say_origin(&m.origin, e);
            struct shape *s = vec_push(g->a, &g->family[family].shapes);
            *s = (struct shape){arena_copy(g->a, buf_view(&m.kinds)), arena_copy(g->a, buf_view(&m.origin)),
                                arena_copy(g->a, body)};
            out->shape = g->family[family].shapes.n - 1;
            strmap_put(&g->family[family].by_body, g->a, s->body, out->shape, &added);
        }
    }
    buf_free(&m.body);
    buf_free(&m.kinds);
    buf_free(&m.origin);
    return !m.failed;
}

uint32_t cgen_count(const struct cgen *g, enum cgen_family family)
{
    return g->family[family].shapes.n;
}

struct slice cgen_kinds(const struct cgen *g, enum cgen_family family, uint32_t shape)
{
    return g->family[family].shapes.v[shape].kinds;
}

/* ---- the file ---------------------------------------------------------------------------------- */

/* The body's lines, indented by their braces. */
static void write_body(struct buf *out, struct slice body)
{
    int depth = 1;
    for (size_t at = 0, end; at < body.len; at = end + 1) {
        const char *nl = memchr(body.p + at, '\n', body.len - at);
        end = nl ? (size_t)(nl - body.p) : body.len;
        depth -= body.p[at] == '}';
        buf_printf(out, "%*s%.*s\n", depth * 4, "", (int)(end - at), body.p + at);
        depth += body.p[end - 1] == '{';
    }
}

#define PARAMS "(const struct weir_abi *abi, const struct weir_facts *f, const uint8_t *t, "

static void write_shape(struct buf *out, const char *type, const char *prefix, uint32_t i, const struct shape *s)
{
    buf_printf(out, "\n/* %.*s */\nstatic %s %s_%u" PARAMS "const struct weir_arg *a)\n{\n", SLICE_ARG(s->origin), type, prefix,
               i);
    buf_str(out, "    (void)abi, (void)f, (void)t, (void)a;\n");
    write_body(out, s->body);
    buf_str(out, "}\n");
}

static void write_entry(struct buf *out, const char *type, const char *prefix, uint32_t n, const char *none)
{
    buf_printf(out,
               "\nweir_%s_fn weir_%s __attribute__((visibility(\"default\")));\n"
               "%s weir_%s" PARAMS "uint32_t shape, uint32_t args)\n{\n"
               "    const struct weir_arg *a = (const void *)(t + args);\n"
               "    (void)abi, (void)f, (void)a;\n"
               "    switch (shape) {\n",
               prefix, prefix, type, prefix);
    for (uint32_t i = 0; i < n; i++)
        buf_printf(out, "    case %u:\n        return %s_%u(abi, f, t, a);\n", i, prefix, i);
    buf_printf(out, "    default:\n        break;\n    }\n%s}\n", none);
}

void cgen_write(const struct cgen *g, struct buf *out)
{
    buf_str(out, "/* Generated by weir: the conditions and values of a plan that are no tables, one function a shape. */\n"
                 "#include \"abi.h\"\n");
    for (uint32_t i = 0; i < cgen_count(g, CGEN_PREDS); i++)
        write_shape(out, "bool", "pred", i, &g->family[CGEN_PREDS].shapes.v[i]);
    for (uint32_t i = 0; i < cgen_count(g, CGEN_VALUES); i++)
        write_shape(out, "struct weir_str", "value", i, &g->family[CGEN_VALUES].shapes.v[i]);
    write_entry(out, "bool", "pred", cgen_count(g, CGEN_PREDS), "    return false;\n");
    write_entry(out, "struct weir_str", "value", cgen_count(g, CGEN_VALUES),
                "    struct weir_str none = {NULL, 0};\n    return none;\n");
}
