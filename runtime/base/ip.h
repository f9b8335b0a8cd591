/* IP addresses and prefixes in one form: 16 bytes, IPv4 as ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2), so that an
 * IPv4-mapped IPv6 address is the IPv4 address. An IPv4 prefix of n bits has `bits` 96 + n. An IPv6
 * prefix shorter than 96 bits never contains an IPv4 address, not even ::/0. */
#ifndef WEIR_BASE_IP_H
#define WEIR_BASE_IP_H

#include "slice.h"

struct ip_addr {
    uint8_t b[16];
};

struct ip_prefix {
    struct ip_addr addr;
    uint8_t bits; /* 0..128; 128 is one address */
};

bool ip_is_v4(const struct ip_addr *a);
/* Parses an address without port, prefix or brackets. */
bool ip_parse(struct slice s, struct ip_addr *out);
/* Parses ADDR or ADDR/BITS. Host bits are kept: see ip_prefix_is_clean(). */
bool ip_prefix_parse(struct slice s, struct ip_prefix *out);
/* False where bits beyond the prefix are set (10.1.2.3/8). */
bool ip_prefix_is_clean(const struct ip_prefix *p);
/* Clears the bits of `a` beyond the first `bits`. */
void ip_mask(struct ip_addr *a, unsigned bits);
bool ip_in_prefix(const struct ip_addr *a, const struct ip_prefix *p);

enum { IP_TEXT_MAX = 64 };
/* Canonical text (RFC 5952; IPv4 dotted); returns its length. `out` holds IP_TEXT_MAX bytes. */
size_t ip_format(const struct ip_addr *a, char *out);
size_t ip_prefix_format(const struct ip_prefix *p, char *out);

#endif
