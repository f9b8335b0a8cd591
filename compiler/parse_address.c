/* Addresses, networks, ranges of addresses and endpoints as values. */
#include "compiler/ast_build.h"

static struct span here(const struct parser *p)
{
    return parse_span(p, p->off, p->end);
}

static struct ast_expr *no_address(struct parser *p, struct slice text)
{
    struct slice shown = parse_clip(p, text);
    uint32_t off = (uint32_t)(text.p - p->source->text.p);
    struct diag *d = parse_report(p, DIAG_E0102, parse_span(p, off, off + (uint32_t)text.len), "`%.*s` is no IP address", SLICE_ARG(shown));
    if (memchr(text.p, ':', text.len))
        diag_note(p->diags, d, "an IPv6 address has eight groups of up to four hex digits; `::` stands once, for groups of zeros");
    else
        diag_note(p->diags, d, "the four parts of an IPv4 address are 0 to 255, without leading zeros");
    return ast_leaf(p, AST_ERROR, here(p));
}

struct ast_expr *parse_cidr(struct parser *p)
{
    struct slice s = parse_lexeme(p), addr = s;
    const char *slash = memchr(s.p, '/', s.len);
    if (slash)
        addr.len = (size_t)(slash - s.p);
    struct ip_addr a;
    struct ip_prefix prefix;
    if (!ip_parse(addr, &a))
        return no_address(p, addr);
    if (!ip_prefix_parse(s, &prefix)) {
        bool v4 = !memchr(addr.p, ':', addr.len);
        struct diag *d = parse_report(p, DIAG_E0303, parse_span(p, p->off + (uint32_t)addr.len, p->end),
                                      "`%.*s` is no length of a network", SLICE_ARG(parse_clip(p, slice_from(s, addr.len))));
        diag_note(p->diags, d, "an IPv%d network has /0 to /%d", v4 ? 4 : 6, v4 ? 32 : 128);
        return ast_leaf(p, AST_ERROR, here(p));
    }
    struct ast_expr *e = ast_leaf(p, AST_CIDR, here(p));
    e->cidr = memcpy(arena_new(p->arena, struct ip_prefix), &prefix, sizeof prefix);
    e->has_prefix = slash != NULL;
    return e;
}

struct ast_expr *parse_ip_range(struct parser *p)
{
    struct slice s = parse_lexeme(p), first = s, last;
    const char *dots = memmem(s.p, s.len, "..", 2);
    first.len = (size_t)(dots - s.p);
    last = slice_from(s, first.len + 2);
    struct ast_ip_range *r = arena_new(p->arena, struct ast_ip_range);
    if (!ip_parse(first, &r->first))
        return no_address(p, first);
    if (!ip_parse(last, &r->last))
        return no_address(p, last);
    if (ip_is_v4(&r->first) != ip_is_v4(&r->last) || memcmp(r->first.b, r->last.b, sizeof r->last.b) > 0) {
        struct diag *d = parse_report(p, DIAG_E0303, here(p), "the range `%.*s` is empty", SLICE_ARG(parse_clip(p, s)));
        diag_note(p->diags, d, "a range goes from its lowest to its highest address, both included");
        return ast_leaf(p, AST_ERROR, here(p));
    }
    struct ast_expr *e = ast_leaf(p, AST_IP_RANGE, here(p));
    e->ips = r;
    return e;
}

/* The digits of a port; false where it is none. */
static bool port_of(struct slice s, uint16_t *out)
{
    uint32_t n = 0;
    for (size_t i = 0; i < s.len && n <= UINT16_MAX; i++)
        n = n * 10 + (uint32_t)(s.p[i] - '0');
    *out = (uint16_t)n;
    return n >= 1 && n <= UINT16_MAX;
}

static struct ast_expr *endpoint(struct parser *p, const struct ast_endpoint *to)
{
    struct ast_expr *e = ast_leaf(p, AST_ENDPOINT, here(p));
    e->endpoint = to;
    return e;
}

struct ast_expr *parse_endpoint(struct parser *p)
{
    struct slice s = parse_lexeme(p), host = s;
    const char *colon = memrchr(s.p, ':', s.len);
    host.len = (size_t)(colon - s.p);
    struct ast_endpoint *to = arena_new(p->arena, struct ast_endpoint);
    struct ast_expr *e = endpoint(p, to);
    struct slice port = slice_from(s, host.len + 1);
    if (!port_of(port, &to->port)) {
        uint32_t at = p->off + (uint32_t)host.len + 1;
        struct diag *d = parse_report(p, DIAG_E0303, parse_span(p, at, p->end), "`%.*s` is no port", SLICE_ARG(parse_clip(p, port)));
        diag_note(p->diags, d, "ports are 1 to 65535");
        return ast_leaf(p, AST_ERROR, here(p));
    }
    if (host.len == 0 || slice_eq(host, SLICE("*")))
        return e;
    if (host.p[0] == '[')
        host = (struct slice){host.p + 1, host.len - 2};
    bool digits = true;
    for (size_t i = 0; i < host.len; i++)
        digits = digits && ((host.p[i] >= '0' && host.p[i] <= '9') || host.p[i] == '.');
    if (ip_parse(host, &to->addr))
        return e;
    if (digits || memchr(host.p, ':', host.len))
        return no_address(p, host);
    to->host = host;
    memset(&to->addr, 0, sizeof to->addr);
    return e;
}

struct ast_expr *parse_unix(struct parser *p)
{
    struct ast_endpoint *to = arena_new(p->arena, struct ast_endpoint);
    to->host = slice_from(parse_lexeme(p), 5);
    to->is_unix = true;
    return endpoint(p, to);
}
