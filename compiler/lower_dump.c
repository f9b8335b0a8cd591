/* Readable forms of rows and of decision tables, for --dump. */
#include "compiler/lower.h"
#include "compiler/rows.h"
#include "runtime/table.h"

/* ---- rows -------------------------------------------------------------------------------------- */

static const char *test_text(enum row_test test)
{
    static const char *const text[] = {
        [ROW_EXISTS] = "exists", [ROW_TLS] = "tls.active", [ROW_EQ] = "==",           [ROW_STARTS] = "starts-with",
        [ROW_UNDER] = "under",   [ROW_ENDS] = "ends-with", [ROW_IN] = "in",           [ROW_LIKE] = "like",
        [ROW_CONTAINS] = "contains", [ROW_MATCHES] = "matches", [ROW_RESIDUAL] = "code",
    };
    return text[test];
}

static void dump_subject(struct buf *out, const struct rows_program *r, uint32_t subject)
{
    static const char *const fixed[] = {"host",    "path",         "req.method",
                                        "req.uri", "req.raw-path", "req.version"};
    static const char *const kind[] = {"req.header", "req.query", "req.cookie", "req.headers"};
    if (subject >= ROW_SUBJECT_RANDOM) {
        buf_str(out, subject == ROW_SUBJECT_IP ? "client.ip" : "random");
    } else if (subject < ROW_SUBJECT_FIXED) {
        buf_str(out, fixed[subject]);
    } else {
        const struct rows_slot *s = &r->slots.v[subject - ROW_SUBJECT_FIXED];
        buf_printf(out, "%s[\"%.*s\"]", kind[s->kind], SLICE_ARG(s->name));
    }
}

static void dump_key(struct buf *out, enum ir_key_kind kind, const struct ir_key *k)
{
    char text[IP_TEXT_MAX];
    if (kind == IR_KEY_CIDR)
        buf_add(out, text, ip_prefix_format(&k->cidr, text));
    else if (kind == IR_KEY_INT)
        buf_printf(out, "%lld", (long long)k->num);
    else if (kind == IR_KEY_RANGE)
        buf_printf(out, "%lld..%lld", (long long)k->range.lo, (long long)k->range.hi);
    else
        buf_json(out, k->str);
}

static void dump_keys(struct buf *out, const struct row_keys *k)
{
    enum { SHOWN = 8 };
    if (k->set && k->set->name.len) {
        buf_printf(out, " %.*s", SLICE_ARG(k->set->name));
        return;
    }
    buf_str(out, " [");
    for (uint32_t i = 0; i < k->n && i < SHOWN; i++) {
        buf_str(out, i ? ", " : "");
        dump_key(out, k->kind, row_key(k, i));
    }
    if (k->n > SHOWN)
        buf_printf(out, ", and %u more", k->n - SHOWN);
    buf_str(out, "]");
}

static void dump_atom(struct buf *out, const struct rows_program *r, const struct row_atom *a)
{
    buf_str(out, a->negate ? "not " : "");
    if (a->test == ROW_TLS || a->test == ROW_RESIDUAL) {
        buf_printf(out, "%s", test_text((enum row_test)a->test));
        if (a->test == ROW_RESIDUAL)
            buf_printf(out, "@%u:%u", a->expr->pos.line, a->expr->pos.col);
        return;
    }
    dump_subject(out, r, a->subject);
    buf_printf(out, " %s", test_text((enum row_test)a->test));
    if (a->test == ROW_IN) {
        dump_keys(out, a->keys);
    } else if (a->test != ROW_EXISTS) {
        buf_char(out, ' ');
        buf_json(out, a->text);
    }
}

static void dump_step(struct buf *out, const struct rows_program *r, const struct rows_frontend *f, const struct rows_step *s)
{
    buf_printf(out, "%.*s %s step from rule %u: %u rules\n", SLICE_ARG(f->ir->name), s->phase ? "route" : "request", s->first,
               s->nrules);
    for (uint32_t i = 0; i < s->rows.n; i++) {
        const struct row *row = &s->rows.v[i];
        const struct ir_rule *rule = &s->rules[row->rule];
        buf_printf(out, "  %u %.*s:", s->first + row->rule, SLICE_ARG(rule->label));
        for (uint32_t k = 0; k < row->natoms; k++) {
            buf_str(out, k ? " and " : " ");
            dump_atom(out, r, &row->atoms[k]);
        }
        buf_str(out, row->natoms ? "\n" : " always\n");
    }
}

