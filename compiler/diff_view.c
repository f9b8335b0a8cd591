/* Classes of requests in words; see diff_view.h. */
#include "compiler/diff_view.h"

#include "compiler/ir_print.h"

enum { CONDITION_MAX = 400, VALUE_MAX = 200 };

static struct slice kept(struct arena *a, struct buf *b)
{
    struct slice s = arena_copy(a, buf_view(b));
    buf_free(b);
    return s;
}

/* Not more than people read, cut between characters. */
void diff_put_cut(struct slice s, size_t most, struct buf *out)
{
    size_t n = s.len;
    if (n > most)
        for (n = most; n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80; n--)
            ;
    buf_add(out, s.p, n);
    if (n < s.len)
        buf_str(out, " …");
}

static void put_text(struct slice s, struct buf *out)
{
    struct buf text = {0};
    ir_print_text(s, &text);
    diff_put_cut(buf_view(&text), VALUE_MAX, out);
    buf_free(&text);
}

/* ---- rules ------------------------------------------------------------------------------------- */

/* A rule, and the row by which it decided (or NULL). */
struct ruling {
    const struct ir_program *p;
    const struct ir_rule *rule;
    const struct ir_row *row;
};

static void put_place(const struct ruling *x, struct buf *out)
{
    const struct ir_pos *at = x->row && x->row->pos.line ? &x->row->pos : &x->rule->pos;
    buf_slice(out, x->rule->label);
    if (at->line && at->file < x->p->sources.n)
        buf_printf(out, " at %.*s:%u", SLICE_ARG(x->p->sources.v[at->file].path), at->line);
}

static void put_row(const struct ruling *x, struct buf *out)
{
    char text[IP_TEXT_MAX];
    const struct ir_set *set = x->rule->value->set;
    if (x->row == &set->fallback)
        buf_str(out, ", by its default");
    else if (set->key_kind == IR_KEY_CIDR)
        buf_printf(out, ", row %.*s", (int)ip_prefix_format(&x->row->key.cidr, text), text);
    else if (set->key_kind == IR_KEY_INT)
        buf_printf(out, ", row %lld", (long long)x->row->key.num);
    else {
        buf_str(out, ", row ");
        ir_print_text(x->row->key.str, out);
    }
}

static void put_rule(const struct ruling *x, struct buf *out)
{
    struct buf text = {0};
    put_place(x, out);
    buf_str(out, ": ");
    ir_print_action(x->rule, &text);
    diff_put_cut(buf_view(&text), VALUE_MAX, out);
    if (x->row)
        put_row(x, out);
    text.len = 0;
    if (x->rule->guard) {
        buf_str(out, " if ");
        ir_print_expr(x->rule->guard, &text);
        diff_put_cut(buf_view(&text), CONDITION_MAX, out);
    }
    buf_free(&text);
}

/* ---- outcomes ---------------------------------------------------------------------------------- */

/* Whether both change the header in the same way, one after the other. */
static bool same_changes(const struct eval_result *x, const struct eval_result *y, struct slice name)
{
    uint32_t i = 0, k = 0;
    for (;;) {
        while (i < x->edits.n && !slice_eq_nocase(x->edits.v[i].name, name))
            i++;
        while (k < y->edits.n && !slice_eq_nocase(y->edits.v[k].name, name))
            k++;
        if (i == x->edits.n || k == y->edits.n)
            return i == x->edits.n && k == y->edits.n;
        const struct eval_edit *e = &x->edits.v[i++], *o = &y->edits.v[k++];
        if (e->kind != o->kind || !slice_eq(e->value, o->value))
            return false;
    }
}

/* The changes of headers in `r` that are not those in `other`. */
static void put_edits(const struct eval_result *r, const struct eval_result *other, struct buf *out)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < r->edits.n; i++) {
        const struct eval_edit *e = &r->edits.v[i];
        if (same_changes(r, other, e->name))
            continue;
        buf_printf(out, "%s%s %.*s", n++ ? ", " : " with ",
                   e->kind == IR_SET_HEADER   ? "set"
                   : e->kind == IR_ADD_HEADER ? "add"
                                              : "delete",
                   SLICE_ARG(e->name));
        if (e->kind == IR_DEL_HEADER)
            continue;
        buf_str(out, " = ");
        put_text(e->value, out);
    }
    for (uint32_t i = 0; n == 0 && i < other->edits.n; i++)
        if (!same_changes(r, other, other->edits.v[i].name)) {
            buf_printf(out, " with %.*s as received", SLICE_ARG(other->edits.v[i].name));
            n++;
        }
}

