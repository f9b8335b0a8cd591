/* Random programs; see generate.h. What a part of the program may be follows the types of the language, so
 * that the checker accepts it. Conditions that need generated code are made only where g->glue. */
#include "compiler/ir.h"
#include "tests/fuzz/generate.h"

#define COUNT(list) (uint32_t)(sizeof(list) / sizeof *(list))

static const char *const hosts[] = {GENERATE_HOSTS}, *const paths[] = {GENERATE_PATHS},
                         *const words[] = {GENERATE_WORDS}, *const header_names[] = {GENERATE_HEADER_NAMES},
                         *const nets[] = {GENERATE_NETS};
static const char *const methods[] = {"GET", "POST", "PUT", "HEAD", "OPTIONS"};
static const char *const key_texts[] = {
#define KEY_KIND(id, text, match, doc) text,
#include "grammar/key_kinds.def"
#undef KEY_KIND
};
/* `path under` and keys of type path end in no "/". */
static const char *const prefixes[] = {"/", "/a", "/a/b", "/a/b/c", "/ab", "/api", "/api/v1", "/x.y", "/b"};
static const char *const host_patterns[] = {"a.com",  "*.a.com",    "**.a.com", "*.com",
                                            "**.com", "**.b.a.com", "*.x.org",  "**.x.org",
                                            "x.org",  "b.a.com",    "**.org"};
static const char *const host_globs[] = {"*.a.com", "**.a.com", "a.*",   "*",       "b*.a.com",
                                         "**",      "*.*.com",  "a.com", "**.*.org"};
static const char *const path_globs[] = {"/*",  "/**",  "/a/*",       "/a/**", "/*/b",
                                         "/a*", "**/b", "/api/v*/**", "/a/b",  "/*/*"};
static const char *const regexes[] = {"^/a",        "b$",      "^/[a-z]+$", "a.*b",  "^/api/v[0-9]+(/|$)",
                                      "(a|b){2,3}", "^$",      "(?i)^/API", "x\\.y", "^(/[^/]+)+$",
                                      "[0-9]",      "^[^b]*$", "a|^/b|c$"};
/* Those that can match a byte: the others cannot be replaced. */
static const char *const replaced[] = {"^/a",         "b$",      "[a-z]+",     "a.*b",    "^/api/v[0-9]+(/|$)",
                                       "(a|b){2,3}",  "a|ab|b*", "(?i)A",      "x\\.y",   "(/[^/]+)+",
                                       "((a*)*b?)*",  "[^b]*$",  "a|^/b|c$",   "a(b+a)?", "(ab|a)(c|bcd)?|.$"};
static const char *const ports[] = {"1", "80", "443", "1024", "50000", "65535"};

uint32_t generate_draw(struct generate *g, uint32_t below)
{
    g->random = g->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((g->random >> 33) % below);
}

/* Headers that rules read; those that the proxy is responsible for cannot be written. */
static const char *const read_names[] = {GENERATE_HEADER_NAMES, "Cookie", "Host"};

#define ONE_OF(g, list) (list)[generate_draw((g), COUNT(list))]

static bool chance(struct generate *g, uint32_t percent)
{
    return generate_draw(g, 100) < percent;
}

/* ---- keys -------------------------------------------------------------------------------------- */

/* The constants that are keys of `kind`. */
static const char *const *keys_of(enum ir_key_kind kind, uint32_t *n)
{
    switch (kind) {
    case IR_KEY_STRING:
    case IR_KEY_PREFIX:
    case IR_KEY_SUFFIX:
        *n = COUNT(words);
        return words;
    case IR_KEY_HOST:
        *n = COUNT(hosts);
        return hosts;
    case IR_KEY_METHOD:
        *n = COUNT(methods);
        return methods;
    case IR_KEY_INT:
        *n = COUNT(ports);
        return ports;
    case IR_KEY_HOST_PATTERN:
        *n = COUNT(host_patterns);
        return host_patterns;
    case IR_KEY_PATH:
        *n = COUNT(prefixes);
        return prefixes;
    case IR_KEY_CIDR:
        *n = COUNT(nets);
        return nets;
    }
    *n = 0;
    return NULL;
}

static void add_key(enum ir_key_kind kind, const char *key, struct buf *out)
{
    bool bare = kind == IR_KEY_INT || kind == IR_KEY_CIDR;
    buf_printf(out, bare ? "%s" : "\"%s\"", key);
}

