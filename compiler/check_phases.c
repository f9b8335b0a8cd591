/* Phases by phases.def: their order, the blocks of their rules, and which fields exist in which of them. */
#include "compiler/check_state.h"

static const struct {
    const char *word, *name;
    bool tcp, later;
} phases[PHASE_COUNT] = {
#define PHASE(id, word, name, tcp, later) [PHASE_##id] = {word, name, tcp, later},
#include "grammar/phases.def"
#undef PHASE
};

const char *check_phase_name(enum phase p)
{
    return phases[p].name;
}

enum context check_phase_context(enum phase p)
{
    static const enum context contexts[PHASE_COUNT] = {
        [PHASE_CONNECTION] = IN_ON_CONNECTION,
        [PHASE_TLS] = IN_ON_TLS,
        [PHASE_REQUEST] = IN_ON_REQUEST,
        [PHASE_ROUTE] = IN_ROUTE,
        [PHASE_BACKEND] = IN_BACKEND_REQUEST,
        [PHASE_RESPONSE] = IN_ON_RESPONSE,
        [PHASE_LOG] = IN_ON_LOG,
    };
    return contexts[p];
}

enum phase check_phase_named(const struct ast_stmt *s)
{
    for (int p = 0; p < PHASE_COUNT; p++)
        if (phases[p].word[0] && s->nargs && check_word(s->args[0], phases[p].word))
            return (enum phase)p;
    return PHASE_COUNT;
}

/* ---- fields ------------------------------------------------------------------------------------ */

static bool is_http(enum phase from)
{
    return from == PHASE_REQUEST || from == PHASE_RESPONSE;
}

static const char *why_not(enum phase from)
{
    return from == PHASE_RESPONSE  ? "there is no response yet"
           : from == PHASE_LOG     ? "the request is not done yet"
           : from == PHASE_BACKEND ? "no backend is chosen yet"
           : from == PHASE_TLS     ? "there was no TLS hello yet"
                                   : "there is no request yet";
}

static void not_in_tcp(struct checker *k, struct span at, struct slice text, struct diag **out)
{
    *out = diag_report(k->d, DIAG_E0401, at, "`%.*s` does not exist in a TCP frontend", SLICE_ARG(text));
    diag_label(k->d, *out, "part of HTTP");
    diag_note(k->d, *out, "a TCP frontend forwards bytes: it knows connections, not requests");
}

static void too_early(struct checker *k, struct span at, struct slice text, enum phase from,
                      struct diag **out)
{
    *out = diag_report(k->d, DIAG_E0401, at, "`%.*s` does not exist in %s", SLICE_ARG(text),
                       phases[k->phase].name);
    diag_label(k->d, *out, "%s", why_not(from));
    diag_note(k->d, *out, "it is available from %s on", phases[from].name);
}

/* A TCP frontend knows of a hello where it waits for one, or ends TLS itself. */
static bool unread_hello(const struct checker *k, enum phase from)
{
    return k->tcp && from == PHASE_TLS && !k->hello && k->phase > PHASE_TLS;
}

static void no_hello(struct checker *k, struct span at, struct slice text, struct diag **out)
{
    *out = diag_report(k->d, DIAG_E0401, at, "`%.*s` does not exist in this frontend", SLICE_ARG(text));
    diag_label(k->d, *out, "it does not read TLS hellos");
    diag_help(k->d, *out, "add `inspect tls-hello within 5s`, or certificates: `listen :443 tls NAME`");
}

bool check_phase(struct checker *k, struct span at, struct slice text, enum phase from)
{
    struct diag *x;
    if (k->phase == PHASE_ANY) {
        if (!k->need.text.p || from > k->need.from) {
            k->need.from = from;
            k->need.at = at;
            k->need.text = text;
        }
        if (is_http(from) && !k->need.http) {
            k->need.http = true;
            k->need.http_at = at;
            k->need.http_text = text;
        }
        return true;
    }
    if (k->tcp && is_http(from))
        not_in_tcp(k, at, text, &x);
    else if (unread_hello(k, from))
        no_hello(k, at, text, &x);
    else if (from > k->phase)
        too_early(k, at, text, from, &x);
    else
        return true;
    return false;
}

