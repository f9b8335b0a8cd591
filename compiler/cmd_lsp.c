/* weir lsp: the language server on standard input and output. Reads what is there before it works, so that a
 * cancelled request is not done, and several edits that came together are checked once. */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "compiler/cmd.h"
#include "compiler/lsp.h"
#include "compiler/lsp_message.h"
#include "compiler/options.h"
#include "runtime/base/clock.h"

enum {
    QUEUE_MAX = 256, /* more are left in the pipe */
    READ_SIZE = 1 << 16,
    STALE_MS = 200, /* diagnostics are not kept waiting longer by input that goes on */
};

struct stream {
    struct lsp server;
    struct lsp_reader reader;
    bool ended;        /* nothing more comes in, or nobody reads */
    uint64_t stale_ns; /* since when there are changes that were not checked; 0: there are none */
};

static void write_out(struct stream *x)
{
    struct buf *out = &x->server.out;
    size_t at = 0;
    while (at < out->len) {
        ssize_t n = write(STDOUT_FILENO, out->p + at, out->len - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            x->ended = true;
            break;
        }
        at += (size_t)n;
    }
    out->len = 0;
}

static void take(struct stream *x)
{
    struct slice body;
    const char *why;
    for (;;)
        switch (lsp_reader_next(&x->reader, &body, &why)) {
        case LSP_READ_MORE:
            return;
        case LSP_READ_MESSAGE:
            lsp_take(&x->server, body);
            break;
        case LSP_READ_BAD:
            lsp_fault(&x->server, why);
            break;
        }
}

/* Waits up to `ms` (-1: as long as it takes). Returns whether something was read, or the input ended. */
static bool read_in(struct stream *x, int ms)
{
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    char bytes[READ_SIZE];
    if (x->ended || poll(&p, 1, ms) <= 0)
        return false;
    ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return false;
    if (n <= 0) {
        x->ended = true;
        return true;
    }
    lsp_reader_add(&x->reader, bytes, (size_t)n);
    take(x);
    return true;
}

static void serve(struct stream *x)
{
    struct lsp *s = &x->server;
    while (!s->exits && !(x->ended && !s->queue)) {
        bool busy = s->queue || lsp_is_stale(s);
        bool more = s->queued < QUEUE_MAX && read_in(x, busy ? 0 : -1);
        bool worked = lsp_step(s);
        x->stale_ns = !lsp_is_stale(s) ? 0 : x->stale_ns ? x->stale_ns : clock_ns();
        if (x->stale_ns && ((!more && !worked) || clock_ns() - x->stale_ns > STALE_MS * 1000000ull)) {
            lsp_publish(s);
            x->stale_ns = 0;
        }
        write_out(x);
    }
}

int cmd_lsp(int argc, char **argv)
{
    bool stdio = false;
    const struct option_spec options[] = {
        {"stdio", 0, OPTION_FLAG, &stdio, NULL,
         "over standard input and output: there is no other way, and it need not be said"},
        {0},
    };
    const struct command_spec spec = {
        "lsp", "",
        "The language server for editors (LSP over standard input and output): diagnostics as\n"
        "you type, completion, hover, definitions, references, rename, quick fixes.\n"
        "See grammar/editors/ for VS Code, Vim and Neovim.\n"
        "Exit code: 0 after `shutdown` and `exit`, 1 where the input ended without.",
        options};
    int r = options_parse(&spec, &argc, argv);
    if (r != OPTIONS_GO_ON)
        return r;
    if (argc > 1)
        return cmd_usage("lsp", "it takes no arguments: `%s`", argv[1]);
    struct stream x = {0};
    serve(&x);
    r = x.server.shut_down ? 0 : 1;
    lsp_free(&x.server);
    lsp_reader_free(&x.reader);
    return r;
}