/* Some of the keys of a kind, each once. Returns how many. */
static uint32_t draw_keys(struct generate *g, enum ir_key_kind kind, const char *picked[16])
{
    uint32_t n, count = 0, percent = 20 + generate_draw(g, 60);
    const char *const *keys = keys_of(kind, &n);
    for (uint32_t i = 0; i < n && count < 16; i++)
        if (chance(g, percent))
            picked[count++] = keys[i];
    if (count == 0)
        picked[count++] = keys[generate_draw(g, n)];
    return count;
}

static enum ir_key_kind draw_kind(struct generate *g)
{
    return (enum ir_key_kind)generate_draw(g, COUNT(key_texts));
}

/* ---- values ------------------------------------------------------------------------------------ */

/* A text that may be absent. */
static void add_optional(struct generate *g, struct buf *out)
{
    static const char *const cookies[] = {"c", "d"}, *const parameters[] = {"q", "n", "long-name"};
    uint32_t which = generate_draw(g, 4);
    if (which == 0)
        buf_printf(out, "req.cookie[\"%s\"]", ONE_OF(g, cookies));
    else if (which == 1)
        buf_printf(out, "req.query[\"%s\"]", ONE_OF(g, parameters));
    else
        buf_printf(out, "req.header[\"%s\"]", ONE_OF(g, read_names));
}

static const char *const separators[] = {",", ", ", "/", ".", "a", "aa", "ab", " "};
static const char *const replacements[] = {"", "-", "b", "<ab>", "/a/b"};

/* A text that a converter makes of one that may be absent, itself maybe absent. */
static void add_converted(struct generate *g, struct buf *out)
{
    static const char *const plain[] = {"base64", "base64-decode", "url-decode", "base64 | base64-decode", "lower"};
    if (chance(g, 15)) {
        buf_printf(out, "req.headers[\"%s\"] | nth(%s%u)", ONE_OF(g, read_names), chance(g, 40) ? "-" : "",
                   1 + generate_draw(g, 3));
        return;
    }
    if (chance(g, 30))
        buf_str(out, chance(g, 50) ? "req.raw-path" : "req.uri");
    else
        add_optional(g, out);
    switch (generate_draw(g, 3)) {
    case 0:
        buf_printf(out, " | field(%s%u, \"%s\")", chance(g, 40) ? "-" : "", 1 + generate_draw(g, 4),
                   ONE_OF(g, separators));
        break;
    case 1:
        buf_printf(out, " | replace(re\"%s\", \"%s\")", ONE_OF(g, replaced), ONE_OF(g, replacements));
        break;
    default:
        buf_printf(out, " | %s", ONE_OF(g, plain));
    }
    if (chance(g, 15))
        buf_printf(out, " | replace(re\"%s\", \"%s\")", ONE_OF(g, replaced), ONE_OF(g, replacements));
}

/* A number that a converter makes. */
static void add_measure(struct generate *g, struct buf *out)
{
    if (chance(g, 20)) {
        buf_printf(out, "(req.headers[\"%s\"] | length)", ONE_OF(g, read_names));
        return;
    }
    buf_str(out, "(");
    if (chance(g, 50))
        add_optional(g, out);
    else
        add_converted(g, out);
    buf_str(out, chance(g, 60) ? " | length)" : " | hash)");
}

/* The network of an address. */
static void add_mask(struct generate *g, struct buf *out)
{
    static const unsigned v4[] = {0, 8, 12, 16, 23, 24, 32}, v6[] = {0, 16, 31, 32, 48, 64, 95, 96, 104, 128};
    buf_printf(out, "%s | mask(%u, %u)", chance(g, 80) ? "client.ip" : "listener.ip", ONE_OF(g, v4), ONE_OF(g, v6));
}

/* A text for a header, a Location or a body. */
static void add_value(struct generate *g, struct buf *out)
{
    static const char *const plain[] = {"host", "path", "req.uri", "req.method", "req.raw-path"};
    static const char *const mixed[] = {
        "client.ip",
        "client.port",
        "\"${host}${path}\"",
        "\"p=${client.port} t=${tls.active}\"",
        "path | upper",
        "\"${client.ip}: ${req.header[\"X-A\"] | default(\"none\")}\"",
        "host | upper | lower",
        "req.query[\"q\"] | default(\"q?\")",
        "req.version",
        "\"${listener.ip} ${listener.port} ${req.id}\"",
    };
    if (g->glue && chance(g, 30)) {
        add_converted(g, out);
        buf_printf(out, " | default(\"%s\")", ONE_OF(g, words));
    } else if (g->glue && chance(g, 10)) {
        add_mask(g, out);
    } else if (g->glue && chance(g, 10)) {
        add_measure(g, out);
        buf_str(out, " | default(0)");
    } else if (g->glue && chance(g, 60))
        buf_str(out, ONE_OF(g, mixed));
    else if (chance(g, 40))
        buf_str(out, ONE_OF(g, plain));
    else
        buf_printf(out, "\"%s%s\"", chance(g, 10) ? " \\t" : "", ONE_OF(g, words));
}

