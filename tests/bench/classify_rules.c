/* See classify_rules.h. */
#include "tests/bench/classify_rules.h"

#include <stdlib.h>
#include <string.h>

enum { BACKENDS = 64, WORDS = 600 };

uint32_t rule_set_draw(struct rule_set *s, uint32_t n)
{
    s->seed = s->seed * 6364136223846793005u + 1442695040888963407u;
    uint64_t x = s->seed ^ s->seed >> 29;
    return (uint32_t)((x >> 16 & 0xffffffff) * n >> 32);
}

static uint32_t draw(struct rule_set *s, uint32_t n)
{
    return rule_set_draw(s, n);
}

static bool chance(struct rule_set *s, uint32_t percent)
{
    return draw(s, 100) < percent;
}

/* A word of three or four syllables: WORDS different ones. */
static struct slice word_of(struct rule_set *s, uint32_t i)
{
    static const char *const part[] = {"ba", "cor", "del", "fi", "gan", "hol", "ju", "kel", "lo", "mar", "nes", "po"};
    i = i * 7919 % (12 * 12 * 12);
    return arena_printf(&s->a, "%s%s%s", part[i % 12], part[i / 12 % 12], part[i / 144]);
}

static struct slice word(struct rule_set *s)
{
    return word_of(s, draw(s, WORDS));
}

static struct slice random_path(struct rule_set *s)
{
    struct slice a = word(s), b = word(s);
    switch (draw(s, 3)) {
    case 0:
        return arena_printf(&s->a, "/%.*s", SLICE_ARG(a));
    case 1:
        return arena_printf(&s->a, "/%.*s/%.*s", SLICE_ARG(a), SLICE_ARG(b));
    }
    return arena_printf(&s->a, "/%.*s/v%u/%.*s", SLICE_ARG(a), draw(s, 4), SLICE_ARG(b));
}

static struct request *add_request(struct rule_set *s, struct slice host, struct slice path)
{
    struct request *r = vec_push(&s->a, &s->of_rule);
    *r = (struct request){.method = SLICE("GET"), .host = host, .path = path, .ip = RULE_SET_CLIENT};
    return r;
}

/* ---- tenants ------------------------------------------------------------------------------------- */

struct tenant {
    struct slice name, guard, host; /* the guard that names it, and a host that it means */
};

static struct tenant tenant_of(struct rule_set *s, uint32_t i)
{
    struct tenant t = {.name = arena_printf(&s->a, "t%u-%.*s", i, SLICE_ARG(word_of(s, i)))};
    if (i % 5 == 4) {
        t.guard = arena_printf(&s->a, "host like \"*.%.*s.example.com\"", SLICE_ARG(t.name));
        t.host = arena_printf(&s->a, "shop.%.*s.example.com", SLICE_ARG(t.name));
    } else {
        t.guard = arena_printf(&s->a, "host == \"www.%.*s.example.com\"", SLICE_ARG(t.name));
        t.host = arena_printf(&s->a, "www.%.*s.example.com", SLICE_ARG(t.name));
    }
    return t;
}

static void begin_rule(struct rule_set *s, const struct tenant *t)
{
    buf_printf(&s->text, "    use b%u if %.*s", draw(s, BACKENDS), SLICE_ARG(t->guard));
}

