/* Writing costs, as text or JSON; see cost.h. */
#include "compiler/cost.h"
#include "compiler/explain_render.h"

/* ---- text -------------------------------------------------------------------------------------- */

static void put_count(struct buf *out, uint64_t n, const char *one, const char *many)
{
    buf_grouped(out, n);
    buf_printf(out, " %s", n == 1 ? one : many);
}

static void text_summary(const struct cost_frontend *f, struct buf *out)
{
    put_count(out, f->rules, "rule", "rules");
    buf_str(out, ", ");
    put_count(out, f->rows, "row", "rows");
    buf_str(out, " in ");
    put_count(out, f->decisions, "decision", "decisions");
    buf_str(out, " with ");
    put_count(out, f->tables, "key table", "key tables");
    buf_str(out, "\n  a request takes at most ");
    put_count(out, f->most.probes, "probe", "probes");
    buf_str(out, " of key tables and ");
    put_count(out, f->most.tests, "test", "tests");
    if (f->most.patterns || f->most.code) {
        buf_str(out, ", of which ");
        put_count(out, f->most.patterns, "is a pattern", "are patterns");
        buf_str(out, " and ");
        put_count(out, f->most.code, "is code", "are code");
    }
    buf_str(out, "\n  ");
    put_count(out, f->keyed, "rule is", "rules are");
    buf_str(out, " found by keys, ");
    put_count(out, f->loose, "is", "are");
    buf_str(out, " tried by all requests that come so far, ");
    put_count(out, f->always, "has", "have");
    buf_str(out, " no condition left");
    if (f->never) {
        buf_str(out, ", ");
        put_count(out, f->never, "is", "are");
        buf_str(out, " in no table, since nothing leads there");
    }
    buf_char(out, '\n');
}

static void text_steps(const struct cost_rule *x, struct buf *out)
{
    const struct cost_place *p = x->place;
    if (x->always || p->rows == 0) {
        buf_str(out, x->always ? "no condition" : "in no table: a rule before it or its own condition leaves it nothing");
        return;
    }
    put_count(out, p->rows, "row", "rows");
    if (p->loose) {
        buf_str(out, p->loose == p->rows ? ", no key leads there" : ", to some no key leads");
    } else {
        buf_str(out, ", by ");
        for (uint32_t i = 0; i < p->nkeys && i < COST_KEYS_SHOWN; i++) {
            buf_str(out, i ? ", then " : "");
            buf_slice(out, p->keys[i]);
        }
        if (p->nkeys > COST_KEYS_SHOWN)
            buf_printf(out, ", then %u more", p->nkeys - COST_KEYS_SHOWN);
    }
    buf_str(out, "; ");
    put_count(out, p->left.tests, "test", "tests");
    buf_str(out, p->loose ? "" : " left");
    if (p->left.patterns)
        buf_printf(out, ", %llu by pattern", (unsigned long long)p->left.patterns);
    if (p->left.code)
        buf_printf(out, ", %llu in code", (unsigned long long)p->left.code);
}

static void text_rule(const struct cost *c, const struct cost_rule *x, struct buf *out)
{
    buf_str(out, "  ");
    explain_rule_text(c->p, x->rule, out);
    buf_str(out, "\n    ");
    text_steps(x, out);
    buf_char(out, '\n');
    for (uint32_t i = 0; i < x->why.n; i++)
        buf_printf(out, "    %.*s\n", SLICE_ARG(x->why.v[i]));
}

void cost_text(const struct cost *c, const char *path, struct buf *out)
{
    for (uint32_t i = 0; i < c->frontends.n; i++) {
        const struct cost_frontend *f = &c->frontends.v[i];
        buf_printf(out, "%s: frontend `%.*s`: ", path, SLICE_ARG(f->f->name));
        text_summary(f, out);
        if (f->dearest.n)
            buf_printf(out, "\n  the dearest rules%s\n", f->dearest.n < f->rules ? "" : " first");
        for (uint32_t k = 0; k < f->dearest.n; k++)
            text_rule(c, &f->dearest.v[k], out);
        if (f->dearest.n < f->rules) {
            buf_str(out, "  … and ");
            buf_grouped(out, f->rules - f->dearest.n);
            buf_str(out, " more; --limit N shows them\n");
        }
        buf_char(out, '\n');
    }
    buf_printf(out, "%s: ", path);
    put_count(out, c->bytes, "byte", "bytes");
    buf_str(out, " of tables\n");
}

/* ---- JSON -------------------------------------------------------------------------------------- */

static void json_steps(const char *name, const struct cost_steps *s, struct buf *out)
{
    buf_printf(out, ",\"%s\":{\"probes\":%llu,\"tests\":%llu,\"patterns\":%llu,\"code\":%llu}", name,
               (unsigned long long)s->probes, (unsigned long long)s->tests, (unsigned long long)s->patterns,
               (unsigned long long)s->code);
}

static void json_rule(const struct cost *c, const struct cost_rule *x, struct buf *out)
{
    const struct cost_place *p = x->place;
    explain_rule_json(c->p, x->rule, out);
    buf_printf(out, ",\"always\":%s,\"rows\":%u,\"rows_without_key\":%u,\"keys\":[", x->always ? "true" : "false", p->rows,
               p->loose);
    for (uint32_t i = 0; i < p->nkeys && i < COST_KEYS_SHOWN; i++) {
        buf_str(out, i ? "," : "");
        buf_json(out, p->keys[i]);
    }
    buf_char(out, ']');
    json_steps("left", &p->left, out);
    buf_str(out, ",\"why\":[");
    for (uint32_t i = 0; i < x->why.n; i++) {
        buf_str(out, i ? "," : "");
        buf_json(out, x->why.v[i]);
    }
    buf_str(out, "]}");
}

void cost_json(const struct cost *c, const char *path, struct buf *out)
{
    buf_str(out, "{\"cost\":");
    buf_json(out, slice_of(path));
    buf_printf(out, ",\"table_bytes\":%llu,\"frontends\":[", (unsigned long long)c->bytes);
    for (uint32_t i = 0; i < c->frontends.n; i++) {
        const struct cost_frontend *f = &c->frontends.v[i];
        buf_str(out, i ? ",{\"name\":" : "{\"name\":");
        buf_json(out, f->f->name);
        buf_printf(out,
                   ",\"rules\":%u,\"rows\":%u,\"decisions\":%u,\"key_tables\":%u,\"by_keys\":%u,\"tried_by_all\":%u,"
                   "\"always\":%u,\"in_no_table\":%u",
                   f->rules, f->rows, f->decisions, f->tables, f->keyed, f->loose, f->always, f->never);
        json_steps("most", &f->most, out);
        buf_str(out, ",\"dearest\":[");
        for (uint32_t k = 0; k < f->dearest.n; k++) {
            buf_str(out, k ? "," : "");
            json_rule(c, &f->dearest.v[k], out);
        }
        buf_printf(out, "],\"more\":%u}", f->rules - f->dearest.n);
    }
    buf_str(out, "]}\n");
}