/* A subject for keys of `kind`. False where there is none without generated code. */
static bool add_subject(struct generate *g, enum ir_key_kind kind, struct buf *out)
{
    static const char *const texts[] = {"req.uri", "req.method", "host", "path", "req.raw-path"};
    switch (kind) {
    case IR_KEY_STRING:
    case IR_KEY_PREFIX:
    case IR_KEY_SUFFIX:
        buf_str(out, ONE_OF(g, texts));
        return true;
    case IR_KEY_HOST:
    case IR_KEY_HOST_PATTERN:
        buf_str(out, "host");
        return true;
    case IR_KEY_METHOD:
        buf_str(out, "req.method");
        return true;
    case IR_KEY_PATH:
        buf_str(out, "path");
        return true;
    case IR_KEY_CIDR:
        if (g->glue && chance(g, 30))
            add_mask(g, out);
        else
            buf_str(out, g->glue && chance(g, 20) ? "listener.ip" : "client.ip");
        return true;
    case IR_KEY_INT:
        if (g->glue)
            buf_str(out, chance(g, 70) ? "client.port" : "listener.port");
        return g->glue;
    }
    return false;
}

/* ---- conditions -------------------------------------------------------------------------------- */

static void add_host_test(struct generate *g, struct buf *out)
{
    static const char *const tests[] = {"ends-with", "starts-with", "contains"}, *const parts[] = {
                                                                                     ".com", "a", "b.", "org",
                                                                                     "x"};
    switch (generate_draw(g, 5)) {
    case 0:
        buf_printf(out, "host == \"%s\"", ONE_OF(g, hosts));
        break;
    case 1:
        buf_printf(out, "host != \"%s\"", ONE_OF(g, hosts));
        break;
    case 2:
        buf_printf(out, "host %s \"%s\"", ONE_OF(g, tests), ONE_OF(g, parts));
        break;
    case 3:
        buf_printf(out, "host like \"%s\"", ONE_OF(g, host_globs));
        break;
    default:
        buf_printf(out, "host in [\"%s\"]", ONE_OF(g, hosts));
    }
}

static void add_path_test(struct generate *g, struct buf *out)
{
    static const char *const tests[] = {"starts-with", "ends-with", "contains"}, *const parts[] = {
                                                                                     "/a",     "b", "/",
                                                                                     "/api/v", "c", "."};
    switch (generate_draw(g, 6)) {
    case 0:
        buf_printf(out, "path == \"%s\"", ONE_OF(g, paths));
        break;
    case 1:
        buf_printf(out, "path like \"%s\"", ONE_OF(g, path_globs));
        break;
    case 2:
        buf_printf(out, "%s matches re\"%s\"", chance(g, 70) ? "path" : "req.uri", ONE_OF(g, regexes));
        break;
    case 3:
        buf_printf(out, "%s %s \"%s\"", chance(g, 70) ? "path" : "req.uri", ONE_OF(g, tests),
                   ONE_OF(g, parts));
        break;
    default:
        buf_printf(out, "path under \"%s\"", ONE_OF(g, prefixes));
    }
}

static void add_optional_test(struct generate *g, struct buf *out)
{
    static const char *const tests[] = {"==", "!=", "starts-with", "ends-with", "contains"};
    switch (generate_draw(g, 5)) {
    case 0:
        buf_str(out, "exists(");
        add_optional(g, out);
        buf_str(out, ")");
        break;
    case 1:
        add_optional(g, out);
        buf_printf(out, " matches re\"%s\"", ONE_OF(g, regexes));
        break;
    case 2:
        add_optional(g, out);
        buf_printf(out, " %sin [\"%s\", \"other\"]", chance(g, 30) ? "not " : "", ONE_OF(g, words));
        break;
    default:
        add_optional(g, out);
        buf_printf(out, " %s \"%s\"", ONE_OF(g, tests), ONE_OF(g, words));
    }
}