static void put_reply(const struct eval_result *r, bool full, struct buf *out)
{
    buf_printf(out, "reply %u", r->status);
    if (!full)
        return;
    for (uint32_t i = 0; i < r->reply_headers.n; i++) {
        buf_printf(out, "%s%.*s: ", i ? ", " : " with ", SLICE_ARG(r->reply_headers.v[i].name));
        put_text(r->reply_headers.v[i].value, out);
    }
    buf_str(out, r->value.p ? ", body " : ", the default page");
    if (r->value.p)
        put_text(r->value, out);
}

/* `other` (or NULL): what it is to be told apart from, where the first words do not. */
static struct slice outcome(struct arena *a, const struct eval_result *r, const struct eval_result *other)
{
    struct buf b = {0};
    switch (r->outcome) {
    case EVAL_USE:
        buf_printf(&b, "use %.*s", SLICE_ARG(r->backend->name));
        if (other)
            put_edits(r, other, &b);
        break;
    case EVAL_REDIRECT:
        buf_printf(&b, "redirect %u %.*s", r->status, SLICE_ARG(r->value));
        break;
    case EVAL_REPLY:
        put_reply(r, other != NULL, &b);
        break;
    case EVAL_BAD_REQUEST:
        buf_str(&b, "reply 400");
        break;
    }
    return kept(a, &b);
}

static struct slice planned(struct arena *a, const struct an_item *x)
{
    struct buf b = {0}, text = {0};
    if (x->row) {
        buf_printf(&b, "use %.*s", SLICE_ARG(x->row->backend->name));
    } else if (x->rule) {
        ir_print_action(x->rule, &text);
        diff_put_cut(buf_view(&text), VALUE_MAX, &b);
    }
    buf_free(&text);
    return kept(a, &b);
}

/* The rule of the first change of a header in `x` that `y` does not make. */
static const struct ir_rule *edit_alone(const struct eval_result *x, const struct eval_result *y)
{
    for (uint32_t i = 0; i < x->edits.n; i++) {
        const struct eval_edit *e = &x->edits.v[i];
        bool also = false;
        if (same_changes(x, y, e->name))
            continue;
        for (uint32_t k = 0; k < y->edits.n; k++) {
            const struct eval_edit *o = &y->edits.v[k];
            also |= o->kind == e->kind && slice_eq_nocase(o->name, e->name) && slice_eq(o->value, e->value);
        }
        if (!also)
            return e->rule;
    }
    return NULL;
}

/* ---- requests ---------------------------------------------------------------------------------- */

/* Hosts that are named and not among the class; how many. */
static uint32_t missing_hosts(const struct diff_frontend *f, const struct diff_class *x,
                              struct slice out[DIFF_HOSTS])
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < f->nnames; i++)
        if (i >= 64 || !(x->named >> i & 1)) {
            if (n < DIFF_HOSTS)
                out[n] = f->names[i];
            n++;
        }
    return n;
}

static void put_list(const struct slice *v, uint32_t n, uint32_t of, struct buf *out)
{
    for (uint32_t i = 0; i < n; i++) {
        buf_str(out, i ? ", " : "");
        ir_print_text(v[i], out);
    }
    if (of > n)
        buf_printf(out, " and %u more", of - n);
}

static bool reads_host(const struct ir_expr *e)
{
    bool reads = e && e->op == IR_FIELD && e->field == IR_FIELD_HOST;
    for (uint32_t i = 0; e && i < e->nargs; i++)
        reads |= reads_host(e->args[i]);
    return reads;
}

static bool item_reads_host(const struct an_item *x)
{
    return x->rule && (reads_host(x->rule->guard) || (x->row && reads_host(x->rule->value)));
}

/* Some of the hosts that no rule names in full. */
static void put_example(const struct diff_class *x, struct buf *out)
{
    struct slice host = x->confirmed && x->request.nheaders ? x->request.headers[0].value : x->other;
    for (uint32_t i = 0; i < x->nhosts && i < DIFF_HOSTS; i++)
        if (slice_eq(host, x->hosts[i]))
            host = x->other;
    bool match = item_reads_host(x->old_item) || item_reads_host(x->new_item);
    buf_str(out, match ? "those that match, such as " : "those that no rule takes before, such as ");
    ir_print_text(host, out);
}

static struct slice hosts(struct arena *a, const struct diff_frontend *f, const struct diff_class *x)
{
    struct buf b = {0};
    struct slice missing[DIFF_HOSTS];
    uint32_t shown = x->nhosts < DIFF_HOSTS ? x->nhosts : DIFF_HOSTS, nmissing = missing_hosts(f, x, missing);
    bool rest = x->others == x->of_others && x->others; /* all those that have no name here */
    if (x->any || (rest && nmissing == 0)) {
        buf_str(&b, "all");
    } else if (rest && nmissing <= DIFF_HOSTS) {
        buf_str(&b, "all but ");
        put_list(missing, nmissing, nmissing, &b);
    } else {
        if (rest)
            buf_str(&b, "all that no rule names");
        else if (x->others)
            put_example(x, &b);
        if (x->nhosts)
            buf_str(&b, x->others ? ", and " : "");
        put_list(x->hosts, shown, x->nhosts, &b);
    }
    return kept(a, &b);
}