/* One of the shapes of rules that tenants have. */
static void tenant_rule(struct rule_set *s, const struct tenant *t)
{
    struct slice path = random_path(s), w = word(s);
    struct request *r;
    begin_rule(s, t);
    switch (draw(s, 8)) {
    case 0:
    case 1:
        buf_printf(&s->text, " and path == \"%.*s\"", SLICE_ARG(path));
        r = add_request(s, t->host, path);
        break;
    case 2:
    case 3:
        buf_printf(&s->text, " and path under \"%.*s\"", SLICE_ARG(path));
        r = add_request(s, t->host, arena_printf(&s->a, "%.*s/%.*s", SLICE_ARG(path), SLICE_ARG(w)));
        break;
    case 4:
        buf_printf(&s->text, " and path ends-with \".%.*s\"", SLICE_ARG(w));
        r = add_request(s, t->host, arena_printf(&s->a, "%.*s/x.%.*s", SLICE_ARG(path), SLICE_ARG(w)));
        break;
    case 5:
        buf_printf(&s->text, " and path under \"%.*s\" and req.method in [POST, PUT]", SLICE_ARG(path));
        r = add_request(s, t->host, arena_printf(&s->a, "%.*s/%.*s", SLICE_ARG(path), SLICE_ARG(w)));
        r->method = SLICE("POST");
        break;
    case 6:
        buf_printf(&s->text, " and path starts-with \"%.*s-\"", SLICE_ARG(path));
        r = add_request(s, t->host, arena_printf(&s->a, "%.*s-%.*s", SLICE_ARG(path), SLICE_ARG(w)));
        break;
    default:
        buf_printf(&s->text, " and req.header[\"X-Canary\"] == \"%.*s\"", SLICE_ARG(w));
        r = add_request(s, t->host, path);
        r->header = w;
    }
    buf_char(&s->text, '\n');
}

static void tenant_default(struct rule_set *s, const struct tenant *t)
{
    begin_rule(s, t);
    buf_char(&s->text, '\n');
    add_request(s, t->host, random_path(s));
}

static void random_tenant(struct rule_set *s, const struct tenant *t)
{
    for (uint32_t n = 3 + draw(s, 13); n > 0; n--)
        tenant_rule(s, t);
    tenant_default(s, t);
}

/* The same rules for each tenant; the backends differ. */
static void template_tenant(struct rule_set *s, const struct tenant *t)
{
    static const char *const rules[][3] = {
        {" and path == \"/healthz\"", "/healthz", "GET"},
        {" and path under \"/api/v1\" and req.method in [POST, PUT]", "/api/v1/orders", "POST"},
        {" and path under \"/api/v1\"", "/api/v1/orders/7", "GET"},
        {" and path under \"/api/v2\"", "/api/v2/orders/7", "GET"},
        {" and path under \"/static\"", "/static/app.css", "GET"},
        {" and path ends-with \".png\"", "/logo/big.png", "GET"},
        {" and path starts-with \"/img-\"", "/img-12/x", "GET"},
        {" and path under \"/admin\" and req.header[\"X-Canary\"] == \"yes\"", "/admin/users", "GET"},
        {" and path under \"/admin\"", "/admin/users", "GET"},
    };
    for (uint32_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        begin_rule(s, t);
        buf_printf(&s->text, "%s\n", rules[i][0]);
        add_request(s, t->host, slice_of(rules[i][1]))->method = slice_of(rules[i][2]);
    }
    tenant_default(s, t);
}

/* Rules for all tenants stand before and between theirs. */
static void rule_for_all(struct rule_set *s, uint32_t i)
{
    struct slice w = word_of(s, i);
    buf_printf(&s->text, "    use b%u if path under \"/internal-%.*s\"\n", draw(s, BACKENDS), SLICE_ARG(w));
}

static void tenants(struct rule_set *s, uint32_t n)
{
    for (uint32_t i = 0; s->of_rule.n < n; i++) {
        struct tenant t = tenant_of(s, i);
        vec_add(&s->a, &s->tenants, s->of_rule.n);
        if (i % 1000 == 0 && i < 20000)
            rule_for_all(s, i);
        if (s->family == RULES_TENANTS)
            random_tenant(s, &t);
        else
            template_tenant(s, &t);
    }
}

/* ---- rules over one field ------------------------------------------------------------------------ */