static void add_client_test(struct generate *g, struct buf *out)
{
    static const char *const addresses[] = {"10.1.2.3", "10.0.0.0", "2001:db8::1", "0.0.0.0",
                                            "192.168.127.255"};
    const char *picked[16];
    uint32_t n;
    switch (generate_draw(g, 5)) {
    case 0:
        buf_str(out, chance(g, 50) ? "tls.active" : "not tls.active");
        break;
    case 1:
        buf_printf(out, "client.ip == %s", ONE_OF(g, addresses));
        break;
    case 2:
        buf_printf(out, "req.method %s %s", chance(g, 70) ? "==" : "!=", ONE_OF(g, methods));
        break;
    case 3:
        buf_printf(out, "req.method in [%s, PATCH]", ONE_OF(g, methods));
        break;
    default:
        n = draw_keys(g, IR_KEY_CIDR, picked);
        buf_printf(out, "client.ip %sin [", chance(g, 20) ? "not " : "");
        for (uint32_t i = 0; i < n; i++)
            buf_printf(out, "%s%s", i ? ", " : "", picked[i]);
        buf_str(out, "]");
    }
}

/* Numbers near the ends of 64 bits too. A divisor that is a constant must not be 0, and no part constant alone. */
static void add_arithmetic(struct generate *g, struct buf *out, uint32_t depth)
{
    static const char *const numbers[] = {"1", "2", "3", "7", "10", "4611686018427387904", "9223372036854775807"};
    static const char *const signs[] = {"+", "-", "*", "/", "%"};
    if (depth == 0 || chance(g, 30)) {
        if (chance(g, 40)) {
            buf_str(out, "client.port");
            return;
        }
        buf_char(out, '(');
        add_optional(g, out);
        buf_str(out, " | to-int)");
        return;
    }
    buf_str(out, chance(g, 15) ? "(- " : "(");
    add_arithmetic(g, out, depth - 1);
    buf_printf(out, " %s ", ONE_OF(g, signs));
    if (chance(g, 50))
        buf_str(out, ONE_OF(g, numbers));
    else
        add_arithmetic(g, out, depth - 1);
    buf_char(out, ')');
}

static void add_glue_test(struct generate *g, struct buf *out)
{
    static const char *const orders[] = {"<", "<=", ">", ">=", "==", "!="};
    switch (generate_draw(g, 13)) {
    case 8:
        add_converted(g, out);
        buf_printf(out, " %s \"%s\"", chance(g, 50) ? "==" : "contains", ONE_OF(g, words));
        break;
    case 9:
        buf_str(out, "exists(");
        add_converted(g, out);
        buf_str(out, ")");
        break;
    case 10:
        add_measure(g, out);
        buf_printf(out, " %% %u %s %u", 1 + generate_draw(g, 4), ONE_OF(g, orders), generate_draw(g, 3));
        break;
    case 11:
        add_mask(g, out);
        buf_printf(out, " %s %s", chance(g, 30) ? "==" : chance(g, 70) ? "in" : "not in", ONE_OF(g, nets));
        break;
    case 12:
        buf_printf(out, "\"%s\" %sin req.headers[\"%s\"]", ONE_OF(g, words), chance(g, 20) ? "not " : "",
                   ONE_OF(g, read_names));
        break;
    case 0:
        buf_printf(out, "client.port %s %s", ONE_OF(g, orders), ONE_OF(g, ports));
        break;
    case 1:
        if (chance(g, 60)) {
            add_optional(g, out);
            buf_printf(out, " | to-int %s %d", ONE_OF(g, orders), (int)generate_draw(g, 14) - 4);
        } else {
            add_arithmetic(g, out, 2);
            buf_printf(out, " %s ", ONE_OF(g, orders));
            add_arithmetic(g, out, 1);
        }
        break;
    case 2:
        add_optional(g, out);
        buf_printf(out, " | lower == \"%s\"", ONE_OF(g, words));
        break;
    case 3:
        add_optional(g, out);
        buf_printf(out, " | default(\"%s\") == \"%s\"", ONE_OF(g, words), ONE_OF(g, words));
        break;
    case 4:
        buf_str(out, "host == ");
        add_optional(g, out);
        break;
    case 5:
        buf_printf(out, "client.port in [%s, 8080]", ONE_OF(g, ports));
        break;
    case 6:
        buf_str(out, "path starts-with ");
        add_optional(g, out);
        break;
    default:
        buf_printf(out, "path | upper | lower == \"%s\"", ONE_OF(g, paths));
    }
}

