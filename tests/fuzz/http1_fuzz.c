/* Fuzzer of heads and bodies. The bytes are read as a request, as a response and as a chunked body. What must
 * hold: a head that is accepted is accepted whatever follows it, and no beginning of it is an error; an error
 * stays one when more bytes come; the end of a body does not depend on the pieces it comes in. */
#include <stdio.h>
#include <stdlib.h>

#include "runtime/http1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum kind { REQUEST, RESPONSE, RESPONSE_TO_HEAD, KINDS };
enum { CUTS_MAX = 512 }; /* cuts near either end of a head that are tried */

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "http1_fuzz: %s\n", what);
    abort();
}

/* In memory of exactly that size. */
static int parse(enum kind kind, const char *p, size_t n, struct http1_head *h)
{
    char *copy = malloc(n ? n : 1);
    if (n)
        memcpy(copy, p, n);
    struct slice bytes = {copy, n};
    int got = kind == REQUEST ? http1_parse_request(bytes, false, h)
                              : http1_parse_response(bytes, false, kind == RESPONSE_TO_HEAD, h);
    free(copy);
    return got;
}

static void check_cut(enum kind kind, const char *p, size_t n, int whole, size_t head_size)
{
    static struct http1_head h;
    int got = parse(kind, p, n, &h);
    if (whole == 1)
        must(n < head_size ? got == 0 : got == 1 && h.size == head_size,
             "a head that is accepted only in some pieces");
    else if (whole == 0)
        must(got == 0, "the beginning of an unfinished head is not unfinished");
    else
        must(got <= 0, "a head that is accepted, and then refused with more bytes");
}

static void check_head(enum kind kind, const char *p, size_t n)
{
    static struct http1_head h;
    int whole = parse(kind, p, n, &h);
    size_t head_size = whole == 1 ? h.size : n;
    must(whole == 0 || whole == 1 || (whole <= -400 && whole >= -505), "a result of no meaning");
    must(whole != 1 || (h.size <= n && h.nfields <= HTTP1_FIELDS_MAX), "a head larger than its bytes");
    for (size_t cut = 0; cut < n; cut++)
        if (cut < CUTS_MAX || (cut <= head_size + 2 && cut + CUTS_MAX > head_size))
            check_cut(kind, p, cut, whole, head_size);
}

static ssize_t scan(struct http1_body *b, const char *p, size_t n)
{
    char *copy = malloc(n ? n : 1);
    memcpy(copy, p, n);
    ssize_t used = http1_body_scan(b, (struct slice){copy, n});
    free(copy);
    return used;
}

/* In pieces of `step` bytes more at a time; what is not used up comes again. */
static ssize_t scan_in_pieces(struct http1_body *b, const char *p, size_t n, size_t step)
{
    size_t used = 0;
    for (size_t end = step < n ? step : n;; end = n - end > step ? end + step : n) {
        ssize_t got = scan(b, p + used, end - used);
        if (got < 0)
            return -1;
        used += (size_t)got;
        if (b->done || end == n)
            return (ssize_t)used;
    }
}

static void check_same(const struct http1_body *a, ssize_t a_used, const struct http1_body *b, ssize_t b_used)
{
    must(a_used == b_used, "a body that ends elsewhere in pieces");
    must(a_used < 0 || (a->done == b->done && a->left == b->left && a->payload == b->payload &&
                        a->trailers == b->trailers),
         "a body that is read otherwise in pieces");
}

static void check_body(const char *p, size_t n)
{
    struct http1_head h;
    h.framing = HTTP1_CHUNKED;
    struct http1_body whole, pieces;
    http1_body_begin(&whole, &h);
    ssize_t used = scan(&whole, p, n);
    must(used <= (ssize_t)n, "more body than bytes");
    for (size_t step = 1; step <= 64; step = step * 4 + 1) {
        if (n / step > 4096)
            continue;
        http1_body_begin(&pieces, &h);
        check_same(&whole, used, &pieces, scan_in_pieces(&pieces, p, n, step));
    }
    char *copy = malloc(n ? n : 1);
    size_t content = 0;
    memcpy(copy, p, n);
    http1_body_begin(&pieces, &h);
    check_same(&whole, used, &pieces, http1_body_unchunk(&pieces, copy, n, &content));
    must(used < 0 || content == whole.payload, "content that is not the payload");
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *p = (const char *)data;
    for (enum kind kind = REQUEST; kind < KINDS; kind++)
        check_head(kind, p, size);
    check_body(p, size);
    return 0;
}
