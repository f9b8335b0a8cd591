/* Values of a decision, and what generated code may call; see values.h and struct weir_abi. */
#include "runtime/values.h"

#include <stdio.h>

#include "runtime/automaton.h"
#include "runtime/base/norm.h"
#include "runtime/convert.h"
#include "runtime/match.h"
#include "runtime/table.h"

static const struct weir_str absent = {NULL, 0};
static const struct weir_str empty = {"", 0};

char *values_room(const struct weir_facts *f, uint32_t len)
{
    struct weir_scratch *s = f->scratch;
    if ((size_t)(s->end - s->next) < len) {
        s->full = true;
        return NULL;
    }
    char *p = s->next;
    s->next += len;
    return p;
}

static struct weir_str copy_of(const struct weir_facts *f, const void *bytes, uint32_t len)
{
    char *p = values_room(f, len);
    if (!p)
        return empty;
    memcpy(p, bytes, len);
    return (struct weir_str){p, len};
}

static struct weir_str concat(const struct weir_facts *f, const struct weir_str *parts, uint32_t n)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < n; i++)
        total += parts[i].p ? parts[i].len : 0;
    char *p = values_room(f, total > UINT32_MAX ? UINT32_MAX : (uint32_t)total);
    if (!p)
        return empty;
    char *to = p;
    for (uint32_t i = 0; i < n; i++) {
        if (parts[i].p)
            memcpy(to, parts[i].p, parts[i].len);
        to += parts[i].p ? parts[i].len : 0;
    }
    return (struct weir_str){p, (uint32_t)total};
}

struct weir_str values_join(const struct weir_facts *f, struct weir_str a, struct weir_str b)
{
    return concat(f, (struct weir_str[]){a, b}, 2);
}

struct weir_str values_get(const struct route_plan *p, const struct weir_facts *f, const struct weir_value *v)
{
    switch ((enum weir_value_kind)v->kind) {
    case WEIR_VALUE_NONE:
        break;
    case WEIR_VALUE_CONST:
        return (struct weir_str){(const char *)p->tables + v->a, v->b};
    case WEIR_VALUE_SLOT:
        return f->str[v->slot];
    case WEIR_VALUE_IP:
        return (struct weir_str){(const char *)f->client_ip, sizeof f->client_ip};
    case WEIR_VALUE_GLUE:
        return p->value(&route_abi, f, p->tables, v->a, v->b);
    }
    return absent;
}

struct weir_str values_get_clean(const struct route_plan *p, const struct weir_facts *f, const struct weir_value *v)
{
    struct weir_str raw = values_get(p, f, v);
    if (!raw.p)
        return empty;
    if (v->kind == WEIR_VALUE_CONST)
        return raw;
    char *out = values_room(f, raw.len);
    if (!out)
        return empty;
    return (struct weir_str){out, (uint32_t)norm_field_value((struct slice){raw.p, raw.len}, out)};
}

/* ---- what generated code calls: tests, false on absent operands -------------------------------- */

static bool abi_eq(struct weir_str a, struct weir_str b)
{
    return a.p && b.p && match_eq(a, b);
}

static bool abi_under(struct weir_str s, struct weir_str prefix)
{
    return s.p && prefix.p && match_under(s, prefix);
}

static bool abi_starts_with(struct weir_str s, struct weir_str part)
{
    return s.p && part.p && match_starts(s, part);
}

static bool abi_ends_with(struct weir_str s, struct weir_str part)
{
    return s.p && part.p && match_ends(s, part);
}

static bool abi_contains(struct weir_str s, struct weir_str part)
{
    return s.p && part.p && match_contains(s, part);
}

static bool abi_matches(const uint8_t *tables, uint32_t automaton, struct weir_str s)
{
    return s.p && automaton_matches(tables, automaton, s);
}

static bool abi_in_str(const uint8_t *tables, uint32_t table, struct weir_str s)
{
    return s.p && table_find(tables, table, s);
}

/* An integer as the key of a table: 8 bytes, little-endian. */
struct int_key {
    uint8_t b[8];
};

static struct int_key int_key_of(int64_t n)
{
    struct int_key k;
    for (unsigned i = 0; i < sizeof k.b; i++)
        k.b[i] = (uint8_t)((uint64_t)n >> (8 * i));
    return k;
}

static bool abi_in_int(const uint8_t *tables, uint32_t table, int64_t n)
{
    struct int_key k = int_key_of(n);
    return table_find(tables, table, (struct weir_str){(const char *)k.b, sizeof k.b});
}

static struct weir_str ip_key(const uint8_t ip[16])
{
    return (struct weir_str){(const char *)ip, 16};
}

static bool abi_in_ip(const uint8_t *tables, uint32_t table, const uint8_t ip[16])
{
    return table_find(tables, table, ip_key(ip));
}

/* ---- what generated code calls: values --------------------------------------------------------- */

