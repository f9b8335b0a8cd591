/* What a diff says of the whole, and of the logs that were replayed; see diff_view.h. */
#include "compiler/diff_view.h"

static struct slice kept(struct arena *a, struct buf *b)
{
    struct slice s = arena_copy(a, buf_view(b));
    buf_free(b);
    return s;
}

/* ---- numbers ----------------------------------------------------------------------------------- */

void diff_put_number(uint64_t n, struct buf *out)
{
    if (n >= 1000) {
        diff_put_number(n / 1000, out);
        buf_printf(out, ",%03u", (unsigned)(n % 1000));
    } else {
        buf_printf(out, "%u", (unsigned)n);
    }
}

void diff_put_count(uint64_t n, const char *one, const char *many, struct buf *out)
{
    diff_put_number(n, out);
    buf_printf(out, " %s", n == 1 ? one : many);
}

/* Neither none nor all is said where it is not so. */
void diff_put_share(uint64_t n, uint64_t of, struct buf *out)
{
    double share = of ? 100.0 * (double)n / (double)of : 0;
    if (n == 0 || n == of)
        buf_str(out, n ? "100 %" : "0 %");
    else if (share < 0.1)
        buf_str(out, "under 0.1 %");
    else if (share > 99.9)
        buf_str(out, "over 99.9 %");
    else
        buf_printf(out, "%.1f %%", share);
}

/* ---- verdicts ---------------------------------------------------------------------------------- */

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

enum diff_verdict diff_verdict(const struct diff *d)
{
    return diff_is_equivalent(d) ? DIFF_EQUIVALENT : diff_is_different(d) ? DIFF_DIFFERENT : DIFF_UNKNOWN;
}

uint32_t diff_kinds(const struct diff_frontend *f)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < f->classes.n; i++)
        n += f->classes.v[i]->like == NULL;
    return n;
}

static bool is_unchanged(const struct diff_frontend *f)
{
    return f->old && f->new && f->verdict == DIFF_EQUIVALENT;
}

bool diff_tells_frontend(const struct diff *d, const struct diff_frontend *f)
{
    return f->old && f->new ? !is_unchanged(f) : d->objects.n == 0 || f->requests > 0;
}

struct slice diff_unchanged(struct arena *a, const struct diff *d)
{
    enum { NAMED_MAX = 20 };
    struct buf b = {0};
    uint32_t of = 0, n = 0;
    for (uint32_t i = 0; i < d->frontends.n; i++)
        of += is_unchanged(d->frontends.v[i]);
    for (uint32_t i = 0; i < d->frontends.n && n < NAMED_MAX; i++)
        if (is_unchanged(d->frontends.v[i])) {
            buf_str(&b, n == 0 ? "" : n + 1 == of ? " and " : ", ");
            buf_slice(&b, d->frontends.v[i]->name);
            n++;
        }
    if (of > n)
        buf_printf(&b, " and %u more", of - n);
    return of && !d->same_digest ? kept(a, &b) : (struct slice){NULL, 0};
}

/* `maybe`: kinds of which no request is known. */
static void put_kinds(uint32_t n, uint32_t maybe, struct buf *out)
{
    diff_put_count(n - maybe, "kind of requests ends", "kinds of requests end", out);
    buf_str(out, " otherwise");
    if (maybe) {
        buf_str(out, ", and ");
        diff_put_number(maybe, out);
        buf_str(out, " more may");
    }
}

void diff_frontend_says(const struct diff_frontend *f, struct buf *out)
{
    if (!f->old || !f->new)
        buf_str(out, f->old ? "removed" : "added");
    else if (f->verdict == DIFF_EQUIVALENT)
        buf_str(out, "every request ends as before");
    else if (f->verdict == DIFF_UNKNOWN)
        buf_str(out, "unknown whether requests end as before");
    else if (f->classes.n == 0)
        buf_str(out, "requests end otherwise");
    else
        put_kinds(diff_kinds(f), f->unconfirmed, out);
}

