/* Classes of requests in words; see diff_view.h. */
#include "compiler/diff_view.h"

#include "compiler/ir_print.h"

enum { CONDITION_MAX = 400 };

static struct slice kept(struct arena *a, struct buf *b)
{
    struct slice s = arena_copy(a, buf_view(b));
    buf_free(b);
    return s;
}

/* ---- rules ------------------------------------------------------------------------------------- */

static void put_place(const struct ir_program *p, const struct an_item *x, struct buf *out)
{
    const struct ir_pos *at = x->row && x->row->pos.line ? &x->row->pos : &x->rule->pos;
    buf_slice(out, x->rule->label);
    if (at->line && at->file < p->sources.n)
        buf_printf(out, " at %.*s:%u", SLICE_ARG(p->sources.v[at->file].path), at->line);
}

/* Not more than people read, cut between characters. */
static void put_cut(struct slice s, struct buf *out)
{
    size_t n = s.len;
    if (n > CONDITION_MAX)
        for (n = CONDITION_MAX; n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80; n--)
            ;
    buf_add(out, s.p, n);
    if (n < s.len)
        buf_str(out, " …");
}

static void put_row(const struct an_item *x, struct buf *out)
{
    const struct ir_set *set = x->rule->value->set;
    if (x->row == &set->fallback) {
        buf_str(out, ", by its default");
        return;
    }
    buf_str(out, set->is_split ? ", random " : ", row ");
    ir_print_key(set, &x->row->key, out);
}

static void put_rule(const struct ir_program *p, const struct an_item *x, struct buf *out)
{
    struct buf guard = {0};
    if (!x->rule)
        return;
    put_place(p, x, out);
    buf_str(out, ": ");
    ir_print_action(x->rule, out);
    if (x->row)
        put_row(x, out);
    if (x->rule->guard) {
        buf_str(out, " if ");
        ir_print_expr(x->rule->guard, &guard);
        put_cut(buf_view(&guard), out);
    }
    buf_free(&guard);
}

/* ---- outcomes ---------------------------------------------------------------------------------- */

static void put_edits(const struct eval_result *r, struct buf *out)
{
    for (uint32_t i = 0; i < r->edits.n; i++) {
        const struct eval_edit *e = &r->edits.v[i];
        buf_printf(out, "%s%s %.*s", i ? ", " : " with ",
                   e->kind == IR_SET_HEADER   ? "set"
                   : e->kind == IR_ADD_HEADER ? "add"
                                              : "delete",
                   SLICE_ARG(e->name));
        if (e->kind == IR_DEL_HEADER)
            continue;
        buf_str(out, " = ");
        ir_print_text(e->value, out);
    }
    if (r->edits.n == 0)
        buf_str(out, " without changes of headers");
}

static void put_reply(const struct eval_result *r, bool full, struct buf *out)
{
    buf_printf(out, "reply %u", r->status);
    if (!full)
        return;
    for (uint32_t i = 0; i < r->reply_headers.n; i++) {
        buf_printf(out, "%s%.*s: ", i ? ", " : " with ", SLICE_ARG(r->reply_headers.v[i].name));
        ir_print_text(r->reply_headers.v[i].value, out);
    }
    buf_str(out, r->value.p ? ", body " : ", the default page");
    if (r->value.p)
        ir_print_text(r->value, out);
}

/* `full`: what the first line of both does not tell apart, too. */
static struct slice outcome(struct arena *a, const struct eval_result *r, bool full)
{
    struct buf b = {0};
    switch (r->outcome) {
    case EVAL_USE:
        buf_printf(&b, "use %.*s", SLICE_ARG(r->backend->name));
        if (full)
            put_edits(r, &b);
        break;
    case EVAL_REDIRECT:
        buf_printf(&b, "redirect %u %.*s", r->status, SLICE_ARG(r->value));
        break;
    case EVAL_REPLY:
        put_reply(r, full, &b);
        break;
    case EVAL_BAD_REQUEST:
        buf_str(&b, "reply 400");
        break;
    }
    return kept(a, &b);
}

static struct slice planned(struct arena *a, const struct an_item *x)
{
    struct buf b = {0};
    if (x->row)
        buf_printf(&b, "use %.*s", SLICE_ARG(x->row->backend->name));
    else if (x->rule)
        ir_print_action(x->rule, &b);
    return kept(a, &b);
}

/* ---- requests ---------------------------------------------------------------------------------- */

static void put_guard(const struct ir_expr *guard, struct buf *out)
{
    bool wrap = guard->op == IR_AND || guard->op == IR_OR;
    buf_str(out, wrap ? "(" : "");
    ir_print_expr(guard, out);
    buf_str(out, wrap ? ")" : "");
}

