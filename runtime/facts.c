/* Facts from a request's head; see facts.h. Nothing is copied that can be pointed to: a clean target costs no
 * copy but that of the host. */
#include "runtime/facts.h"

#include "runtime/base/norm.h"

static struct weir_str str_of(struct slice s)
{
    return (struct weir_str){s.p, (uint32_t)s.len};
}

/* Room in the scratch for at most `n` bytes, without taking it; NULL (and full) where there is less. */
static char *room(struct weir_scratch *s, size_t n)
{
    if ((size_t)(s->end - s->next) >= n)
        return s->next;
    s->full = true;
    return NULL;
}

static int fill_host(const struct http1_head *h, struct weir_facts *f)
{
    struct slice host;
    if (!h->host.p) { /* HTTP/1.0 */
        f->str[WEIR_SLOT_HOST] = (struct weir_str){"", 0};
        return 0;
    }
    char *out = room(f->scratch, h->host.len);
    if (!out)
        return 500;
    if (!norm_host(h->host, out, &host))
        return 400;
    f->scratch->next = out + host.len;
    f->str[WEIR_SLOT_HOST] = str_of(host);
    return 0;
}

/* Path and URI made anew: the query, with its "?", is put behind the path so that the path is the URI's
 * beginning. */
static int make_path(struct slice raw, struct slice query, struct weir_facts *f)
{
    struct slice path;
    char *out = room(f->scratch, raw.len + query.len);
    if (!out)
        return 500;
    if (!norm_path(raw, out, &path))
        return 400;
    if (query.len)
        memcpy(out + path.len, query.p, query.len);
    f->scratch->next = out + path.len + query.len;
    f->str[WEIR_SLOT_PATH] = str_of(path);
    f->str[WEIR_SLOT_URI] = (struct weir_str){out, (uint32_t)(path.len + query.len)};
    return 0;
}

/* Sets `*query` to what follows the "?", p NULL where there is none. */
static int fill_target(const struct http1_head *h, struct weir_facts *f, struct slice *query)
{
    struct slice t = h->path_query, path = t;
    const char *mark = memchr(t.p, '?', t.len);
    *query = (struct slice){NULL, 0};
    if (mark) {
        path.len = (size_t)(mark - t.p);
        *query = slice_from(t, path.len + 1);
    }
    /* An absolute-form target with a query alone has the path "/" (RFC 9110 section 4.2.3). */
    f->str[WEIR_SLOT_RAW_PATH] = path.len ? str_of(path) : (struct weir_str){"/", 1};
    if (slice_eq(t, SLICE("*")) || norm_path_is_clean(path)) {
        f->str[WEIR_SLOT_PATH] = str_of(path);
        f->str[WEIR_SLOT_URI] = str_of(t);
        return 0;
    }
    return make_path(path.len ? path : SLICE("/"), mark ? slice_from(t, path.len) : (struct slice){NULL, 0},
                     f);
}

/* Appends in the scratch; `joined` is there already where `made`. False where the scratch is used up. */
static bool join(struct weir_scratch *s, struct slice *joined, bool made, struct slice separator,
                 struct slice more)
{
    size_t need = (made ? 0 : joined->len) + separator.len + more.len;
    char *out = room(s, need);
    if (!out)
        return false;
    s->next += need;
    if (!made) {
        memcpy(out, joined->p, joined->len);
        joined->p = out;
        out += joined->len;
    }
    memcpy(out, separator.p, separator.len);
    memcpy(out + separator.len, more.p, more.len);
    joined->len += separator.len + more.len;
    return true;
}

/* The value of a header: the field's own bytes, or the lines joined (RFC 9110 section 5.3; Cookie: RFC 6265
 * section 5.4). For Host, what the server will see: the authority of an absolute-form target overrules the
 * field. */
static int fill_header(const struct http1_head *h, struct slice name, struct weir_facts *f,
                       struct weir_str *out)
{
    struct slice value = {NULL, 0};
    uint32_t lines = 0;
    if (h->scheme_authority.p && slice_eq(name, SLICE("host"))) {
        *out = str_of(h->host);
        return 0;
    }
    for (uint32_t i = 0; i < h->nfields; i++) {
        const struct http1_field *field = &h->fields[i];
        struct slice separator = field->id == HTTP1_COOKIE ? SLICE("; ") : SLICE(", ");
        if (field->name.len != name.len || !slice_eq_nocase(field->name, name))
            continue;
        if (lines == 0)
            value = field->value;
        else if (!join(f->scratch, &value, lines > 1, separator, field->value))
            return 500;
        lines++;
    }
    *out = str_of(value);
    return 0;
}

