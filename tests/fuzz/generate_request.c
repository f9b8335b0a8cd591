/* Random requests, near the constants of random programs; see generate.h. */
#include "tests/fuzz/generate.h"

#define COUNT(list)     (uint32_t)(sizeof(list) / sizeof *(list))
#define ONE_OF(g, list) slice_of((list)[generate_draw((g), COUNT(list))])

static const char *const hosts[] = {GENERATE_HOSTS}, *const paths[] = {GENERATE_PATHS},
                         *const words[] = {GENERATE_WORDS}, *const header_names[] = {GENERATE_HEADER_NAMES},
                         *const nets[] = {GENERATE_NETS};

static bool chance(struct generate *g, uint32_t percent)
{
    return generate_draw(g, 100) < percent;
}

static char draw_byte(struct generate *g)
{
    static const char bytes[] = "abcxyzABC019-._~/:%*,;=+&'()[]|";
    return bytes[generate_draw(g, sizeof bytes - 1)];
}

/* `s` with a byte more, less or other; often unchanged. */
static struct slice vary(struct generate *g, struct arena *a, struct slice s)
{
    if (chance(g, 60))
        return s;
    char *p = arena_alloc(a, s.len + 2);
    size_t at = generate_draw(g, (uint32_t)s.len + 1);
    memcpy(p, s.p, at);
    switch (generate_draw(g, 4)) {
    case 0: /* more */
        p[at] = draw_byte(g);
        memcpy(p + at + 1, s.p + at, s.len - at);
        return (struct slice){p, s.len + 1};
    case 1: /* less */
        if (at == s.len)
            return s;
        memcpy(p + at, s.p + at + 1, s.len - at - 1);
        return (struct slice){p, s.len - 1};
    case 2: /* the next or the previous byte, where it is visible */
        memcpy(p, s.p, s.len);
        if (at < s.len && p[at] > '!' && p[at] < '~')
            p[at] = (char)(p[at] + (chance(g, 50) ? 1 : -1));
        return (struct slice){p, s.len};
    default:
        memcpy(p, s.p, s.len);
        if (at < s.len)
            p[at] = draw_byte(g);
        return (struct slice){p, s.len};
    }
}

/* Parents, children, other cases, ports, a dot at the end. */
static struct slice draw_host(struct generate *g, struct arena *a)
{
    struct slice h = vary(g, a, ONE_OF(g, hosts));
    const char *dot = memchr(h.p, '.', h.len);
    if (chance(g, 15))
        h = arena_printf(a, "%c%s%.*s", 'a' + (int)generate_draw(g, 3), chance(g, 80) ? "." : "",
                         SLICE_ARG(h));
    else if (dot && chance(g, 15))
        h = slice_from(h, (size_t)(dot + 1 - h.p));
    if (chance(g, 10)) {
        char *p = arena_alloc(a, h.len + 1);
        for (size_t i = 0; i < h.len; i++)
            p[i] = h.p[i] >= 'a' && h.p[i] <= 'z' && chance(g, 50) ? (char)(h.p[i] - 32) : h.p[i];
        h.p = p;
    }
    if (chance(g, 15))
        h = arena_printf(a, "%.*s%s", SLICE_ARG(h), chance(g, 50) ? ":8080" : ".");
    return h;
}

/* A path as it could be sent: unclean in all the ways that the normaliser knows. */
static struct slice draw_path(struct generate *g, struct arena *a)
{
    static const char *const tails[] = {"/",   "//",  "/.",  "/..", "/../a", "/%2e/b", "/x", "/b",
                                        "//b", "%2F", "%61", "%7e", "%",     "%3b",    ".",  "/./"};
    struct slice p = ONE_OF(g, paths);
    for (uint32_t n = generate_draw(g, 3); n > 0 && chance(g, 70); n--)
        p = arena_printf(a, "%.*s%s", SLICE_ARG(p), tails[generate_draw(g, COUNT(tails))]);
    if (chance(g, 20)) { /* one byte as its escape */
        size_t at = generate_draw(g, (uint32_t)p.len);
        if (at > 0)
            p = arena_printf(a, "%.*s%%%02x%.*s", (int)at, p.p, (unsigned char)p.p[at],
                             SLICE_ARG(slice_from(p, at + 1)));
    }
    p = vary(g, a, p);
    return p.len && p.p[0] == '/' ? p : arena_printf(a, "/%.*s", SLICE_ARG(p));
}

static struct slice draw_target(struct generate *g, struct arena *a)
{
    static const char *const names[] = {"q", "n", "long-name", "%71", "Q", "other"};
    struct slice t = draw_path(g, a);
    if (chance(g, 50))
        return t;
    struct buf out = {0};
    buf_slice(&out, t);
    buf_char(&out, '?');
    for (uint32_t n = generate_draw(g, 4), i = 0; i < n; i++) {
        struct slice word = vary(g, a, ONE_OF(g, words));
        buf_printf(&out, "%s%s%s", i ? "&" : "", names[generate_draw(g, COUNT(names))],
                   chance(g, 85) ? "=" : "");
        for (size_t k = 0; k < word.len; k++)
            buf_char(&out, word.p[k] == ' ' || word.p[k] == '#' ? '+' : word.p[k]);
        if (chance(g, 10))
            buf_str(&out, chance(g, 50) ? "%00" : "%6f%6E");
    }
    t = arena_copy(a, buf_view(&out));
    buf_free(&out);
    return t;
}

