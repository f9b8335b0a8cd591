/* A frontend's program: steps, their outcomes, header edits; see route.h. */
#include "runtime/route.h"

#include "runtime/decide.h"
#include "runtime/table.h"
#include "runtime/values.h"

enum { NO_SLOT = 0xffff };

/* Later rules see the header as it will be forwarded. */
static void edit_slot(struct weir_facts *f, uint32_t slot, enum route_edit_op op, struct weir_str value,
                      struct weir_str between)
{
    if (slot == NO_SLOT)
        return;
    struct weir_str *s = &f->str[slot];
    if (op == ROUTE_EDIT_DEL)
        *s = (struct weir_str){NULL, 0};
    else if (op == ROUTE_EDIT_ADD && s->p)
        *s = values_join(f, values_join(f, *s, between), value);
    else
        *s = value;
}

static void edit_header(const struct route_plan *p, struct weir_facts *f, const struct weir_action *a,
                        struct route_result *r)
{
    if (r->nedits == ROUTE_EDITS_MAX) {
        r->failed = true;
        return;
    }
    struct route_edit *e = &r->edits[r->nedits++];
    e->op = a->kind == WEIR_SET_HEADER ? ROUTE_EDIT_SET : a->kind == WEIR_ADD_HEADER ? ROUTE_EDIT_ADD : ROUTE_EDIT_DEL;
    e->name = (struct weir_str){(const char *)p->tables + a->name.off, a->name.len};
    e->value = e->op == ROUTE_EDIT_DEL ? (struct weir_str){NULL, 0} : values_get_clean(p, f, &a->value);
    edit_slot(f, a->slot, e->op, e->value, (struct weir_str){", ", 2});
    edit_slot(f, a->lines, e->op, e->value, (struct weir_str){"\n", 1});
}

/* The backend of `use map[key]`. The rule's condition asked for the same record: take the one that it found. */
static void use_map(const struct route_plan *p, const struct weir_facts *f, const struct decide *d,
                    const struct weir_action *a, struct route_result *r)
{
    const struct weir_record *found = NULL;
    uint32_t slot = a->value.kind == WEIR_VALUE_SLOT     ? a->value.slot
                    : a->value.kind == WEIR_VALUE_RANDOM ? WEIR_SUBJECT_RANDOM
                                                         : WEIR_SUBJECT_IP;
    if (a->value.kind != WEIR_VALUE_GLUE && d->found && d->found_table == a->map && d->found_slot == slot) {
        found = d->found;
    } else {
        struct weir_str key = values_get(p, f, &a->value);
        found = key.p ? table_find(p->tables, a->map, key) : NULL;
    }
    uint32_t fallback = ((const struct weir_table *)table_at(p->tables, a->map))->fallback;
    if (!found && fallback)
        found = table_at(p->tables, fallback);
    r->kind = WEIR_USE;
    if (found)
        r->backend = found->value;
    else
        r->failed = true;
}

/* Returns true where the action ends the program. */
static bool act(const struct route_plan *p, struct weir_facts *f, const struct decide *d, const struct weir_action *a,
                struct route_result *r)
{
    switch ((enum weir_action_kind)a->kind) {
    case WEIR_SET_HEADER:
    case WEIR_ADD_HEADER:
    case WEIR_DEL_HEADER:
        edit_header(p, f, a, r);
        return false;
    case WEIR_USE:
        r->kind = WEIR_USE;
        r->backend = a->backend;
        return true;
    case WEIR_USE_MAP:
        use_map(p, f, d, a, r);
        return true;
    case WEIR_REDIRECT:
        r->kind = WEIR_REDIRECT;
        r->value = values_get_clean(p, f, &a->value);
        break;
    case WEIR_REPLY:
        r->kind = WEIR_REPLY;
        r->value = values_get(p, f, &a->value);
        r->action = a;
        break;
    }
    r->status = a->status;
    return true;
}

static const struct weir_outcome *step_outcome(struct decide *d, const struct weir_step *s, uint32_t *rule, bool *begun)
{
    d->outcomes = table_at(d->tables, s->outcomes);
    *rule = 0;
    if (s->node) {
        if (!*begun)
            decide_begin(d, s->node);
        *begun = true;
        *rule = decide_rule(d, s->node, 0, s->rules);
    }
    return *rule < s->rules ? d->outcomes + *rule : NULL;
}

/* Rules of one step mostly stand in one file. */
static uint32_t file_of(const struct route_plan *p, const struct weir_step *s, uint32_t rule)
{
    const struct weir_file_run *runs = table_at(p->tables, s->files.off);
    uint32_t lo = 0, hi = s->files.count - 1;
    while (lo < hi) {
        uint32_t mid = hi - (hi - lo) / 2;
        if (runs[mid].first <= rule)
            lo = mid;
        else
            hi = mid - 1;
    }
    return runs[lo].file;
}

void route_run(const struct route_plan *p, uint32_t frontend, struct weir_facts *f, struct route_result *r)
{
    const struct weir_tables *head = (const void *)p->tables;
    const struct weir_frontend *fe = (const struct weir_frontend *)table_at(p->tables, head->frontends.off) + frontend;
    const struct weir_step *step = table_at(p->tables, fe->steps.off), *end = step + fe->steps.count;
    bool begun = false;
    struct decide d; /* what is large in it is not cleared twice */
    d.tables = p->tables;
    d.facts = f;
    d.pred = p->pred;
    r->failed = false;
    r->nedits = 0;
    r->backend = WEIR_NONE;
    r->status = 0;
    r->value = (struct weir_str){NULL, 0};
    r->action = NULL;
    for (; step < end; step++) {
        uint32_t rule;
        d.found = NULL;
        const struct weir_outcome *o = step_outcome(&d, step, &rule, &begun);
        if (!o || !act(p, f, &d, table_at(p->tables, o->action), r))
            continue;
        r->phase = step->phase;
        r->rule = step->first + rule;
        r->place = (struct weir_place){file_of(p, step, rule), o->line};
        r->failed |= f->scratch->full;
        return;
    }
    /* A verified plan does not get here: the last rule of a route is unconditional. */
    *r = (struct route_result){.kind = WEIR_REPLY, .failed = true, .backend = WEIR_NONE};
}

void route_reply_header(const struct route_plan *p, const struct weir_facts *f, const struct weir_action *a, uint32_t i,
                        struct weir_str *name, struct weir_str *value)
{
    const struct weir_header *h = (const struct weir_header *)table_at(p->tables, a->headers.off) + i;
    *name = (struct weir_str){(const char *)p->tables + h->name.off, h->name.len};
    *value = values_get_clean(p, f, &h->value);
}
