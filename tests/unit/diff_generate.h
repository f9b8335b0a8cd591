/* Pairs of small random programs for the tests of the comparison: what they may hold, and the values of a
 * request that tell the tests in them apart. */
#ifndef WEIR_TEST_DIFF_GENERATE_H
#define WEIR_TEST_DIFF_GENERATE_H

#include "runtime/base/buf.h"

/* ---- random programs --------------------------------------------------------------------------- */

struct random {
    uint64_t state;
    uint32_t groups[2]; /* of tests */
};

static inline uint32_t draw(struct random *r, uint32_t below)
{
    r->state = r->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((r->state >> 33) % below);
}

#define COUNT(list)  (uint32_t)(sizeof(list) / sizeof *(list))
#define ONE_OF(list) (list)[draw(r, COUNT(list))]

static const char *const hosts[] = {"a", "b", "a.b", "b.b", "a.a.b", "ab", "", "c.a"};
static const char *const headers[] = {NULL, "a", "b", "ab", "", "A"};
static const char *const cookies[] = {NULL, "c=a", "c=b", "c=", "d=a; c=ab"};
static const char *const addresses[] = {"10.0.0.1",  "10.1.0.1", "10.1.0.2",
                                        "192.0.2.1", "::1",      "2001:db8::1"};
static const char *const methods[] = {"GET", "POST", "OPTIONS", "X"};
/* What is drawn: on both sides of each bound that programs name. */
static const int64_t draws[] = {0, 4999999, 5000000, 29999999, 30000000, 30000001, 50000000, 99999999};

/* What a program reads, so that no more is tried. */
struct reads {
    bool host, path, method, header, cookie, ip, tls, port, query, random;
};

/* Tests by what they read. A pair of programs reads two of these groups, so that brute force has an end. */
enum { GROUPS = 7, GROUP_TESTS = 24 };
static const char *const tests[GROUPS][GROUP_TESTS] = {
    {"host == \"a\"", "host == \"a.b\"", "host != \"b\"", "host like \"*.b\"", "host like \"**.b\"",
     "host in [\"a\", \"b.b\"]", "host in [\"*.b\", \"a\"]", "host ends-with \"b\"", "host contains \"a\"",
     "host starts-with \"a\"", "host == \"b.b\"", "host in hosts", "host like \"a*\"",
     "limits[host] > 4", "limits[host] in [1, 5]", "flags[host] | default(true)", "flags[host] == false",
     "3 != limits[host]",
     "host matches re\"^a+$\""},
    {"path == \"/a\"",           "path == \"/\"",          "path != \"/b\"",
     "path under \"/a\"",        "path under \"/a/b\"",    "path under \"/\"",
     "path starts-with \"/a\"",  "path ends-with \"b\"",   "path ends-with \"/\"",
     "path contains \"ab\"",     "path in shapes",            "path like \"/*\"",
     "path like \"/a/*\"",       "path like \"/*/b\"",     "path like \"/a**\"",
     "path matches re\"^/a*$\"", "path matches re\"b+a\"", "path matches re\"^/(a|b)/\"",
     "path in [\"/a\", \"/b\"]", "path in prefixes"},
    {"req.method == GET", "req.method in [POST, PUT]", "req.method != GET", "client.ip in 10.0.0.0/8",
     "tls.active", "client.ip in [10.0.0.0/16, 192.0.2.0/24]", "client.ip == 10.1.0.1", "client.ip in ::/0",
     "client.port < 1024", "client.ip in nets", "client.ip in 10.1.0.1/32", "client.ip in 10.1.0.0/30",
     "client.port in low-ports", "homes[req.method] == client.ip", "homes[req.method] in 10.0.0.0/16",
     "client.port < (numbers[client.ip] | default(90))"},
    {"req.header[\"X\"] == \"a\"", "req.header[\"X\"] != \"a\"", "exists(req.header[\"X\"])",
     "req.header[\"X\"] starts-with \"a\"", "req.header[\"X\"] | lower == \"a\"",
     "req.header[\"X\"] | default(\"b\") == \"b\"", "req.header[\"X\"] in [\"a\", \"b\"]",
     "req.header[\"X\"] contains \"b\""},
    {"path == \"/a\"", "path under \"/a\"", "path ends-with \"b\"", "req.uri starts-with \"/a\"",
     "req.uri ends-with \"b\"", "words[path] == \"one\"", "req.query[\"q\"] == \"a\"",
     "exists(req.query[\"q\"])", "path | upper == \"/A\"", "req.uri == \"/a\"", "path matches re\"^/a*$\""},
    {"req.cookie[\"c\"] == \"a\"", "exists(req.cookie[\"c\"])", "req.cookie[\"c\"] starts-with \"a\"",
     "req.cookie[\"c\"] in [\"a\", \"b\"]", "req.cookie[\"c\"] | default(\"b\") == \"b\"",
     "req.cookie[\"c\"] != \"a\""},
    {"random < 5%", "random >= 30%", "random <= 30%", "random == 30%", "50% > random", "tls.active",
     "random < rollout[host]", "(rollout[host] | default(30%)) > random"},
};