static struct weir_str abi_map_str(const uint8_t *tables, uint32_t table, struct weir_str key)
{
    const struct weir_table *t = table_at(tables, table);
    const struct weir_record *r = key.p ? table_find(tables, table, key) : NULL;
    if (!r && t->fallback)
        r = table_at(tables, t->fallback);
    if (!r)
        return absent;
    const struct weir_ref *value = table_at(tables, r->value);
    return (struct weir_str){(const char *)tables + value->off, value->len};
}

static struct weir_str abi_map_int(const uint8_t *tables, uint32_t table, int64_t key)
{
    struct int_key k = int_key_of(key);
    return abi_map_str(tables, table, (struct weir_str){(const char *)k.b, sizeof k.b});
}

static struct weir_str abi_map_ip(const uint8_t *tables, uint32_t table, const uint8_t ip[16])
{
    return abi_map_str(tables, table, ip_key(ip));
}

static struct weir_str abi_lower(const struct weir_facts *f, struct weir_str s)
{
    char *p = s.p ? values_room(f, s.len) : NULL;
    if (!p)
        return s.p ? empty : absent;
    for (uint32_t i = 0; i < s.len; i++)
        p[i] = ascii_lower(s.p[i]);
    return (struct weir_str){p, s.len};
}

static struct weir_str abi_upper(const struct weir_facts *f, struct weir_str s)
{
    char *p = s.p ? values_room(f, s.len) : NULL;
    if (!p)
        return s.p ? empty : absent;
    for (uint32_t i = 0; i < s.len; i++)
        p[i] = s.p[i] >= 'a' && s.p[i] <= 'z' ? (char)(s.p[i] - 0x20) : s.p[i];
    return (struct weir_str){p, s.len};
}

/* Decimal digits with an optional "-", that fit 64 bits; else absent. Sums up downwards, since there is one more number
 * below zero than above. */
static bool abi_to_int(struct weir_str s, int64_t *n)
{
    bool negative = s.p && s.len > 0 && s.p[0] == '-';
    if (!s.p || s.len == negative)
        return false;
    int64_t sum = 0;
    for (uint32_t i = negative; i < s.len; i++) {
        if (s.p[i] < '0' || s.p[i] > '9' || __builtin_mul_overflow(sum, 10, &sum) ||
            __builtin_sub_overflow(sum, s.p[i] - '0', &sum))
            return false;
    }
    if (!negative && __builtin_sub_overflow(0, sum, &sum))
        return false;
    *n = sum;
    return true;
}

static struct weir_str abi_int_text(const struct weir_facts *f, int64_t n)
{
    char text[24];
    return copy_of(f, text, (uint32_t)snprintf(text, sizeof text, "%lld", (long long)n));
}

static struct weir_str abi_int_key(const struct weir_facts *f, int64_t n)
{
    struct int_key k = int_key_of(n);
    return copy_of(f, k.b, sizeof k.b);
}

static struct weir_str abi_ip_text(const struct weir_facts *f, const uint8_t ip[16])
{
    struct ip_addr a;
    memcpy(a.b, ip, sizeof a.b);
    char text[IP_TEXT_MAX];
    return copy_of(f, text, (uint32_t)ip_format(&a, text));
}

static struct weir_str abi_cidr_text(const struct weir_facts *f, const struct weir_cidr *net)
{
    struct ip_prefix p = {.bits = net->bits};
    memcpy(p.addr.b, net->addr, sizeof p.addr.b);
    char text[IP_TEXT_MAX];
    return copy_of(f, text, (uint32_t)ip_prefix_format(&p, text));
}

static struct weir_str cidr_key(const struct weir_cidr *net)
{
    return (struct weir_str){(const char *)net, sizeof *net};
}

static bool abi_in_cidr(const uint8_t *tables, uint32_t table, const struct weir_cidr *net)
{
    return table_find(tables, table, cidr_key(net));
}

static struct weir_str abi_map_cidr(const uint8_t *tables, uint32_t table, const struct weir_cidr *net)
{
    return abi_map_str(tables, table, cidr_key(net));
}

const struct weir_abi route_abi = {
    .version = WEIR_ABI_VERSION,
    .eq = abi_eq,
    .under = abi_under,
    .starts_with = abi_starts_with,
    .ends_with = abi_ends_with,
    .contains = abi_contains,
    .like = abi_matches,
    .matches = abi_matches,
    .in_str = abi_in_str,
    .in_int = abi_in_int,
    .in_ip = abi_in_ip,
    .map_str = abi_map_str,
    .map_int = abi_map_int,
    .map_ip = abi_map_ip,
    .lower = abi_lower,
    .upper = abi_upper,
    .to_int = abi_to_int,
    .int_text = abi_int_text,
    .int_key = abi_int_key,
    .ip_text = abi_ip_text,
    .concat = concat,
    .hash = convert_hash,
    .base64 = convert_base64,
    .base64_decode = convert_base64_decode,
    .url_decode = convert_url_decode,
    .part = convert_part,
    .replace = convert_replace,
    .mask = convert_mask,
    .in_cidr = abi_in_cidr,
    .map_cidr = abi_map_cidr,
    .cidr_text = abi_cidr_text,
    .bytes = copy_of,
    .lines = convert_lines,
    .nth = convert_nth,
    .among = convert_among,
};