/* Field values have no white space at their ends, as the parser gives them. */
static struct slice draw_value(struct generate *g, struct arena *a)
{
    static const char *const more[] = {"green", "a\tb", "\xc3\xa9", "x,y", "1, 2", "none",
                                       "/a/b",  "b.a.com", "YQ==",     "YWJj", "a%62%2", "a%62%41"};
    struct slice v = chance(g, 20) ? ONE_OF(g, more) : vary(g, a, ONE_OF(g, words));
    while (v.len && (v.p[0] == ' ' || v.p[0] == '\t'))
        v = slice_from(v, 1);
    while (v.len && (v.p[v.len - 1] == ' ' || v.p[v.len - 1] == '\t'))
        v.len--;
    return v;
}

static void add_header(struct generated_request *r, struct slice name, struct slice value)
{
    if (r->q.nheaders < GENERATE_HEADERS_MAX)
        r->headers[r->q.nheaders++] = (struct eval_header){name, value};
}

static struct slice lower(struct arena *a, struct slice s)
{
    char *p = arena_alloc(a, s.len + 1);
    for (size_t i = 0; i < s.len; i++)
        p[i] = ascii_lower(s.p[i]);
    return (struct slice){p, s.len};
}

static void add_headers(struct generate *g, struct generated_request *r)
{
    for (uint32_t i = 0; i < COUNT(header_names); i++) {
        struct slice name = slice_of(header_names[i]);
        for (uint32_t n = chance(g, 40) ? 0 : chance(g, 80) ? 1 : 2; n > 0; n--)
            add_header(r, chance(g, 30) ? lower(&r->a, name) : name, draw_value(g, &r->a));
    }
    for (uint32_t n = chance(g, 60) ? 0 : 1 + generate_draw(g, 2); n > 0; n--) {
        struct slice x = draw_value(g, &r->a), y = draw_value(g, &r->a);
        struct slice value = arena_printf(&r->a, "%s=%.*s; %s=%.*s", chance(g, 50) ? "c" : "C", SLICE_ARG(x),
                                          chance(g, 50) ? "d" : "c", SLICE_ARG(y));
        while (value.len && value.p[value.len - 1] == ' ')
            value.len--;
        add_header(r, chance(g, 80) ? SLICE("Cookie") : SLICE("cookie"), value);
    }
}

/* The first address of a network, the last, or one beyond either. */
static struct ip_addr draw_address(struct generate *g)
{
    struct ip_prefix net;
    ip_prefix_parse(ONE_OF(g, nets), &net);
    struct ip_addr x = net.addr;
    uint32_t which = generate_draw(g, 6);
    for (unsigned bit = net.bits; bit < 128; bit++) /* ones, or something */
        if (which < 2 || (which == 5 && chance(g, 50)))
            x.b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
    int step = which == 0 ? 1 : which == 2 ? -1 : 0;
    for (int i = 15; i >= 12 && step; i--) {
        int sum = x.b[i] + step;
        x.b[i] = (uint8_t)sum;
        step = sum > 255 ? 1 : sum < 0 ? -1 : 0;
    }
    return x;
}

void generate_request(struct generate *g, struct generated_request *r)
{
    static const char *const methods[] = {"GET",  "POST",  "PUT",     "HEAD",  "get",
                                          "GETX", "PATCH", "OPTIONS", "DELETE"};
    static const uint16_t ports[] = {1, 79, 80, 81, 443, 1023, 1024, 1025, 50000, 65535};
    *r = (struct generated_request){.q = {.headers = r->headers}};
    r->q.method = ONE_OF(g, methods);
    r->q.target = draw_target(g, &r->a);
    r->q.tls = chance(g, 40);
    r->q.client_ip = draw_address(g);
    r->q.client_port = ports[generate_draw(g, COUNT(ports))];
    if (chance(g, 80)) {
        r->q.listener_ip = draw_address(g);
        r->q.listener_port = ports[generate_draw(g, COUNT(ports))];
    }
    r->q.http10 = chance(g, 10);
    struct slice host = draw_host(g, &r->a), named = draw_host(g, &r->a);
    if (chance(g, 2))
        r->q.target = chance(g, 50) ? SLICE("?q=one") : r->q.target;
    if (chance(g, 6) || r->q.target.p[0] == '?')
        r->q.target = arena_printf(&r->a, "%s%.*s%.*s", chance(g, 50) ? "http://" : "HTTPS://",
                                   SLICE_ARG(named), SLICE_ARG(r->q.target));
    else if (slice_eq(r->q.method, SLICE("OPTIONS")) && chance(g, 50))
        r->q.target = SLICE("*");
    add_headers(g, r);
    /* Host stands anywhere among them; rarely it is missing or there twice. */
    uint32_t n = chance(g, 98) ? 1 : chance(g, 50) ? 2 : 0;
    for (uint32_t i = 0; i < n; i++)
        add_header(r, chance(g, 80) ? SLICE("Host") : SLICE("host"), host);
    if (n && r->q.nheaders > 1) {
        uint32_t to = generate_draw(g, r->q.nheaders);
        struct eval_header t = r->headers[to];
        r->headers[to] = r->headers[r->q.nheaders - 1];
        r->headers[r->q.nheaders - 1] = t;
    }
}