/* What is put into texts: of the same groups. */
static const char *const values[GROUPS] = {"${host}",      "${path | lower}",
                                           "${client.ip}", "${req.header[\"X\"] | default(\"none\")}",
                                           "${req.uri}",   "${req.cookie[\"c\"] | default(\"\") | upper}",
                                           "${tls.active}"};

static inline void add_test(struct random *r, struct buf *out)
{
    uint32_t group = r->groups[draw(r, 2)], n = 0;
    while (n < GROUP_TESTS && tests[group][n])
        n++;
    buf_str(out, draw(r, 100) < 20 ? "not (" : "(");
    buf_str(out, tests[group][draw(r, n)]);
    buf_char(out, ')');
}

static inline void add_guard(struct random *r, struct buf *out)
{
    uint32_t n = draw(r, 10) < 5 ? 1 : 2 + draw(r, 2);
    const char *joint = draw(r, 2) ? " and " : " or ";
    buf_str(out, " if ");
    for (uint32_t i = 0; i < n; i++) {
        buf_str(out, i ? joint : "");
        if (n > 1 && draw(r, 6) == 0) {
            buf_char(out, '(');
            add_test(r, out);
            buf_str(out, joint[1] == 'a' ? " or " : " and ");
            add_test(r, out);
            buf_char(out, ')');
        } else {
            add_test(r, out);
        }
    }
    buf_char(out, '\n');
}

struct lines {
    struct buf v[8];
    uint32_t n, edits; /* the first `edits` are of `on request` */
};

static inline void draw_line(struct random *r, bool edit, struct buf *out)
{
    static const char *const actions[] = {"use p",
                                          "use q",
                                          "use s",
                                          "reply 403",
                                          "reply 404",
                                          "redirect to \"/x\" 302",
                                          "reply 200 { body \"b\" }",
                                          "reply 200 { header \"Z\" = \"1\" }"},
                             *const maps[GROUPS] = {"use by-host[host]",     "use by-path[path]",
                                                    "use by-net[client.ip]", "use p",
                                                    "use by-shape[path]",    "use q",
                                                    "use shares"},
                             *const edits[] = {"set req.header[\"X\"] = \"a\"",
                                               "delete req.header[\"X\"]",
                                               "add req.header[\"X\"] = \"b\"",
                                               "set req.header[\"X\"] = \"b\"",
                                               "set req.header[\"X\"] = \"ab\"",
                                               "set req.header[\"Y\"] = \"1\"",
                                               "set req.header[\"Y\"] = path",
                                               "delete req.header[\"Y\"]",
                                               "add req.header[\"Z\"] = \"2\"",
                                               "set req.header[\"z\"] = \"3\"",
                                               "reply 405"};
    const char *value = values[r->groups[draw(r, 2)]];
    out->len = 0;
    if (draw(r, 8) == 0)
        buf_printf(out, edit ? "    set req.header[\"Y\"] = \"%s\"" : "    redirect to \"/x/%s\" 301", value);
    else if (!edit && draw(r, 16) == 0)
        buf_printf(out, "    reply 200 { body \"%s\" }", value);
    else if (!edit && draw(r, 4) == 0)
        buf_printf(out, "    %s",
                   r->groups[0] == 0 && draw(r, 2) ? "use by-exact[host]" : maps[r->groups[0]]);
    else
        buf_printf(out, "    %s", edit ? ONE_OF(edits) : ONE_OF(actions));
    add_guard(r, out);
}

static inline void draw_lines(struct random *r, struct lines *l)
{
    l->edits = draw(r, 3) == 0 ? 1 + draw(r, 2) : 0;
    l->n = l->edits + 1 + draw(r, 5);
    l->n = l->n > 6 ? 6 : l->n;
    for (uint32_t i = 0; i < l->n; i++)
        draw_line(r, i < l->edits, &l->v[i]);
}