/* A test against one of the program's lists or maps. False where there is none that fits. */
static bool add_set_test(struct generate *g, struct buf *out)
{
    bool map = chance(g, 40);
    uint32_t n = map ? g->maps : g->lists, i = n ? generate_draw(g, n) : 0;
    enum ir_key_kind kind = (enum ir_key_kind)(map ? g->map_kinds[i] : g->list_kinds[i]);
    if (n == 0 || (kind == IR_KEY_INT && !g->glue) || (map && !g->glue))
        return false;
    if (!map) {
        add_subject(g, kind, out);
        buf_printf(out, " %sin list-%u", chance(g, 20) ? "not " : "", i);
        return true;
    }
    buf_printf(out, "map-%u[", i);
    add_subject(g, kind, out);
    buf_printf(out, "] == \"%s\"", ONE_OF(g, words));
    return true;
}

static void add_test(struct generate *g, struct buf *out)
{
    if (g->glue && chance(g, 25)) {
        add_glue_test(g, out);
        return;
    }
    switch (generate_draw(g, 8)) {
    case 0:
    case 1:
        add_host_test(g, out);
        return;
    case 2:
    case 3:
        add_path_test(g, out);
        return;
    case 4:
        add_optional_test(g, out);
        return;
    case 5:
        add_client_test(g, out);
        return;
    case 6:
        if (g->acls) {
            buf_printf(out, "acl-%u", generate_draw(g, g->acls));
            return;
        }
        break;
    default:
        if (add_set_test(g, out))
            return;
    }
    add_path_test(g, out);
}

/* Every operand of `and` and `or` that is not one test stands in parentheses. */
static void add_condition(struct generate *g, uint32_t depth, struct buf *out)
{
    uint32_t parts = depth ? 1 + generate_draw(g, 3) : 1;
    const char *joint = chance(g, 60) ? " and " : " or ";
    for (uint32_t i = 0; i < parts; i++) {
        bool inner = depth > 0 && chance(g, 40), negate = chance(g, 15);
        buf_str(out, i ? joint : "");
        if (!inner && !negate) {
            add_test(g, out);
            continue;
        }
        buf_str(out, negate ? "not (" : "(");
        if (inner)
            add_condition(g, depth - 1, out);
        else
            add_test(g, out);
        buf_str(out, ")");
    }
}

static void add_guard(struct generate *g, uint32_t percent, struct buf *out)
{
    if (chance(g, percent)) {
        buf_str(out, " if ");
        add_condition(g, generate_draw(g, 3), out);
    }
    buf_str(out, "\n");
}

/* ---- declarations ------------------------------------------------------------------------------ */

static void add_rows(struct generate *g, enum ir_key_kind kind, int values, struct buf *out)
{
    const char *picked[16];
    uint32_t n = draw_keys(g, kind, picked);
    for (uint32_t i = 0; i < n; i++) {
        buf_str(out, "  ");
        add_key(kind, picked[i], out);
        if (values == IR_BACKEND)
            buf_printf(out, " -> pool-%u", generate_draw(g, 4));
        else if (values == IR_STR)
            buf_printf(out, " -> \"%s\"", ONE_OF(g, words));
        buf_str(out, "\n");
    }
}

static void add_sets(struct generate *g, struct buf *out)
{
    g->lists = generate_draw(g, 4);
    for (uint32_t i = 0; i < g->lists; i++) {
        enum ir_key_kind kind = draw_kind(g);
        g->list_kinds[i] = (uint8_t)kind;
        buf_printf(out, "list list-%u: %s {\n", i, key_texts[kind]);
        add_rows(g, kind, -1, out);
        buf_str(out, "}\n");
    }
    g->maps = generate_draw(g, 3);
    for (uint32_t i = 0; i < g->maps; i++) {
        enum ir_key_kind kind = draw_kind(g);
        g->map_kinds[i] = (uint8_t)kind;
        buf_printf(out, "map map-%u: %s -> string {\n", i, key_texts[kind]);
        add_rows(g, kind, IR_STR, out);
        buf_printf(out, "%s}\n", chance(g, 30) ? "  default -> \"none\"\n" : "");
    }
    g->backend_maps = generate_draw(g, 4);
    for (uint32_t i = 0; i < g->backend_maps; i++) {
        enum ir_key_kind kind = draw_kind(g);
        g->backend_map_kinds[i] = (uint8_t)kind;
        buf_printf(out, "map pools-%u: %s -> backend {\n", i, key_texts[kind]);
        add_rows(g, kind, IR_BACKEND, out);
        buf_printf(out, "%s}\n", chance(g, 20) ? "  default -> pool-3\n" : "");
    }
}