void lower_dump_rows(struct arena *a, const struct ir_program *p, struct buf *out)
{
    struct rows_program *r = rows_build(a, p);
    for (uint32_t i = 0; r && i < r->frontends.n; i++)
        for (uint32_t k = 0; k < r->frontends.v[i].steps.n; k++)
            dump_step(out, r, &r->frontends.v[i], &r->frontends.v[i].steps.v[k]);
}

/* ---- tables ------------------------------------------------------------------------------------ */

enum { KEYS_SHOWN = 16 };

static const void *at(struct slice t, uint32_t off)
{
    return t.p + off;
}

static const char *probe_text(uint32_t probe)
{
    static const char *const text[] = {"exact", "segments", "prefix", "suffix", "host", "cidr", "infix", "range", "first"};
    return probe < sizeof text / sizeof *text ? text[probe] : "?";
}

static void dump_slot(struct buf *out, struct slice t, uint32_t slot)
{
    static const char *const fixed[] = {"host", "path", "req.method", "req.uri", "req.raw-path", "req.version"};
    static const char *const kind[] = {"req.header", "req.query", "req.cookie", "req.headers"};
    const struct weir_tables *head = at(t, 0);
    const struct weir_slot *slots = at(t, head->slots.off);
    if (slot >= WEIR_SUBJECT_RANDOM)
        buf_str(out, slot == WEIR_SUBJECT_IP ? "client.ip" : "random");
    else if (slot < WEIR_SLOT_FIXED)
        buf_str(out, fixed[slot]);
    else if (slots[slot - WEIR_SLOT_FIXED].kind == WEIR_SLOT_ID)
        buf_str(out, "req.id");
    else
        buf_printf(out, "%s[\"%.*s\"]", kind[slots[slot - WEIR_SLOT_FIXED].kind], (int)slots[slot - WEIR_SLOT_FIXED].name.len,
                   t.p + slots[slot - WEIR_SLOT_FIXED].name.off);
}

static void dump_table_atom(struct buf *out, struct slice t, const struct weir_atom *a)
{
    static const char *const text[] = {"==", "under", "starts-with", "ends-with", "contains", "like", "matches", "in", "exists",
                                       "tls.active", "code"};
    buf_str(out, a->negate ? " not " : " ");
    if (a->op == WEIR_ATOM_TLS || a->op == WEIR_ATOM_GLUE) {
        buf_printf(out, "%s", text[a->op]);
        if (a->op == WEIR_ATOM_GLUE)
            buf_printf(out, " %u @%u", a->a, a->b);
        return;
    }
    dump_slot(out, t, a->slot);
    buf_printf(out, " %s", text[a->op]);
    if (a->op <= WEIR_ATOM_CONTAINS) {
        buf_char(out, ' ');
        buf_json(out, (struct slice){t.p + a->a, a->b});
    } else if (a->op != WEIR_ATOM_EXISTS) {
        buf_printf(out, " @%u", a->a);
    }
}

/* "path ~ from, bits": what the filter of a row looks at. */
static void dump_filter(struct buf *out, uint32_t from, uint32_t shift)
{
    static const struct { uint32_t from; const char *text; } places[] = {
        {WEIR_FILTER_HOST, "host"}, {WEIR_FILTER_METHOD, "method"}, {WEIR_FILTER_NONE + 1, "path end"}, {0, "path"}};
    uint32_t i = 0;
    while (from < places[i].from)
        i++;
    if (from != WEIR_FILTER_NONE)
        buf_printf(out, " [%u bytes of %s]", 8 - shift / 8, places[i].text);
}

static void dump_run(struct buf *out, struct slice t, uint32_t off, uint32_t base, int indent)
{
    for (bool more = true; more;) {
        const struct weir_rows *rows = at(t, off);
        uint32_t n = rows->count;
        const uint32_t *rule = at(t, off + 4 + 8 * n);
        const uint16_t *atoms = (const void *)(rule + n);
        const uint8_t *from = (const uint8_t *)(atoms + n + 1);
        for (uint32_t i = 0; i < n; i++) {
            const struct weir_atom *a = at(t, off + 4 * atoms[i]), *end = at(t, off + 4 * atoms[i + 1]);
            buf_printf(out, "%*srule %u:", indent, "", base + rule[i]);
            dump_filter(out, from[i], from[n + i]);
            buf_str(out, a == end && from[i] == WEIR_FILTER_NONE ? " always" : "");
            for (; a < end; a++)
                dump_table_atom(out, t, a);
            buf_char(out, '\n');
        }
        more = rows->more;
        off += 4 * atoms[n];
    }
}

