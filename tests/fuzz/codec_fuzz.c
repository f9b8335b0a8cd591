/* Reading the canonical form: any bytes are refused or are a program, and a program's canonical form comes
 * back as it is and can be evaluated. */
#include <stdlib.h>

#include "compiler/eval.h"
#include "compiler/ir_codec.h"
#include "compiler/ir_print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void evaluate(struct arena *a, const struct ir_program *p)
{
    static const struct eval_header headers[] = {{SLICE("Host"), SLICE("b.a.com")},
                                                 {SLICE("X-A"), SLICE("one")}};
    struct eval_request q = {
        .method = SLICE("GET"), .target = SLICE("/api/v1?q=1"), .headers = headers, .nheaders = 2};
    struct eval_result r;
    ip_parse(SLICE("10.1.2.3"), &q.client_ip);
    for (uint32_t i = 0; i < p->frontends.n; i++)
        eval_run(a, p->frontends.v[i], &q, NULL, NULL, &r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    const char *why;
    const struct ir_program *p = ir_decode(&a, (struct slice){(const char *)data, size}, SLICE(""), &why);
    if (p) {
        struct buf x = {0}, y = {0}, places = {0}, text = {0};
        ir_encode(&a, p, &x, &places);
        const struct ir_program *again = ir_decode(&a, buf_view(&x), buf_view(&places), &why);
        if (!again)
            abort();
        places.len = 0;
        ir_encode(&a, again, &y, &places);
        if (!slice_eq(buf_view(&x), buf_view(&y)))
            abort();
        ir_dump(p, &text);
        evaluate(&a, p);
        buf_free(&x);
        buf_free(&y);
        buf_free(&places);
        buf_free(&text);
    }
    arena_free(&a);
    return 0;
}
