/* The first step of the analyser, for programs of many tenants: rules whose condition needs one of some exact
 * hosts are found by the host, so that each host meets its own rules and those for all hosts, and no others.
 * Hosts whose rules differ in their outcomes' names alone share one state. */
#ifndef WEIR_AN_HOSTS_H
#define WEIR_AN_HOSTS_H

#include "compiler/an_search.h"

/* The rules that one host, or one cell of hosts, meets. */
struct an_host {
    struct slice host; /* it, or one that stands for the cell */
    bool named;        /* a condition names it */
    bool any;          /* no condition tells hosts apart */
    const struct slice *names; /* all hosts that conditions name; of two sides: that changed ones do, where all of these name some */
    uint32_t nnames, number;   /* number: of a named host, among them */
    uint32_t cells;            /* of a host that is not named: how many cells there are of such hosts */
    uint32_t state;    /* in which an entry's item is a place in `items`; outcomes that decide are numbered by
                          appearance */
    VEC(uint32_t) items[2]; /* numbers of the sides' items */
};

typedef void an_host_fn(void *ctx, const struct an_host *h);

/* Calls `fn` for all cells of hosts where there is something to search. With two sides: where a changed rule
 * may apply, and restricted to that (an_item.changed). With one: the first cell everywhere, and of others what is not
 * as in the first: a request that meets none of the rules by which their lists differ ends there as here. */
void an_hosts_visit(struct an_search *s, struct an_side *const *sides, uint32_t nsides, an_host_fn *fn,
                    void *ctx);

#endif