static void add_acls(struct generate *g, struct buf *out)
{
    uint32_t n = generate_draw(g, 3);
    g->acls = 0;
    for (uint32_t i = 0; i < n; i++) {
        buf_printf(out, "acl acl-%u = ", i);
        add_condition(g, 1, out);
        buf_str(out, "\n");
        g->acls = i + 1;
    }
}

/* ---- rules ------------------------------------------------------------------------------------- */

/* Shows what an earlier edit left of a header, without generated code. */
static void add_copy(struct generate *g, const char *before, const char *after, struct buf *out)
{
    const char *name = ONE_OF(g, read_names);
    buf_printf(out, "%sreq.header[\"%s\"]%s if exists(req.header[\"%s\"])\n", before, name, after, name);
}

static void add_edit(struct generate *g, struct buf *out)
{
    uint32_t which = generate_draw(g, 3);
    if (chance(g, 25)) {
        buf_printf(out, "    %s req.header[\"%s\"] = ", which ? "set" : "add", ONE_OF(g, header_names));
        add_copy(g, "", "", out);
        return;
    }
    buf_printf(out, "    %s req.header[\"%s\"]",
               which == 0   ? "set"
               : which == 1 ? "add"
                            : "delete",
               ONE_OF(g, header_names));
    if (which < 2) {
        buf_str(out, " = ");
        add_value(g, out);
    }
    add_guard(g, 70, out);
}

static void add_reply(struct generate *g, struct buf *out)
{
    static const char *const statuses[] = {"200", "403", "404", "503"};
    buf_printf(out, "    reply %s", ONE_OF(g, statuses));
    if (!chance(g, 50))
        return;
    buf_str(out, " {");
    if (chance(g, 50)) {
        buf_str(out, " header \"X-R\" = ");
        add_value(g, out);
        buf_str(out, ";");
    }
    buf_str(out, " body ");
    struct buf value = {0};
    add_value(g, &value);
    if (memchr(value.p, '|', value.len)) /* an argument with an operator stands in parentheses */
        buf_printf(out, "(%.*s)", SLICE_ARG(buf_view(&value)));
    else
        buf_slice(out, buf_view(&value));
    buf_free(&value);
    buf_str(out, " }");
}

/* use map[key], or use pool. */
static void add_use(struct generate *g, struct buf *out)
{
    uint32_t i = g->backend_maps ? generate_draw(g, g->backend_maps) : 0;
    if (g->backend_maps == 0 || chance(g, 60) || (g->backend_map_kinds[i] == IR_KEY_INT && !g->glue)) {
        buf_printf(out, "    use pool-%u", generate_draw(g, 4));
        return;
    }
    buf_printf(out, "    use pools-%u[", i);
    add_subject(g, (enum ir_key_kind)g->backend_map_kinds[i], out);
    buf_str(out, "]");
}

static void add_terminal(struct generate *g, struct buf *out)
{
    uint32_t which = generate_draw(g, 10);
    if (chance(g, 6)) {
        add_copy(g, "    reply 200 { body ", " }", out);
        return;
    }
    if (which == 0)
        buf_printf(out, "    redirect to \"https://r.example%s\" 308",
                   g->glue && chance(g, 50) ? "${req.uri}" : ONE_OF(g, paths));
    else if (which < 3)
        add_reply(g, out);
    else
        add_use(g, out);
    add_guard(g, 95, out);
}

void generate_program(struct generate *g, struct buf *out)
{
    buf_str(out, "language 1\n");
    for (uint32_t i = 0; i < 4; i++)
        buf_printf(out, "backend pool-%u { server s 127.0.0.1:%u }\n", i, 9000 + i);
    add_sets(g, out);
    add_acls(g, out);
    buf_str(out, "frontend edge {\n  listen 127.0.0.1:8080\n");
    uint32_t n = generate_draw(g, 5);
    if (n > 0) {
        buf_str(out, "  on request {\n");
        for (uint32_t i = 0; i < n; i++) {
            if (chance(g, 75))
                add_edit(g, out);
            else
                add_terminal(g, out);
        }
        buf_str(out, "  }\n");
    }
    buf_str(out, "  route {\n");
    for (n = generate_draw(g, 12); n > 0; n--)
        add_terminal(g, out);
    buf_printf(out, "    %s\n  }\n}\n", chance(g, 50) ? "reply 404" : "use pool-0");
}
