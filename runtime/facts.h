/* From a request's head to the facts that a plan's decisions read: normalised host and path, the headers, parameters
 * and cookies that the plan asks for. The one place where HTTP and decisions meet. No sockets, no allocation. */
#ifndef WEIR_FACTS_H
#define WEIR_FACTS_H

#include "runtime/abi.h"
#include "runtime/http1.h"

/* Fills f->str (WEIR_SLOT_FIXED + slots.count entries, the caller's). f->scratch, the addresses and ports, tls_active and id are set
 * by the caller; text that is not in the head is made in the scratch. Returns 0, or the status to answer
 * with: 400 where host or path are refused by the normaliser, 500 where the scratch is used up. The path of `OPTIONS *` is "*".
 * Repeated header lines are joined with ", " (Cookie with "; "). The
 * header Host is the authority of an absolute-form target where there is one (RFC 9112 section 3.2.2). A query
 * parameter needs scratch for the whole query while it is decoded. */
int facts_fill(const uint8_t *tables, const struct http1_head *h, struct weir_facts *f);

#endif
