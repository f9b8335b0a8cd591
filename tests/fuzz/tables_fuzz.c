/* The tables of plans: whatever passes verification decides any request without leaving the tables (run with
 * ASan). */
#include <stdlib.h>

#include "runtime/base/buf.h"
#include "runtime/facts.h"
#include "runtime/http1.h"
#include "runtime/route.h"

enum { SLOTS_MAX = 256, SCRATCH = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool no_pred(const struct weir_abi *abi, const struct weir_facts *f, const uint8_t *tables,
                    uint32_t shape, uint32_t args)
{
    (void)abi, (void)f, (void)tables, (void)args;
    return shape & 1;
}

static struct weir_str no_value(const struct weir_abi *abi, const struct weir_facts *f, const uint8_t *tables,
                                uint32_t shape, uint32_t args)
{
    (void)abi, (void)f, (void)tables, (void)shape, (void)args;
    return (struct weir_str){NULL, 0};
}

static void decide(const uint8_t *tables, uint32_t frontend, struct slice request)
{
    static struct http1_head head;
    static struct route_result result;
    static struct weir_str str[SLOTS_MAX];
    static char room[SCRATCH];
    struct weir_scratch scratch = {room, room + SCRATCH, false};
    struct weir_facts facts = {
        .str = str, .client_ip = {[10] = 0xff, [11] = 0xff, [12] = 10}, .scratch = &scratch};
    struct route_plan plan = {tables, no_pred, no_value};
    if (http1_parse_request(request, true, &head) != 1 || facts_fill(tables, &head, &facts) != 0)
        return;
    route_run(&plan, frontend, &facts, &result);
    for (uint32_t i = 0; result.action && i < result.action->headers.count && i < 64; i++) {
        struct weir_str name, value;
        route_reply_header(&plan, &facts, result.action, i, &name, &value);
    }
}

static void try_tables(const uint8_t *data, size_t size)
{
    static const struct slice requests[] = {
        SLICE("GET / HTTP/1.1\r\nHost: a.com\r\n\r\n"),
        SLICE("POST /api/v1/x?q=one&n=7 HTTP/1.1\r\nHost: b.a.com\r\nX-A: one\r\nCookie: c=two\r\n\r\n"),
        SLICE("OPTIONS * HTTP/1.1\r\nHost: c.b.a.com.org\r\nAccept: x, y\r\nX-B: abc\r\n\r\n"),
    };
    if (route_tables_verify(data, size))
        return;
    const struct weir_tables *head = (const void *)data;
    if (head->slots.count > SLOTS_MAX - WEIR_SLOT_FIXED)
        return;
    for (uint32_t i = 0; i < head->frontends.count && i < 8; i++)
        for (uint32_t k = 0; k < sizeof requests / sizeof *requests; k++)
            decide(data, i, requests[k]);
}

/* Tables of an earlier version of the contract are as good a start as others. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + (size == 0));
    memcpy(copy, data, size);
    if (size >= sizeof(struct weir_tables))
        ((struct weir_tables *)(void *)copy)->abi = WEIR_ABI_VERSION;
    try_tables(copy, size);
    free(copy);
    return 0;
}
