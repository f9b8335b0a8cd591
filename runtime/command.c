/* The commands of the control socket: their words, and pushing plans. See process_state.h. */
#include "runtime/base/log.h"
#include "runtime/process_state.h"

typedef void show_fn(struct process *p, enum show_format format, struct buf *out);

static const struct {
    const char *words, *help;
    show_fn *show;
} commands[] = {
    {"show plans", "the active plan, those that drain, and the last ones that are gone", show_plans},
    {"show info", "the process: workers, connections, requests", show_info},
    {"show servers", "servers of the active plan: state, health, counters", show_servers},
    {"show frontends", "frontends of the active plan: where they listen, counters", show_frontends},
    {"push", "make the plan in the payload the active one", NULL},
    {"help", "this list", NULL},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static void help(struct buf *out)
{
    for (unsigned i = 0; i < COMMANDS; i++)
        buf_printf(out, "%-14s  %s\n", commands[i].words, commands[i].help);
    buf_str(out, "The show commands take `json` as a last word.\n");
}

/* How many single-byte edits make `a` of `b` (Levenshtein); words here are short. */
static unsigned distance(struct slice a, struct slice b)
{
    enum { MAX = 32 };
    unsigned row[MAX + 1];
    if (a.len > MAX || b.len > MAX)
        return MAX;
    for (unsigned k = 0; k <= b.len; k++)
        row[k] = k;
    for (unsigned i = 1; i <= a.len; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (unsigned k = 1; k <= b.len; k++) {
            unsigned change = diagonal + (a.p[i - 1] != b.p[k - 1]);
            unsigned other = (row[k] < row[k - 1] ? row[k] : row[k - 1]) + 1;
            diagonal = row[k];
            row[k] = change < other ? change : other;
        }
    }
    return row[b.len];
}

static void unknown(struct slice words, struct buf *out)
{
    unsigned best = 4;
    const char *meant = NULL;
    for (unsigned i = 0; i < COMMANDS; i++) {
        unsigned d = distance(words, slice_of(commands[i].words));
        if (d < best) {
            best = d;
            meant = commands[i].words;
        }
    }
    buf_printf(out, "unknown command `%.*s`", SLICE_ARG(words));
    if (meant)
        buf_printf(out, "; did you mean `%s`?", meant);
    buf_str(out, "\ncommands:");
    for (unsigned i = 0; i < COMMANDS; i++)
        buf_printf(out, "%s %s", i ? "," : "", commands[i].words);
}

/* Takes white space off both ends, and `json` as the last word. */
static struct slice strip(struct slice words, enum show_format *format)
{
    while (words.len > 0 && words.p[0] == ' ')
        words = slice_from(words, 1);
    while (words.len > 0 && words.p[words.len - 1] == ' ')
        words.len--;
    *format = slice_ends(words, SLICE(" json")) ? SHOW_JSON : SHOW_TEXT;
    if (*format == SHOW_JSON)
        return strip((struct slice){words.p, words.len - 5}, &(enum show_format){0});
    return words;
}

static void push(struct process *p, struct control_client *x)
{
    struct buf why = {0};
    if (process_swap(p, x->payload, &why)) {
        p->pushing = x;
        p->pushed_ms = p->timers.now;
    } else {
        log_line(LOG_WARN, "a pushed plan is refused: %.*s", SLICE_ARG(buf_view(&why)));
        control_reply(x, false, buf_view(&why));
    }
    buf_free(&why);
}

static void run(struct process *p, struct control_client *x)
{
    struct buf out = {0};
    enum show_format format;
    struct slice words = strip(x->command, &format);
    bool ok = true;
    if (slice_eq(words, SLICE("push")) && format == SHOW_TEXT) {
        push(p, x);
        return;
    }
    show_fn *show = NULL;
    for (unsigned i = 0; i < COMMANDS; i++)
        if (commands[i].show && slice_eq(words, slice_of(commands[i].words)))
            show = commands[i].show;
    if (show)
        show(p, format, &out);
    else if ((slice_eq(words, SLICE("help")) || words.len == 0) && format == SHOW_TEXT)
        help(&out);
    else
        ok = false, unknown(words, &out);
    control_reply(x, ok, buf_view(&out));
    buf_free(&out);
}

/* The answer to a push: once every worker has its plan, or when that takes too long. */
static void finish_push(struct process *p)
{
    struct buf text = {0};
    bool late = p->timers.now - p->pushed_ms > SWAP_ADOPTION_MS;
    if (!p->pushing || (!p->swap.settled && !late))
        return;
    const char *digest = swap_active(&p->swap)->digest;
    if (p->swap.settled)
        buf_printf(&text, "plan %s is active\n", digest);
    else
        buf_printf(&text, "plan %s is published, but not every worker has taken it up within %d s", digest,
                   SWAP_ADOPTION_MS / 1000);
    control_reply(p->pushing, p->swap.settled, buf_view(&text));
    p->pushing = NULL;
    buf_free(&text);
}

void command_turn(struct process *p)
{
    struct control_client *later[CONTROL_CLIENTS_MAX], *x;
    unsigned n = 0;
    finish_push(p);
    while ((x = control_next(&p->control)) != NULL) {
        /* One push after the other: each is answered for the plan that it brought. */
        if (p->pushing && slice_starts(x->command, SLICE("push")))
            later[n++] = x;
        else
            run(p, x);
    }
    while (n > 0)
        control_put_back(later[--n]);
    finish_push(p);
}

void command_stop(struct process *p)
{
    struct control_client *x;
    if (p->pushing)
        control_reply(p->pushing, false, SLICE("the process is stopping"));
    p->pushing = NULL;
    while ((x = control_next(&p->control)) != NULL)
        control_reply(x, false, SLICE("the process is stopping"));
}
