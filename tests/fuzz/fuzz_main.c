/* Runs a libFuzzer-style target without libFuzzer: first every file of the corpus folder, then mutations of them
 * for a bounded time. Deterministic but for the time limit. With clang the same targets link with -fsanitize=fuzzer.
 *   NAME_fuzz CORPUS_FOLDER SECONDS [SEED] */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/buf.h"
#include "runtime/base/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1 << 16 };

static uint64_t random_state;

static uint64_t draw(uint64_t below)
{
    random_state ^= random_state << 13; /* xorshift64, Marsaglia 2003 */
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return below ? random_state % below : 0;
}

struct corpus {
    struct buf *files;
    size_t n;
};

static void corpus_read(struct corpus *c, const char *folder)
{
    struct dirent **names;
    int n = scandir(folder, &names, NULL, alphasort);
    c->files = calloc(n > 0 ? (size_t)n : 1, sizeof *c->files);
    for (int i = 0; i < n; i++) {
        struct buf path = {0};
        struct stat st;
        buf_printf(&path, "%s/%s", folder, names[i]->d_name);
        if (stat(path.p, &st) == 0 && S_ISREG(st.st_mode) && buf_read_file(&c->files[c->n], path.p) == 0)
            c->n++;
        buf_free(&path);
        free(names[i]);
    }
    if (n >= 0)
        free(names);
}

/* What a crash leaves for people: the input that was running. */
static void keep_input(const struct buf *in)
{
    int err = buf_write_file("build/fuzz-last-input", buf_view(in), 0644);
    (void)err;
}

/* One input through the target, in memory of exactly its size so that ASan sees one byte too far. */
static void run(const struct buf *in)
{
    uint8_t *copy = malloc(in->len ? in->len : 1);
    if (in->len)
        memcpy(copy, in->p, in->len);
    LLVMFuzzerTestOneInput(copy, in->len);
    free(copy);
}

static void mutate_once(struct buf *b, const struct corpus *c)
{
    size_t at = draw(b->len + 1), n = draw(8) + 1;
    const struct buf *other = &c->files[draw(c->n)];
    switch (draw(7)) {
    case 0: /* change a byte */
        if (at < b->len)
            b->p[at] = (char)draw(256);
        break;
    case 1: /* flip a bit */
        if (at < b->len)
            b->p[at] ^= (char)(1 << draw(8));
        break;
    case 2: /* drop a run */
        if (at + n <= b->len) {
            memmove(b->p + at, b->p + at + n, b->len - at - n);
            b->len -= n;
        }
        break;
    case 3: /* double a run */
        if (at + n <= b->len) {
            buf_reserve(b, n);
            memmove(b->p + at + n, b->p + at, b->len - at);
            b->len += n;
        }
        break;
    case 4: /* swap neighbours */
        if (at + 1 < b->len) {
            char t = b->p[at];
            b->p[at] = b->p[at + 1];
            b->p[at + 1] = t;
        }
        break;
    case 5: /* cut here */
        b->len = at;
        break;
    default: /* go on with the rest of another input */
        b->len = at;
        if (other->len) {
            size_t from = draw(other->len);
            buf_add(b, other->p + from, other->len - from);
        }
    }
    if (b->len > INPUT_MAX)
        b->len = INPUT_MAX;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: %s CORPUS_FOLDER SECONDS [SEED]\n", argv[0]);
        return 2;
    }
    struct corpus c = {0};
    corpus_read(&c, argv[1]);
    if (c.n == 0) {
        fprintf(stderr, "%s: no corpus in %s\n", argv[0], argv[1]);
        return 1;
    }
    for (size_t i = 0; i < c.n; i++)
        run(&c.files[i]);
    random_state = argc > 3 ? strtoull(argv[3], NULL, 0) | 1 : 0x9e3779b97f4a7c15u;
    uint64_t end = clock_ns() + (uint64_t)atol(argv[2]) * 1000000000u;
    unsigned long runs = 0;
    struct buf b = {0};
    while (clock_ns() < end) {
        b.len = 0;
        const struct buf *seed = &c.files[draw(c.n)];
        buf_add(&b, seed->p, seed->len);
        for (uint64_t k = draw(6) + 1; k > 0; k--)
            mutate_once(&b, &c);
        if (getenv("FUZZ_KEEP"))
            keep_input(&b);
        run(&b);
        runs++;
    }
    printf("%s: %zu corpus inputs, %lu mutated inputs\n", argv[0], c.n, runs);
    buf_free(&b);
    for (size_t i = 0; i < c.n; i++)
        buf_free(&c.files[i]);
    free(c.files);
    return 0;
}