static struct slice alike(struct arena *a, const struct diff_class *x)
{
    struct buf b = {0};
    if (x->alike == 0)
        return (struct slice){NULL, 0};
    diff_put_count(x->alike, "more class", "more classes", &b);
    buf_str(&b, " like this");
    return kept(a, &b);
}

/* ---- a class ----------------------------------------------------------------------------------- */

static void describe_outcomes(struct arena *a, const struct diff_class *x, struct diff_view *out)
{
    struct buf request = {0};
    out->before = out->old_outcome = planned(a, x->old_item);
    out->after = out->new_outcome = planned(a, x->new_item);
    if (!x->confirmed)
        return;
    struct slice p = outcome(a, &x->before, NULL), q = outcome(a, &x->after, NULL);
    bool full = slice_eq(p, q);
    out->old_outcome = full ? outcome(a, &x->before, &x->after) : p;
    out->new_outcome = full ? outcome(a, &x->after, &x->before) : q;
    if (slice_eq(out->before, out->after)) {
        out->before = out->old_outcome;
        out->after = out->new_outcome;
    }
    an_request_text(&x->request, &request);
    out->request = kept(a, &request);
}

static void describe_ruling(struct arena *a, const struct ruling *x, struct slice *rule, struct slice *place)
{
    struct buf b = {0};
    *rule = *place = SLICE("no rule");
    if (!x->rule)
        return;
    put_rule(x, &b);
    *rule = kept(a, &b);
    put_place(x, &b);
    *place = kept(a, &b);
}

void diff_describe(struct arena *a, const struct diff *d, const struct diff_frontend *f,
                   const struct diff_class *x, struct diff_view *out)
{
    struct buf b = {0};
    struct ruling old = {d->old, x->old_item->rule, x->old_item->row},
                  new = {d->new, x->new_item->rule, x->new_item->row};
    *out = (struct diff_view){0};
    describe_outcomes(a, x, out);
    if (x->edits && x->confirmed) { /* what changed is not the rule that decides */
        old = (struct ruling){d->old, edit_alone(&x->before, &x->after), NULL};
        new = (struct ruling){d->new, edit_alone(&x->after, &x->before), NULL};
    }
    describe_ruling(a, &old, &out->old_rule, &out->old_place);
    describe_ruling(a, &new, &out->new_rule, &out->new_place);
    out->when = diff_when(a, f, x, old.rule, new.rule);
    out->hosts = hosts(a, f, x);
    out->alike = alike(a, x);
    if (!d->traffic)
        return;
    if (x->requests == 0) {
        out->traffic = SLICE("in none of the logged requests");
        return;
    }
    diff_put_share(x->requests, d->traffic->requests, &b);
    buf_str(&b, " of ");
    diff_put_count(d->traffic->requests, "request", "requests", &b);
    buf_str(&b, " (");
    diff_put_number(x->requests, &b);
    buf_printf(&b, "), most often %.*s", SLICE_ARG(x->often));
    out->traffic = kept(a, &b);
}

const struct diff_class *diff_next_alike(const struct diff_frontend *f, const struct diff_class *x,
                                         uint32_t *at)
{
    while (*at < f->classes.n)
        if (f->classes.v[(*at)++]->like == x)
            return f->classes.v[*at - 1];
    return NULL;
}

struct slice diff_describe_alike(struct arena *a, const struct diff *d, const struct diff_frontend *f,
                                 const struct diff_class *x)
{
    struct buf b = {0};
    struct ruling new = {d->new, x->new_item->rule, x->new_item->row};
    struct slice where = hosts(a, f, x);
    buf_printf(&b, slice_eq(where, SLICE("all")) ? "%.*s hosts" : "%.*s", SLICE_ARG(where));
    struct slice before = planned(a, x->old_item), after = planned(a, x->new_item);
    buf_printf(&b, x->edits ? "%s%.*s" : "%s%.*s  →  %.*s", b.len ? ": " : "", SLICE_ARG(before),
               SLICE_ARG(after));
    if (new.rule) {
        buf_str(&b, " (");
        put_place(&new, &b);
        buf_char(&b, ')');
    }
    if (d->traffic) {
        buf_str(&b, ", ");
        diff_put_share(x->requests, d->traffic->requests, &b);
    }
    return kept(a, &b);
}