/* Of Host, the one line that the server will see. */
static int fill_lines(const struct http1_head *h, struct slice name, struct weir_facts *f, struct weir_str *out)
{
    struct slice lines = {NULL, 0};
    uint32_t n = 0;
    if (h->scheme_authority.p && slice_eq(name, SLICE("host"))) {
        *out = str_of(h->host);
        return 0;
    }
    for (uint32_t i = 0; i < h->nfields; i++) {
        const struct http1_field *field = &h->fields[i];
        if (field->name.len != name.len || !slice_eq_nocase(field->name, name))
            continue;
        if (n == 0)
            lines = field->value;
        else if (!join(f->scratch, &lines, n > 1, SLICE("\n"), field->value))
            return 500;
        n++;
    }
    *out = str_of(lines);
    return 0;
}

/* 32 hex digits. */
static int fill_id(struct weir_facts *f, struct weir_str *out)
{
    char *p = room(f->scratch, 32);
    if (!p)
        return 500;
    f->scratch->next += 32;
    for (unsigned i = 0; i < 32; i++)
        p[i] = "0123456789abcdef"[f->id[i / 16] >> (60 - 4 * (i % 16)) & 15];
    *out = (struct weir_str){p, 32};
    return 0;
}

static int fill_query(struct slice query, struct slice name, struct weir_facts *f, struct weir_str *out)
{
    struct slice value = {NULL, 0};
    *out = (struct weir_str){NULL, 0};
    if (!query.p)
        return 0;
    char *at = room(f->scratch, query.len);
    if (!at)
        return 500;
    if (!norm_query_get(query, name, at, &value))
        return 0;
    if (value.p == at)
        f->scratch->next += value.len;
    *out = str_of(value);
    return 0;
}

/* The first cookie of that name over all Cookie fields. */
static void fill_cookie(const struct http1_head *h, struct slice name, struct weir_str *out)
{
    struct slice value;
    *out = (struct weir_str){NULL, 0};
    for (uint32_t i = 0; i < h->nfields; i++)
        if (h->fields[i].id == HTTP1_COOKIE && norm_cookie_get(h->fields[i].value, name, &value)) {
            *out = str_of(value);
            return;
        }
}

/* One slot that the plan asks for. */
static int fill_slot(const struct http1_head *h, enum weir_slot_kind kind, struct slice name,
                     struct slice query, struct weir_facts *f, struct weir_str *out)
{
    switch (kind) {
    case WEIR_SLOT_HEADER:
        return fill_header(h, name, f, out);
    case WEIR_SLOT_QUERY:
        return fill_query(query, name, f, out);
    case WEIR_SLOT_COOKIE:
        fill_cookie(h, name, out);
        return 0;
    case WEIR_SLOT_LINES:
        return fill_lines(h, name, f, out);
    case WEIR_SLOT_ID:
        return fill_id(f, out);
    }
    return 500; /* no verified plan has another kind */
}

int facts_fill(const uint8_t *tables, const struct http1_head *h, struct weir_facts *f)
{
    const struct weir_tables *head = (const void *)tables;
    const struct weir_slot *slots = (const void *)(tables + head->slots.off);
    struct slice query;
    f->str[WEIR_SLOT_METHOD] = str_of(h->method);
    f->str[WEIR_SLOT_VERSION] = (struct weir_str){h->minor == 0 ? "HTTP/1.0" : "HTTP/1.1", 8};
    int status = fill_host(h, f);
    if (status == 0)
        status = fill_target(h, f, &query);
    for (uint32_t i = 0; status == 0 && i < head->slots.count; i++) {
        struct slice name = {(const char *)tables + slots[i].name.off, slots[i].name.len};
        status =
            fill_slot(h, (enum weir_slot_kind)slots[i].kind, name, query, f, &f->str[WEIR_SLOT_FIXED + i]);
    }
    return status;
}
