/* Fuzzer of what goes out: each head that is accepted is written as it would be forwarded, with and without
 * edits, and read again. It must be accepted, mean the same, and be written the same from then on. */
#include <stdio.h>
#include <stdlib.h>

#include "runtime/facts.h"
#include "runtime/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 1 << 18 };

static char written[ROOM], again[ROOM], scratch_memory[ROOM];
static struct http1_head head, second;

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "message_fuzz: %s\n%s\n", what, written);
    abort();
}

static struct weir_str str_of(const char *text)
{
    return (struct weir_str){text, (uint32_t)strlen(text)};
}

static void check_bounds(size_t n, size_t (*write)(char *out, size_t cap, const void *what), const void *what)
{
    char *out = malloc(n);
    must(write(out, n, what) == n && memcmp(out, written, n) == 0, "the size is not what is written");
    must(write(out, n / 2, what) == n, "the size depends on the room");
    free(out);
}

/* ---- requests ------------------------------------------------------------------------------------ */

struct request {
    const struct http1_head *head;
    struct weir_str uri;
    struct route_result route;
};

static size_t write_request(char *out, size_t cap, const void *what)
{
    const struct request *r = what;
    return message_request(out, cap, r->head, r->uri, &r->route);
}

/* A few edits, chosen by the bytes. */
static void choose_edits(struct route_result *r, struct slice bytes)
{
    static const char *const names[] = {
        "Host", "X-A", "x-a", "Accept", "Connection", "Content-Length", "Cookie", "Transfer-Encoding"};
    unsigned seed = bytes.len ? (unsigned char)bytes.p[bytes.len / 2] : 0;
    r->nedits = seed % 5;
    for (uint32_t i = 0; i < r->nedits; i++) {
        seed = seed * 5 + (unsigned char)bytes.p[(seed + i) % bytes.len];
        r->edits[i] =
            (struct route_edit){(enum route_edit_op)(seed % 3), str_of(names[seed / 3 % 8]), str_of("v")};
    }
}

static void check_reread(const struct request *r, size_t n)
{
    must(http1_parse_request((struct slice){written, n}, false, &second) == 1 && second.size == n,
         "a request that is refused when read again");
    must(slice_eq(second.method, head.method) &&
             slice_eq(second.target, (struct slice){r->uri.p, r->uri.len}),
         "another request");
    must(second.framing == head.framing && second.length == head.length, "another framing");
    must(second.upgrade == head.upgrade && !second.close, "another connection");
    must(r->route.nedits ||
             (second.host.len == head.host.len && (!head.host.len || slice_eq(second.host, head.host))),
         "another host");
}

static void check_request(struct slice bytes)
{
    static const struct weir_tables none;
    static struct request r, r2;
    struct weir_str str[WEIR_SLOT_FIXED];
    struct weir_scratch scratch = {scratch_memory, scratch_memory + sizeof scratch_memory, false};
    struct weir_facts f = {.str = str, .scratch = &scratch};
    if (http1_parse_request(bytes, false, &head) != 1 || facts_fill((const uint8_t *)&none, &head, &f) != 0)
        return;
    if (head.nfields > HTTP1_FIELDS_MAX - 8 || str[WEIR_SLOT_URI].len > HTTP1_TARGET_MAX)
        return;
    r.head = &head;
    r.uri = str[WEIR_SLOT_URI];
    choose_edits(&r.route, bytes);
    for (int pass = 0; pass < 2; pass++) {
        size_t n = write_request(written, sizeof written, &r);
        must(n <= sizeof written, "a request that has grown");
        check_bounds(n, write_request, &r);
        check_reread(&r, n);
        r2 = (struct request){.head = &second, .uri = r.uri};
        must(write_request(again, sizeof again, &r2) == n && memcmp(written, again, n) == 0,
             "a request that changes again");
        r.route.nedits = 0;
    }
}

/* ---- responses ----------------------------------------------------------------------------------- */

struct response {
    const struct http1_head *head;
    struct message_client client;
};

static size_t write_response(char *out, size_t cap, const void *what)
{
    const struct response *r = what;
    return message_response(out, cap, r->head, &r->client);
}

static void check_response(struct slice bytes, bool to_head)
{
    if (http1_parse_response(bytes, false, to_head, &head) != 1 || head.nfields > HTTP1_FIELDS_MAX - 4)
        return;
    struct response r = {
        &head, {.minor = 1, .close = head.close && head.status >= 200, .chunk = head.framing == HTTP1_CLOSE}};
    size_t n = write_response(written, sizeof written, &r);
    check_bounds(n, write_response, &r);
    must(http1_parse_response((struct slice){written, n}, false, to_head, &second) == 1 && second.size == n,
         "a response that is refused when read again");
    must(second.status == head.status && slice_eq(second.reason, head.reason), "another response");
    must(second.framing == (r.client.chunk ? HTTP1_CHUNKED : head.framing), "another framing");
    must(second.framing != HTTP1_LENGTH || second.length == head.length, "another length");
    must(second.close == r.client.close, "another connection");
}

/* ---- answers of our own -------------------------------------------------------------------------- */

static size_t write_reply(char *out, size_t cap, const void *what)
{
    return message_reply(out, cap, what);
}

static void check_reply(struct slice bytes)
{
    unsigned seed = bytes.len > 1 ? (unsigned char)bytes.p[0] * 256u + (unsigned char)bytes.p[1] : 0;
    struct message_header header = {str_of("X-A"), str_of("b")};
    struct message_reply r = {
        .status = 100 + seed % 500, .headers = &header, .nheaders = seed % 2, .to_head = seed / 2 % 2};
    if (seed % 3)
        r.body = (struct weir_str){bytes.p, (uint32_t)bytes.len};
    size_t n = write_reply(written, sizeof written, &r);
    check_bounds(n, write_reply, &r);
    must(http1_parse_response((struct slice){written, n}, false, r.to_head, &second) == 1,
         "an answer that is refused when read");
    must(second.framing == HTTP1_NONE || second.framing == HTTP1_LENGTH, "an answer without length");
    must(n == second.size + (second.framing == HTTP1_LENGTH ? second.length : 0),
         "an answer with another length");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = {(const char *)data, size};
    check_request(bytes);
    check_response(bytes, false);
    check_response(bytes, true);
    check_reply(bytes);
    return 0;
}