static inline void copy_lines(const struct lines *from, struct lines *to)
{
    to->n = from->n;
    to->edits = from->edits;
    for (uint32_t i = 0; i < from->n; i++) {
        to->v[i].len = 0;
        buf_slice(&to->v[i], buf_view(&from->v[i]));
    }
}

static inline void mutate(struct random *r, struct lines *l)
{
    uint32_t i = draw(r, l->n), k = draw(r, l->n);
    struct buf swap;
    switch (draw(r, 4)) {
    case 0:
        draw_line(r, i < l->edits, &l->v[i]);
        break;
    case 1:
        if ((i < l->edits) == (k < l->edits)) {
            swap = l->v[i];
            l->v[i] = l->v[k];
            l->v[k] = swap;
        }
        break;
    case 2:
        if (l->n < 7)
            draw_line(r, false, &l->v[l->n++]);
        break;
    default:
        if (l->n > 1 && l->n - 1 >= l->edits && l->n > l->edits)
            l->n--;
    }
}

/* `variant`: a bit each for other rows of the objects; the first five are what `given` can say, too. */
static inline void put_program(const struct lines *l, uint32_t variant, struct buf *out)
{
    buf_printf(out,
               "language 1\nbackend p { server x 127.0.0.1:1 }\nbackend q { server x 127.0.0.1:1 }\n"
               "backend s { server x 127.0.0.1:1 }\n"
               "map by-host: host-pattern -> backend {\n \"a\" -> p\n \"*.b\" -> q\n \"**.b\" -> s\n%s}\n"
               "map by-exact: host -> backend {\n \"a\" -> p\n \"b.b\" -> %s\n%s}\n"
               "list nets: cidr {\n 10.1.0.0/31\n 2001:db8::/32\n%s}\n"
               "map by-path: path -> backend {\n \"/a\" -> p\n \"/a/b\" -> %s\n}\n"
               "map by-net: cidr -> backend {\n 10.0.0.0/8 -> p\n 10.1.0.0/16 -> q\n ::/0 -> s\n}\n"
               "map words: path -> string {\n \"/a\" -> \"one\"\n \"/a/b\" -> \"two\"\n}\n"
               "map by-shape: regex -> backend {\n%s re\"b$\" -> p\n re\"^/a\" -> %s\n re\"/$\" -> q\n}\n"
               "list shapes: regex {\n re\"b.?a\"\n re\"^/..$\"\n}\nlist low-ports: range<int> {\n 1..1023\n}\n"
               "map limits: host -> int {\n \"a\" -> 5\n \"a.b\" -> %s\n \"b.b\" -> 1\n}\n"
               "map flags: host-pattern -> bool {\n \"a\" -> true\n \"*.b\" -> false\n \"**.b\" -> true\n}\n"
               "map homes: method -> ip {\n GET -> 10.0.0.1\n POST -> 10.1.0.1\n default -> %s\n}\n"
               "map numbers: cidr -> int {\n 10.0.0.0/8 -> 100\n 10.1.0.0/16 -> 60000\n}\n"
               "map rollout: host -> percent {\n \"a\" -> 5%%\n \"b\" -> %s\n}\n"
               "split shares {\n p -> %s\n q -> %s\n}\n"
               "list hosts: host {\n \"a\"\n \"a.b\"\n%s}\nlist prefixes: prefix {\n \"/a\"\n \"/b/\"\n}\n"
               "frontend f {\n  listen 127.0.0.1:2\n",
               variant & 1 ? " \"b.b\" -> p\n" : "", variant & 8 ? "q" : "s",
               variant & 16 ? " \"a.b\" -> q\n" : "", variant & 4 ? " 192.0.2.0/24\n" : "",
               variant & 2 ? "s" : "q", variant & 8 ? " re\"^/..\" -> s\n" : "", variant & 2 ? "s" : "q",
               variant & 1 ? "3" : "9", variant & 32 ? "::1" : "192.0.2.1", variant & 4 ? "50%" : "30%",
               variant & 32 ? "30%" : "5%", variant & 32 ? "70%" : "95%", variant & 4 ? " \"b\"\n" : "");
    if (l->edits)
        buf_str(out, "  on request {\n");
    for (uint32_t i = 0; i < l->n; i++) {
        if (i == l->edits)
            buf_printf(out, "%s  route {\n", l->edits ? "  }\n" : "");
        buf_slice(out, buf_view(&l->v[i]));
    }
    if (l->n == l->edits)
        buf_str(out, "  }\n  route {\n");
    buf_str(out, "    reply 400\n  }\n}\n");
}

#endif
