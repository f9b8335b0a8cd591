/* The one form of IP addresses of ip.h. */
#include "ip.h"

#include <arpa/inet.h>
#include <stdio.h>

static const uint8_t v4_head[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool ip_is_v4(const struct ip_addr *a)
{
    return memcmp(a->b, v4_head, sizeof v4_head) == 0;
}

bool ip_parse(struct slice s, struct ip_addr *out)
{
    char text[IP_TEXT_MAX];
    if (s.len == 0 || s.len >= sizeof text || memchr(s.p, 0, s.len))
        return false;
    memcpy(text, s.p, s.len);
    text[s.len] = 0;
    if (memchr(text, ':', s.len))
        return inet_pton(AF_INET6, text, out->b) == 1;
    memcpy(out->b, v4_head, sizeof v4_head);
    return inet_pton(AF_INET, text, out->b + 12) == 1;
}

bool ip_prefix_parse(struct slice s, struct ip_prefix *out)
{
    const char *slash = s.len ? memchr(s.p, '/', s.len) : NULL;
    struct slice addr = slash ? (struct slice){s.p, (size_t)(slash - s.p)} : s;
    if (!ip_parse(addr, &out->addr))
        return false;
    unsigned base = memchr(addr.p, ':', addr.len) ? 0 : 96, bits = 128 - base;
    if (slash) {
        struct slice n = slice_from(s, addr.len + 1);
        if (n.len < 1 || n.len > 3)
            return false;
        bits = 0;
        for (size_t i = 0; i < n.len; i++) {
            if (n.p[i] < '0' || n.p[i] > '9')
                return false;
            bits = bits * 10 + (unsigned)(n.p[i] - '0');
        }
        if (bits > 128 - base)
            return false;
    }
    out->bits = (uint8_t)(base + bits);
    return true;
}

void ip_mask(struct ip_addr *a, unsigned bits)
{
    for (unsigned i = 0; i < 16; i++) {
        unsigned keep = bits >= 8 * (i + 1) ? 8 : bits <= 8 * i ? 0 : bits - 8 * i;
        a->b[i] &= (uint8_t)(0xff00u >> keep);
    }
}

bool ip_prefix_is_clean(const struct ip_prefix *p)
{
    struct ip_addr m = p->addr;
    ip_mask(&m, p->bits);
    return memcmp(&m, &p->addr, sizeof m) == 0;
}

bool ip_in_prefix(const struct ip_addr *a, const struct ip_prefix *p)
{
    if (p->bits < 96 && ip_is_v4(a))
        return false;
    struct ip_addr m = *a, want = p->addr;
    ip_mask(&m, p->bits);
    ip_mask(&want, p->bits);
    return memcmp(&m, &want, sizeof m) == 0;
}

size_t ip_format(const struct ip_addr *a, char *out)
{
    if (ip_is_v4(a))
        inet_ntop(AF_INET, a->b + 12, out, IP_TEXT_MAX);
    else
        inet_ntop(AF_INET6, a->b, out, IP_TEXT_MAX);
    return strlen(out);
}

size_t ip_prefix_format(const struct ip_prefix *p, char *out)
{
    bool v4 = ip_is_v4(&p->addr) && p->bits >= 96;
    size_t n = ip_format(&p->addr, out);
    if (p->bits == 128)
        return n;
    return n + (size_t)snprintf(out + n, IP_TEXT_MAX - n, "/%u", v4 ? p->bits - 96u : p->bits);
}