static struct slice conditions(struct arena *a, const struct diff_class *x)
{
    const struct ir_expr *old = x->old_item->rule ? x->old_item->rule->guard : NULL,
                         *new = x->new_item->rule ? x->new_item->rule->guard : NULL;
    struct buf b = {0}, p = {0}, q = {0};
    if (old)
        put_guard(old, &p);
    if (new)
        put_guard(new, &q);
    put_cut(buf_view(&p), &b);
    if (new && !slice_eq(buf_view(&p), buf_view(&q))) {
        buf_str(&b, old ? " and " : "");
        put_cut(buf_view(&q), &b);
    }
    if (!old && !new)
        buf_str(&b, "whatever no rule before takes");
    buf_free(&p);
    buf_free(&q);
    return kept(a, &b);
}

static struct slice hosts(struct arena *a, const struct diff_class *x)
{
    struct buf b = {0};
    if (x->others)
        buf_str(&b, x->any ? "any" : "those that no rule names");
    for (uint32_t i = 0; i < x->nhosts && i < DIFF_HOSTS; i++) {
        buf_str(&b, b.len ? ", " : "");
        ir_print_text(x->hosts[i], &b);
    }
    if (x->nhosts > DIFF_HOSTS)
        buf_printf(&b, " … %u hosts by name", x->nhosts);
    if (x->alike)
        buf_printf(&b, "; and %u more class%s like this one, by other rules", x->alike,
                   x->alike == 1 ? "" : "es");
    return kept(a, &b);
}

void diff_describe(struct arena *a, const struct diff *d, const struct diff_frontend *f,
                   const struct diff_class *x, struct diff_view *out)
{
    struct buf old = {0}, new = {0}, request = {0};
    (void)f;
    *out = (struct diff_view){.before = planned(a, x->old_item), .after = planned(a, x->new_item)};
    if (x->confirmed) {
        struct slice p = outcome(a, &x->before, false), q = outcome(a, &x->after, false);
        bool full = slice_eq(p, q);
        out->before = full ? outcome(a, &x->before, true) : p;
        out->after = full ? outcome(a, &x->after, true) : q;
        an_request_text(&x->request, &request);
        out->request = kept(a, &request);
    }
    put_rule(d->old, x->old_item, &old);
    put_rule(d->new, x->new_item, &new);
    out->old_rule = kept(a, &old);
    out->new_rule = kept(a, &new);
    if (x->old_item->rule)
        put_place(d->old, x->old_item, &old);
    if (x->new_item->rule)
        put_place(d->new, x->new_item, &new);
    out->old_place = arena_copy(a, buf_view(&old));
    out->new_place = arena_copy(a, buf_view(&new));
    buf_free(&old);
    buf_free(&new);
    out->when = conditions(a, x);
    out->hosts = hosts(a, x);
}

const struct diff_class *diff_next_alike(const struct diff_frontend *f, const struct diff_class *x,
                                         uint32_t *at)
{
    while (*at < f->classes.n)
        if (f->classes.v[(*at)++]->like == x)
            return f->classes.v[*at - 1];
    return NULL;
}

struct slice diff_describe_alike(struct arena *a, const struct diff *d, const struct diff_class *x)
{
    struct buf b = {0};
    for (uint32_t i = 0; i < x->nhosts && i < DIFF_HOSTS; i++) {
        buf_str(&b, b.len ? ", " : "");
        ir_print_text(x->hosts[i], &b);
    }
    struct slice old = planned(a, x->old_item), new = planned(a, x->new_item);
    buf_printf(&b, x->edits ? "%s%.*s (" : "%s%.*s  →  %.*s (", b.len ? ": " : "", SLICE_ARG(old),
               SLICE_ARG(new));
    if (x->new_item->rule)
        put_place(d->new, x->new_item, &b);
    buf_char(&b, ')');
    return kept(a, &b);
}

/* ---- the whole --------------------------------------------------------------------------------- */

const char *diff_verdict_text(enum diff_verdict v)
{
    switch (v) {
    case DIFF_EQUIVALENT:
        return "equivalent";
    case DIFF_DIFFERENT:
        return "different";
    case DIFF_UNKNOWN:
        return "unknown";
    }
    return "";
}

uint32_t diff_kinds(const struct diff_frontend *f)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < f->classes.n; i++)
        n += f->classes.v[i]->like == NULL;
    return n;
}

void diff_summary(const struct diff *d, struct buf *out)
{
    uint32_t classes = 0, unknown = 0;
    for (uint32_t i = 0; i < d->frontends.n; i++) {
        classes += d->frontends.v[i]->classes.n;
        unknown += d->frontends.v[i]->verdict == DIFF_UNKNOWN;
    }
    if (d->same_digest)
        buf_str(out, "equivalent: both have the same digest");
    else if (diff_is_equivalent(d))
        buf_str(out, "equivalent: proved for all requests, and no object differs");
    else if (!diff_is_different(d))
        buf_str(out, "unknown: neither a difference nor equivalence could be proved");
    else
        buf_printf(out, "different: %u class%s of requests, %u object%s%s", classes, classes == 1 ? "" : "es",
                   d->objects.n, d->objects.n == 1 ? "" : "s",
                   unknown ? "; not everything could be decided" : "");
}