static void regex_rule(struct rule_set *s, uint32_t i)
{
    struct slice a = word(s), b = word(s);
    switch (draw(s, 3)) {
    case 0:
        buf_printf(&s->text, "path matches re\"^/%.*s/[0-9]+/%.*s-%u$\"", SLICE_ARG(a), SLICE_ARG(b), i);
        add_request(s, SLICE("a.com"), arena_printf(&s->a, "/%.*s/42/%.*s-%u", SLICE_ARG(a), SLICE_ARG(b), i));
        break;
    case 1:
        buf_printf(&s->text, "path matches re\"^/%.*s%u/v[0-9]/.*[.](php|asp)$\"", SLICE_ARG(a), i);
        add_request(s, SLICE("a.com"), arena_printf(&s->a, "/%.*s%u/v1/%.*s.php", SLICE_ARG(a), i, SLICE_ARG(b)));
        break;
    default:
        buf_printf(&s->text, "path matches re\"^/(%.*s|%.*s)/[a-z]+/%u(/|$)\"", SLICE_ARG(a), SLICE_ARG(b), i);
        add_request(s, SLICE("a.com"), arena_printf(&s->a, "/%.*s/item/%u", SLICE_ARG(a), i));
    }
}

static void regex_any_rule(struct rule_set *s, uint32_t i)
{
    struct slice a = word(s);
    if (chance(s, 50)) {
        buf_printf(&s->text, "path matches re\"%.*s-?%u(x|y)[0-9]\"", SLICE_ARG(a), i);
        add_request(s, SLICE("a.com"), arena_printf(&s->a, "/some/%.*s%ux7/tail", SLICE_ARG(a), i));
    } else {
        buf_printf(&s->text, "path matches re\"/%.*s%u/.*[.]cgi\"", SLICE_ARG(a), i);
        add_request(s, SLICE("a.com"), arena_printf(&s->a, "/some/%.*s%u/do.cgi", SLICE_ARG(a), i));
    }
}

static void field_rule(struct rule_set *s, uint32_t i)
{
    struct slice w = word(s), v = word(s);
    buf_printf(&s->text, "    use b%u if ", draw(s, BACKENDS));
    switch (s->family) {
    case RULES_TENANTS:
    case RULES_TEMPLATE:
    case RULES_FILE:
        break;
    case RULES_REGEX:
        regex_rule(s, i);
        break;
    case RULES_REGEX_ANY:
        regex_any_rule(s, i);
        break;
    case RULES_CONTAINS:
        buf_printf(&s->text, "path contains \"%.*s-%u\"", SLICE_ARG(w), i);
        add_request(s, SLICE("a.com"), arena_printf(&s->a, "/some/where/%.*s-%u/tail", SLICE_ARG(w), i));
        break;
    case RULES_LIKE:
        buf_printf(&s->text, "path like \"/*/%.*s%u/*/%.*s\"", SLICE_ARG(w), i, SLICE_ARG(v));
        add_request(s, SLICE("a.com"), arena_printf(&s->a, "/x/%.*s%u/y/%.*s", SLICE_ARG(w), i, SLICE_ARG(v)));
        break;
    case RULES_ENDS:
        buf_printf(&s->text, "path ends-with \"%.*s.%u\"", SLICE_ARG(w), i);
        add_request(s, SLICE("a.com"), arena_printf(&s->a, "/some/where/%.*s.%u", SLICE_ARG(w), i));
        break;
    case RULES_WILDCARDS:
        buf_printf(&s->text, "host like \"%s.%.*s%u.example.com\"", i % 2 ? "*" : "**", SLICE_ARG(w), i);
        add_request(s, arena_printf(&s->a, "www.%.*s%u.example.com", SLICE_ARG(w), i), SLICE("/"));
        break;
    case RULES_CIDR: {
        uint32_t bits = 16 + draw(s, 17), net = (10u << 24 | i << 10) & (0xffffffffu << (32 - bits));
        buf_printf(&s->text, "client.ip in [%u.%u.%u.%u/%u]", net >> 24, net >> 16 & 255, net >> 8 & 255, net & 255, bits);
        struct request *r = add_request(s, SLICE("a.com"), SLICE("/"));
        for (uint32_t k = 0; k < 4; k++)
            r->ip[12 + k] = (uint8_t)(net >> (24 - 8 * k));
        break;
    }
    case RULES_HEADER:
        buf_printf(&s->text, "req.header[\"X-Canary\"] == \"%.*s-%u\"", SLICE_ARG(w), i);
        add_request(s, SLICE("a.com"), SLICE("/"))->header = arena_printf(&s->a, "%.*s-%u", SLICE_ARG(w), i);
        break;
    }
    buf_char(&s->text, '\n');
}

