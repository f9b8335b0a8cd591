/* The one normaliser: what `host`, `path`, `req.query[…]` and `req.cookie[…]` mean as functions of the
 * received bytes. The runtime, the evaluator and every tool call these, so that matching never depends
 * on who asks. Nothing here allocates; output goes to the caller's buffer or stays in the input. */
#ifndef WEIR_BASE_NORM_H
#define WEIR_BASE_NORM_H

#include "slice.h"

/* The `host` of a Host field value or authority (RFC 9110 section 7.2, RFC 3986 section 3.2.2): lower case, without port
 * and without one trailing dot; an IPv6 literal keeps its brackets. `out` holds raw.len bytes. False
 * where the bytes are no host (the request is answered 400). An empty host is valid. */
bool norm_host(struct slice raw, char *out, struct slice *host);

/* True where norm_path() would yield `raw` itself, byte for byte. */
bool norm_path_is_clean(struct slice raw);

/* The `path` of a raw path that starts with "/" and holds no "?" (RFC 3986 section 6.2.2): escapes of unreserved
 * characters decoded, other escapes in upper case, empty and dot segments removed. `out` holds raw.len
 * bytes. False (answered 400) for a malformed escape, an encoded slash or NUL, or a byte outside
 * visible ASCII. */
bool norm_path(struct slice raw, char *out, struct slice *path);

/* The value of the first parameter `name` of a query (what follows "?", without it): "+" is a space,
 * escapes are decoded in name and value, a malformed escape stands for itself; `k` and `k=` are
 * present and empty. `out` holds query.len bytes; `*value` points into `query` or `out`. */
bool norm_query_get(struct slice query, struct slice name, char *out, struct slice *value);

/* The value of the first cookie `name` in one Cookie field value (RFC 6265 section 4.2); names are case-sensitive. */
bool norm_cookie_get(struct slice field, struct slice name, struct slice *value);

/* A copy of `value` that is safe as a field value: control bytes become spaces (RFC 9110 section 5.5), white space
 * at both ends goes. `out` holds value.len bytes; returns the new length. */
size_t norm_field_value(struct slice value, char *out);

#endif