bool check_need(struct checker *k, struct span at, struct slice acl, const struct need *need)
{
    struct diag *x;
    if (!need->text.p)
        return true;
    if (k->phase == PHASE_ANY) {
        check_phase(k, need->at, need->text, need->from);
        if (need->http && !k->need.http) {
            k->need.http = true;
            k->need.http_at = need->http_at;
            k->need.http_text = need->http_text;
        }
        return true;
    }
    bool http = k->tcp && need->http, hello = unread_hello(k, need->from);
    if (!http && !hello && need->from <= k->phase)
        return true;
    struct slice text = http ? need->http_text : need->text;
    if (http)
        not_in_tcp(k, at, text, &x);
    else if (hello)
        no_hello(k, at, text, &x);
    else
        too_early(k, at, text, need->from, &x);
    diag_secondary(k->d, x, http ? need->http_at : need->at, "`acl %.*s` reads it here", SLICE_ARG(acl));
    return false;
}

/* ---- blocks ------------------------------------------------------------------------------------ */

/* The two blocks in the other order, as one edit of all that stands from one to the other. */
static void swap_fix(struct checker *k, struct diag *x, struct span first, struct span second)
{
    if (first.file != second.file || first.off + first.len > second.off)
        return;
    const char *text = k->c->sources.files.v[first.file]->text.p;
    uint32_t between = second.off - first.off - first.len;
    if (first.len + second.len + between > 4000)
        return;
    diag_fix(x, FIX_SAFE, (struct span){first.file, first.off, second.off + second.len - first.off},
             arena_printf(k->a, "%.*s%.*s%.*s", (int)second.len, text + second.off, (int)between,
                          text + first.off + first.len, (int)first.len, text + first.off));
}

static void out_of_order(struct checker *k, enum phase p, enum phase later, const struct ast_stmt *s,
                         const struct ast_stmt *before)
{
    const char *own = phases[p].name, *other = phases[later].name;
    struct diag *x =
        diag_report(k->d, DIAG_E0402, s->word_span, "%s is written after %s, but runs before it", own, other);
    diag_label(k->d, x, "too late");
    diag_secondary(k->d, x, before->word_span, "%s", later == PHASE_ROUTE ? "the route" : other);
    diag_help(k->d, x, "move it before %s: phases are written in the order in which they run", other);
    swap_fix(k, x, before->span, s->span);
    check_fix_move(k, x, FIX_SAFE, s->span, before->span); /* better, where it can: with the comments above it */
}

bool check_enter_phase(struct checker *k, enum phase p, const struct ast_stmt *s, struct phases *seen)
{
    if (seen->seen[p]) {
        check_twice(k, s->word_span, seen->seen[p]->word_span, "%s is given twice", phases[p].name);
        return false;
    }
    for (int q = p + 1; q < PHASE_COUNT; q++)
        if (seen->seen[q]) {
            out_of_order(k, p, (enum phase)q, s, seen->seen[q]);
            break;
        }
    seen->seen[p] = s;
    return true;
}

/* The phase that `on …` names, or PHASE_COUNT, reported. */
static enum phase named(struct checker *k, const struct ast_stmt *s, bool in_backend)
{
    const struct ast_expr *e = s->args[0];
    for (int p = 0; p < PHASE_COUNT && e->kind == AST_NAME; p++) {
        if (!phases[p].word[0] || !check_word(e, phases[p].word))
            continue;
        bool here = in_backend ? p == PHASE_REQUEST || p == PHASE_RESPONSE : !k->tcp || phases[p].tcp;
        if (here)
            return (enum phase)p;
        struct diag *x =
            diag_report(k->d, DIAG_E0206, e->span,
                        in_backend ? "a backend has no %s" : "a TCP frontend has no %s", phases[p].name);
        diag_label(k->d, x, in_backend ? "it belongs in a frontend" : "part of HTTP");
        return PHASE_COUNT;
    }
    if (e->kind == AST_NAME)
        check_unknown_option(k, "on", IN_FRONTEND, e->text, e->span);
    else
        check_misformed(k, STATEMENT_ON, e->span, "`on` is followed by the name of a phase");
    return PHASE_COUNT;
}

void check_on(struct checker *k, struct ir_frontend *f, struct slice name, const struct ast_stmt *s,
              struct phases *seen)
{
    enum phase p = named(k, s, f == NULL);
    if (p == PHASE_COUNT)
        return;
    if (!f && p == PHASE_REQUEST)
        p = PHASE_BACKEND;
    if (!check_enter_phase(k, p, s, seen))
        return;
    if (!phases[p].later) {
        check_rules(k, f, s->block, check_phase_context(p));
        return;
    }
    check_later(k, s->args[0]->span, f ? "%s" : "%s in a backend",
                f ? phases[p].name : phases[p == PHASE_BACKEND ? PHASE_REQUEST : p].name);
    k->later++;
    check_other_rules(k, name, s->block, p);
    k->later--;
}