/* ---- sets ---------------------------------------------------------------------------------------- */

/* Ends the last tenant, and weighs them. */
void rule_set_finish(struct rule_set *s)
{
    uint32_t n = s->tenants.n;
    vec_add(&s->a, &s->tenants, s->of_rule.n);
    s->popular = arena_alloc(&s->a, n * sizeof *s->popular);
    double sum = 0;
    for (uint32_t i = 0; i < n; i++)
        s->popular[i] = sum += 1.0 / (i + 1);
}

void rule_set_make(struct rule_set *s, enum rule_family family, uint32_t n, uint64_t seed)
{
    *s = (struct rule_set){.family = family, .seed = seed};
    buf_str(&s->text, "language 1\n");
    for (uint32_t i = 0; i < BACKENDS; i++)
        buf_printf(&s->text, "backend b%u { server s 127.0.0.1:%u }\n", i, 9000 + i);
    buf_str(&s->text, "frontend edge {\n  listen 127.0.0.1:8090\n  route {\n");
    if (family <= RULES_TEMPLATE) {
        tenants(s, n);
    } else {
        for (uint32_t i = 0; i < n; i++) {
            vec_add(&s->a, &s->tenants, s->of_rule.n);
            field_rule(s, i);
        }
    }
    buf_str(&s->text, "    reply 404\n  }\n}\n");
    rule_set_finish(s);
}

void rule_set_free(struct rule_set *s)
{
    buf_free(&s->text);
    arena_free(&s->a);
}

/* ---- requests ------------------------------------------------------------------------------------ */

/* The tenant of a random rank; which tenant has which rank is as good as random. */
static uint32_t popular_tenant(struct rule_set *s)
{
    uint32_t n = s->tenants.n - 1, lo = 0, hi = n - 1;
    double x = s->popular[n - 1] * (draw(s, 1u << 30) / (double)(1u << 30));
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (s->popular[mid] <= x)
            lo = mid + 1;
        else
            hi = mid;
    }
    return (uint32_t)((uint64_t)lo * 2654435761u % n);
}

/* What no rule is about, in the form of what one is about. */
static struct request miss(struct rule_set *s, struct request r)
{
    if (s->family == RULES_FILE)
        return rule_set_near(s, r);
    if (s->family <= RULES_TEMPLATE || s->family == RULES_WILDCARDS)
        r.host = arena_printf(&s->a, "www.n%u-%.*s.example.com", draw(s, 1u << 20), SLICE_ARG(word(s)));
    else if (s->family == RULES_HEADER)
        r.header = word(s);
    else if (s->family == RULES_CIDR)
        r.ip[12] = 11;
    else
        r.path = arena_printf(&s->a, "/other/%.*s/%u/x/%.*s", SLICE_ARG(word(s)), draw(s, 1u << 20), SLICE_ARG(word(s)));
    return r;
}

/* What is long, deep and nearly right: many labels, many segments, the last byte another one. */
static struct request adversarial(struct rule_set *s, struct request r)
{
    struct buf b = {0};
    for (uint32_t i = 0; i < 20; i++)
        buf_str(&b, "a.");
    buf_slice(&b, r.host);
    r.host = arena_copy(&s->a, buf_view(&b));
    b.len = 0;
    buf_slice(&b, r.path);
    for (uint32_t i = 0; i < 20; i++)
        buf_printf(&b, "/%.*s", SLICE_ARG(word(s)));
    buf_str(&b, "/~");
    r.path = arena_copy(&s->a, buf_view(&b));
    buf_free(&b);
    return r;
}

struct request rule_set_request(struct rule_set *s, enum request_mix mix)
{
    uint32_t t = mix == REQUESTS_UNIFORM ? draw(s, s->tenants.n - 1) : popular_tenant(s);
    uint32_t begin = s->tenants.v[t];
    struct request r = s->of_rule.v[begin + draw(s, s->tenants.v[t + 1] - begin)];
    if (mix == REQUESTS_MISS)
        return miss(s, r);
    return mix == REQUESTS_ADVERSARIAL ? adversarial(s, r) : r;
}