void diff_summary(const struct diff *d, struct buf *out)
{
    uint32_t kinds = 0, maybe = 0, unknown = 0;
    for (uint32_t i = 0; i < d->frontends.n; i++) {
        kinds += diff_kinds(d->frontends.v[i]);
        maybe += d->frontends.v[i]->unconfirmed;
        unknown += d->frontends.v[i]->verdict == DIFF_UNKNOWN;
    }
    if (d->same_digest) {
        buf_str(out, "equivalent: both have the same digest");
    } else if (diff_is_equivalent(d)) {
        buf_str(out, "equivalent: proved for all requests, and no object differs");
    } else if (!diff_is_different(d)) {
        buf_str(out, "unknown: neither a difference nor equivalence could be proved");
    } else {
        buf_str(out, "different: ");
        if (kinds > maybe)
            put_kinds(kinds, maybe, out);
        else if (d->traffic && d->traffic->unclassed)
            buf_str(out, "requests end otherwise");
        else
            buf_str(out, unknown ? "unknown whether requests end as before" : "every request ends as before");
        if (d->objects.n) {
            buf_str(out, "; ");
            diff_put_count(d->objects.n, "object changes", "objects change", out);
        }
        if (kinds > maybe && unknown)
            buf_str(out, "; not everything could be decided");
    }
}

/* ---- logs -------------------------------------------------------------------------------------- */

static void put_of_requests(const struct diff_traffic *t, uint64_t n, struct buf *out)
{
    diff_put_share(n, t->requests, out);
    buf_str(out, " of ");
    diff_put_count(t->requests, "request", "requests", out);
}

static uint32_t kinds_unseen(const struct diff *d, uint32_t *kinds)
{
    uint32_t unseen = 0;
    *kinds = 0;
    for (uint32_t i = 0; i < d->frontends.n; i++)
        for (uint32_t k = 0; k < d->frontends.v[i]->classes.n; k++) {
            const struct diff_class *x = d->frontends.v[i]->classes.v[k];
            *kinds += !x->like;
            unseen += !x->like && x->requests == 0;
        }
    return unseen;
}

static void tell_share(struct arena *a, const struct diff *d, struct diff_lines *out)
{
    struct buf b = {0};
    uint32_t kinds, unseen = kinds_unseen(d, &kinds);
    if (d->traffic->differing == 0) {
        buf_str(&b, "none of ");
        diff_put_count(d->traffic->requests, "request", "requests", &b);
        buf_str(&b, " ends otherwise");
    } else {
        put_of_requests(d->traffic, d->traffic->differing, &b);
        buf_str(&b, d->traffic->differing == 1 ? " ends otherwise (" : " end otherwise (");
        diff_put_number(d->traffic->differing, &b);
        buf_char(&b, ')');
    }
    if (d->traffic->differing && unseen == kinds && kinds)
        buf_str(&b, "; none of the kinds below is among them");
    else if (d->traffic->differing && unseen) {
        buf_printf(&b, "; of %u kinds, %u ", kinds, unseen);
        buf_str(&b, unseen == 1 ? "is in no request" : "are in no request");
    }
    vec_add(a, &out->v, kept(a, &b));
}

static void tell_unread(struct arena *a, const struct diff_traffic *t, struct diff_lines *out)
{
    struct buf b = {0};
    if (t->unread) {
        diff_put_number(t->unread, &b);
        buf_str(&b, " of ");
        diff_put_count(t->lines, "line", "lines", &b);
        buf_printf(&b, " could not be read, first %.*s", SLICE_ARG(t->why));
        vec_add(a, &out->v, kept(a, &b));
    }
    if (t->elsewhere) {
        diff_put_count(t->elsewhere, "request was", "requests were", &b);
        buf_printf(&b, " for frontends that are not compared, such as `%.*s`", SLICE_ARG(t->elsewhere_as));
        vec_add(a, &out->v, kept(a, &b));
    }
    for (uint32_t i = 0; i < t->assumed.n; i++)
        buf_printf(&b, "%s%.*s", i ? ", " : "what rules read and the log does not say was taken as ",
                   SLICE_ARG(t->assumed.v[i]));
    if (b.len)
        vec_add(a, &out->v, kept(a, &b));
}

void diff_traffic_lines(struct arena *a, const struct diff *d, struct diff_lines *out)
{
    if (!d->traffic)
        return;
    if (d->traffic->requests)
        tell_share(a, d, out);
    tell_unread(a, d->traffic, out);
}

struct slice diff_unclassed(struct arena *a, const struct diff *d, const struct diff_frontend *f)
{
    struct buf b = {0};
    if (f->unclassed == 0)
        return (struct slice){NULL, 0};
    put_of_requests(d->traffic, f->unclassed, &b);
    buf_printf(&b, f->unclassed == 1 ? " ends otherwise, in no kind that was found ("
                                     : " end otherwise, in no kind that was found (");
    diff_put_number(f->unclassed, &b);
    buf_printf(&b, "), such as %.*s", SLICE_ARG(f->unclassed_as));
    return kept(a, &b);
}