static void dump_node(struct buf *out, struct slice t, uint32_t node, uint32_t base, int indent);

static void dump_record(struct buf *out, struct slice t, uint32_t off, uint32_t base, int indent)
{
    const struct weir_record *r = at(t, off);
    const struct weir_lead *lead = at(t, off - (uint32_t)sizeof *lead);
    uint32_t form = table_record_form(r);
    buf_printf(out, "%*s%s", indent, "", form == 2 ? "**" : form == 1 ? "*" : "");
    buf_json(out, (struct slice){(const char *)table_record_key(r), table_record_len(r)});
    buf_printf(out, lead->parent ? ", then %u\n" : "\n", lead->parent);
    dump_node(out, t, r->value, base + lead->base, indent + 2);
}

static void dump_keys_group(struct buf *out, struct slice t, const struct weir_group *g, uint32_t base, int indent)
{
    const struct weir_table *table = at(t, g->at);
    const struct weir_bucket *buckets = at(t, table->slots);
    buf_printf(out, "%*skeys of ", indent, "");
    dump_slot(out, t, g->slot);
    buf_printf(out, ", %s: %u, least rule %u\n", probe_text(table->probe), table->count, base + g->least);
    uint32_t shown = 0;
    for (uint64_t i = 0; i < (uint64_t)table->buckets * WEIR_BUCKET && shown < KEYS_SHOWN; i++) {
        const struct weir_bucket *b = &buckets[i / WEIR_BUCKET];
        if (b->tag[i % WEIR_BUCKET] && shown++ < KEYS_SHOWN)
            dump_record(out, t, b->record[i % WEIR_BUCKET], base, indent + 2);
    }
    if (table->count > shown)
        buf_printf(out, "%*s…\n", indent + 2, "");
}

static void dump_union(struct buf *out, struct slice t, const struct weir_group *g, uint32_t base, int indent)
{
    const struct weir_union *u = at(t, g->at);
    const struct weir_automaton *m = at(t, u->automaton);
    const struct weir_choice *c = at(t, u->choices);
    uint32_t shown = 0;
    buf_printf(out, "%*spatterns of ", indent, "");
    dump_slot(out, t, g->slot);
    buf_printf(out, ", at once: %u states, least rule %u\n", m->size, base + g->least);
    for (uint32_t i = 0; i < m->size && shown < KEYS_SHOWN; i++)
        if (c[i].node) {
            shown++;
            buf_printf(out, "%*sstate %u\n", indent + 2, "", i);
            dump_node(out, t, c[i].node, base + c[i].base, indent + 4);
        }
}

static void dump_node(struct buf *out, struct slice t, uint32_t node, uint32_t base, int indent)
{
    if (node & 1) {
        dump_run(out, t, node & ~1u, base, indent);
        return;
    }
    for (const struct weir_group *g; node; node = g->next) {
        g = at(t, node);
        if (g->kind == WEIR_GROUP_ROWS)
            dump_run(out, t, g->at, base, indent);
        else if (g->kind == WEIR_GROUP_UNION)
            dump_union(out, t, g, base, indent);
        else
            dump_keys_group(out, t, g, base, indent);
    }
}

void lower_dump_tables(struct slice t, struct buf *out)
{
    const struct weir_tables *head = at(t, 0);
    const struct weir_frontend *f = at(t, head->frontends.off);
    buf_printf(out, "%u bytes, %u slots, %u backends, %u maps, %u + %u shapes\n", head->size_lo, head->slots.count,
               head->backends.count, head->maps.count, head->pred_shapes.count, head->value_shapes.count);
    for (uint32_t i = 0; i < head->frontends.count; i++) {
        const struct weir_step *s = at(t, f[i].steps.off);
        for (uint32_t k = 0; k < f[i].steps.count; k++) {
            buf_printf(out, "%.*s %s step from rule %u: %u rules\n", (int)f[i].name.len, t.p + f[i].name.off,
                       s[k].phase ? "route" : "request", s[k].first, s[k].rules);
            if (s[k].node)
                dump_node(out, t, s[k].node, 0, 2);
            else
                buf_str(out, "  always\n");
        }
    }
}
