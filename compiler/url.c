/* URLs of requests; see url.h. */
#include "compiler/url.h"

uint16_t url_port(struct slice authority, uint16_t port)
{
    size_t i = authority.len;
    uint32_t n = 0;
    while (i > 0 && authority.p[i - 1] >= '0' && authority.p[i - 1] <= '9')
        i--;
    if (i == 0 || authority.p[i - 1] != ':' || i == authority.len)
        return port;
    for (; i < authority.len && n <= UINT16_MAX; i++)
        n = n * 10 + (uint32_t)(authority.p[i] - '0');
    return n <= UINT16_MAX ? (uint16_t)n : port;
}

bool url_split(struct slice s, struct url *out)
{
    out->tls = s.len >= 8 && slice_eq_nocase((struct slice){s.p, 8}, SLICE("https://"));
    size_t scheme = out->tls ? 8 : 7, end = 0;
    if (s.len <= scheme || memchr(s.p, ' ', s.len) ||
        (!out->tls && !slice_eq_nocase((struct slice){s.p, 7}, SLICE("http://"))))
        return false;
    s = slice_from(s, scheme);
    while (end < s.len && s.p[end] != '/' && s.p[end] != '?')
        end++;
    out->authority = (struct slice){s.p, end};
    out->port = url_port(out->authority, out->tls ? 443 : 80);
    out->rest = slice_from(s, end);
    return true;
}

struct slice url_target(struct arena *a, struct slice method, struct slice rest)
{
    if (rest.len == 0 && slice_eq(method, SLICE("OPTIONS")))
        return SLICE("*");
    return arena_printf(a, "%s%.*s", rest.len && rest.p[0] == '/' ? "" : "/", SLICE_ARG(rest));
}
