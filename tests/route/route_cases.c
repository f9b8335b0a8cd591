/* Requests and what must become of them, decided three times: by the evaluator over the program, by the
 * evaluator over the program read back from its canonical form, and by the compiled plan. Any disagreement
 * fails. route_cases DIR      runs each DIR/NAME.cases; ends "N passed, N failed"
 *
 * A .cases file holds sections. A section begins with a program: a line `program NAME.weir` (a file beside),
 * or `program`, the program's lines and `---`. Then requests, one a line: METHOD URL [word…] -> OUTCOME
 * `https` in the URL is a TLS connection. Words: `from IP` or `from IP:PORT`; `frontend NAME` (else the
 * first); `random 4.9%`, what is drawn for it (50%); `at IP` or `at IP:PORT`, where it arrives; `http/1.0`; `-H "Name: value"` (a
 * Host among them replaces the URL's; escapes \" \\ \t \xHH); `target TEXT`,
 * the request target as it is sent; `no-host`. OUTCOME: `use NAME`, `redirect STATUS URL`, `reply STATUS`,
 * `refused STATUS`. Indented lines after a request must be lines of its description (plan_side.h), as `set
 * X-A: "v"`, `body "…"`, `header Allow: "GET"`, `route rule 2, line 9`. `#` begins a comment line. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "compiler/check.h"
#include "compiler/ir_codec.h"
#include "tests/route/plan_side.h"

enum { HEADERS_MAX = 100 };

struct suite {
    const char *dir;
    struct slice file; /* name of the .cases file */
    uint32_t line;
    uint32_t passed, failed;
    /* the section's program */
    struct compilation c;
    bool open;
    const struct ir_program *program, *decoded;
    struct decider *plan; /* NULL where the program could not be compiled */
};

struct request_case {
    struct eval_header headers[HEADERS_MAX];
    struct eval_request q;
    const struct ir_frontend *frontend, *decoded_frontend;
    struct slice outcome;
};

__attribute__((format(printf, 2, 3))) static void fail(struct suite *s, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    printf("FAIL %s/%.*s:%u: ", s->dir, SLICE_ARG(s->file), s->line);
    vprintf(fmt, ap);
    printf("\n");
    va_end(ap);
    s->failed++;
}

/* ---- programs ---------------------------------------------------------------------------------- */

static void program_end(struct suite *s)
{
    decider_close(&s->plan);
    if (s->open)
        compilation_end(&s->c);
    s->open = false;
    s->program = s->decoded = NULL;
}

static const struct ir_program *round_trip(struct suite *s)
{
    struct buf canonical = {0}, places = {0};
    const char *why;
    ir_encode(&s->c.arena, s->program, &canonical, &places);
    const struct ir_program *p = ir_decode(&s->c.arena, buf_view(&canonical), buf_view(&places), &why);
    if (!p)
        fail(s, "the canonical form does not come back: %s", why);
    buf_free(&canonical);
    buf_free(&places);
    return p;
}

/* `text` p NULL: the file `name` of the folder. */
static void program_begin(struct suite *s, struct slice name, struct slice text)
{
    struct buf why = {0};
    program_end(s);
    compilation_begin(&s->c);
    s->open = true;
    struct slice path = arena_printf(&s->c.arena, "%s/%.*s", s->dir, SLICE_ARG(name));
    if (text.p)
        source_from_text(&s->c.sources, path, arena_copy(&s->c.arena, text));
    s->program = check_file(&s->c, path.p);
    if (s->program) {
        s->decoded = round_trip(s);
        s->plan = decider_open(s->program, DECIDER_CACHED, &why);
        if (!decider_plan(s->plan)) {
            decider_close(&s->plan);
            fail(s, "%.*s", SLICE_ARG(buf_view(&why)));
        }
    } else {
        diag_render(&s->c.diags, DIAG_TEXT, false, &why);
        fail(s, "the program has errors\n%.*s", SLICE_ARG(buf_view(&why)));
    }
    buf_free(&why);
}

/* ---- requests ---------------------------------------------------------------------------------- */

static int hex_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A quoted text at the begin of `*rest`. */
static bool take_quoted(struct arena *a, struct slice *rest, struct slice *out)
{
    char *to = arena_alloc(a, rest->len + 1);
    size_t n = 0, i = 1;
    if (rest->len == 0 || rest->p[0] != '"')
        return false;
    for (; i < rest->len && rest->p[i] != '"'; i++) {
        char c = rest->p[i];
        if (c == '\\' && i + 1 < rest->len) {
            c = rest->p[++i];
            if (c == 't')
                c = '\t';
            else if (c == 'x' && i + 2 < rest->len) {
                c = (char)(hex_of(rest->p[i + 1]) * 16 + hex_of(rest->p[i + 2]));
                i += 2;
            }
        }
        to[n++] = c;
    }
    if (i >= rest->len)
        return false;
    *rest = slice_from(*rest, i + 1);
    *out = (struct slice){to, n};
    return true;
}

static struct slice take_word(struct slice *rest)
{
    while (rest->len && rest->p[0] == ' ')
        *rest = slice_from(*rest, 1);
    struct slice w = {rest->p, 0};
    while (w.len < rest->len && rest->p[w.len] != ' ')
        w.len++;
    *rest = slice_from(*rest, w.len);
    return w;
}

static bool take_header(struct suite *s, struct request_case *k, struct slice *rest, bool *host)
{
    struct slice line;
    while (rest->len && rest->p[0] == ' ')
        *rest = slice_from(*rest, 1);
    const char *colon;
    if (!take_quoted(&s->c.arena, rest, &line) || !(colon = memchr(line.p, ':', line.len)) ||
        k->q.nheaders + 1 == HEADERS_MAX)
        return false;
    struct eval_header *h = &k->headers[k->q.nheaders++];
    h->name = (struct slice){line.p, (size_t)(colon - line.p)};
    h->value = slice_from(line, h->name.len + 1);
    while (h->value.len && h->value.p[0] == ' ')
        h->value = slice_from(h->value, 1);
    *host |= slice_eq_nocase(h->name, SLICE("host"));
    return true;
}

/* ADDRESS or ADDRESS:PORT */
static bool take_end(struct slice w, struct ip_addr *ip, uint16_t *port)
{
    if (ip_parse(w, ip))
        return true;
    const char *colon = memrchr(w.p, ':', w.len);
    if (!colon)
        return false;
    *port = (uint16_t)atoi(colon + 1);
    return ip_parse((struct slice){w.p, (size_t)(colon - w.p)}, ip);
}

static const struct ir_frontend *find_frontend(const struct ir_program *p, struct slice name)
{
    for (uint32_t i = 0; p && i < p->frontends.n; i++)
        if (!name.p || slice_eq(p->frontends.v[i]->name, name))
            return p->frontends.v[i];
    return NULL;
}

/* The URL's path as the target, its host as a header. */
static bool take_url(struct request_case *k, struct slice url, struct slice *authority)
{
    k->q.tls = slice_starts(url, SLICE("https://"));
    if (!k->q.tls && !slice_starts(url, SLICE("http://")))
        return false;
    url = slice_from(url, k->q.tls ? 8 : 7);
    size_t n = 0;
    while (n < url.len && url.p[n] != '/' && url.p[n] != '?')
        n++;
    *authority = (struct slice){url.p, n};
    k->q.target = n < url.len ? slice_from(url, n) : SLICE("/");
    return true;
}

static bool parse_request(struct suite *s, struct slice rest, struct request_case *k)
{
    struct slice authority, frontend = {NULL, 0};
    bool host = false;
    const char *arrow = memmem(rest.p, rest.len, " -> ", 4);
    if (!arrow)
        return false;
    k->outcome = slice_from(rest, (size_t)(arrow + 4 - rest.p));
    rest.len = (size_t)(arrow - rest.p);
    k->q = (struct eval_request){.headers = k->headers, .client_port = 50000, .random = EVAL_RANDOM};
    ip_parse(SLICE("192.0.2.1"), &k->q.client_ip);
    k->q.method = take_word(&rest);
    if (!take_url(k, take_word(&rest), &authority))
        return false;
    for (struct slice w = take_word(&rest); w.len; w = take_word(&rest)) {
        bool ok = true;
        if (slice_eq(w, SLICE("from")))
            ok = take_end(take_word(&rest), &k->q.client_ip, &k->q.client_port);
        else if (slice_eq(w, SLICE("at")))
            ok = take_end(take_word(&rest), &k->q.listener_ip, &k->q.listener_port);
        else if (slice_eq(w, SLICE("http/1.0")))
            k->q.http10 = true;
        else if (slice_eq(w, SLICE("frontend")))
            frontend = take_word(&rest);
        else if (slice_eq(w, SLICE("random")))
            k->q.random = (int64_t)(atof(take_word(&rest).p) * IR_PERCENT + 0.5);
        else if (slice_eq(w, SLICE("target")))
            k->q.target = take_word(&rest);
        else if (slice_eq(w, SLICE("no-host")))
            host = true;
        else
            ok = slice_eq(w, SLICE("-H")) && take_header(s, k, &rest, &host);
        if (!ok)
            return false;
    }
    if (!host)
        k->headers[k->q.nheaders++] = (struct eval_header){SLICE("Host"), authority};
    k->frontend = find_frontend(s->program, frontend);
    k->decoded_frontend = find_frontend(s->decoded, frontend);
    return k->frontend && k->decoded_frontend;
}

static struct slice first_line(const struct buf *b)
{
    struct slice s = buf_view(b);
    const char *end = memchr(s.p, '\n', s.len);
    return end ? (struct slice){s.p, (size_t)(end - s.p)} : s;
}

/* Whether `line` is one of the lines of `text`. */
static bool has_line(struct slice text, struct slice line)
{
    for (size_t at = 0; at < text.len;) {
        const char *end = memchr(text.p + at, '\n', text.len - at);
        size_t n = end ? (size_t)(end - text.p) - at : text.len - at;
        if (slice_eq((struct slice){text.p + at, n}, line))
            return true;
        at += n + 1;
    }
    return false;
}

/* `more`: the indented lines that follow. */
static void run_case(struct suite *s, struct slice line, const struct slice *more, uint32_t nmore)
{
    struct request_case k;
    struct buf said = {0}, decoded = {0}, planned = {0};
    if (!s->program || !s->plan || !s->decoded) {
        fail(s, "not tried, for want of its program");
    } else if (!parse_request(s, line, &k)) {
        fail(s, "the case is malformed: %.*s", SLICE_ARG(line));
    } else {
        uint32_t failed = s->failed;
        eval_side_describe(k.frontend, &k.q, &said);
        eval_side_describe(k.decoded_frontend, &k.q, &decoded);
        plan_side_describe(s->plan, s->program, k.frontend, &k.q, &planned);
        if (!slice_eq(first_line(&said), k.outcome))
            fail(s, "%.*s\n  gives %.*s", SLICE_ARG(line), SLICE_ARG(first_line(&said)));
        else if (!slice_eq(buf_view(&said), buf_view(&planned)))
            fail(s, "%.*s\nevaluator:\n%.*splan:\n%.*s", SLICE_ARG(line), SLICE_ARG(buf_view(&said)),
                 SLICE_ARG(buf_view(&planned)));
        else if (!slice_eq(buf_view(&said), buf_view(&decoded)))
            fail(s, "%.*s\nevaluator:\n%.*safter the canonical form:\n%.*s", SLICE_ARG(line),
                 SLICE_ARG(buf_view(&said)), SLICE_ARG(buf_view(&decoded)));
        for (uint32_t i = 0; i < nmore && failed == s->failed; i++)
            if (!has_line(buf_view(&said), more[i]))
                fail(s, "%.*s\nmisses the line: %.*s\namong:\n%.*s", SLICE_ARG(line), SLICE_ARG(more[i]),
                     SLICE_ARG(buf_view(&said)));
        s->passed += failed == s->failed;
    }
    buf_free(&said);
    buf_free(&decoded);
    buf_free(&planned);
}

/* ---- files ------------------------------------------------------------------------------------- */

static struct slice take_line(struct slice *text)
{
    const char *end = memchr(text->p, '\n', text->len);
    struct slice line = {text->p, end ? (size_t)(end - text->p) : text->len};
    *text = slice_from(*text, line.len + (end != NULL));
    return line;
}

static struct slice without_indent(struct slice s)
{
    while (s.len && s.p[0] == ' ')
        s = slice_from(s, 1);
    return s;
}

/* The lines up to `---`, on the lines where they stand, so that messages name the right one. */
static void inline_program(struct suite *s, struct slice *text)
{
    struct buf source = {0};
    for (uint32_t i = 0; i < s->line; i++)
        buf_char(&source, '\n');
    for (bool more = true; more && text->len;) {
        struct slice line = take_line(text);
        s->line++;
        more = !slice_eq(line, SLICE("---"));
        if (more) {
            buf_slice(&source, line);
            buf_char(&source, '\n');
        }
    }
    program_begin(s, s->file, buf_view(&source));
    buf_free(&source);
}

static void run_text(struct suite *s, struct slice text)
{
    struct slice more[16];
    while (text.len) {
        struct slice line = take_line(&text);
        s->line++;
        if (line.len == 0 || line.p[0] == '#')
            continue;
        if (slice_eq(line, SLICE("program"))) {
            inline_program(s, &text);
        } else if (slice_starts(line, SLICE("program "))) {
            program_begin(s, slice_from(line, 8), (struct slice){NULL, 0});
        } else {
            uint32_t n = 0, at = s->line;
            while (text.len && text.p[0] == ' ' && n < 16) {
                more[n++] = without_indent(take_line(&text));
                s->line++;
            }
            uint32_t end = s->line;
            s->line = at;
            run_case(s, line, more, n);
            s->line = end;
        }
    }
    program_end(s);
}

static int is_cases(const struct dirent *d)
{
    return slice_ends(slice_of(d->d_name), SLICE(".cases"));
}

int main(int argc, char **argv)
{
    struct dirent **names;
    if (argc != 2) {
        fprintf(stderr, "usage: %s DIR\n", argv[0]);
        return 2;
    }
    static struct suite s;
    s.dir = argv[1];
    int n = scandir(s.dir, &names, is_cases, alphasort);
    for (int i = 0; i < n; i++) {
        struct buf text = {0}, path = {0};
        buf_printf(&path, "%s/%s", s.dir, names[i]->d_name);
        buf_char(&path, 0);
        s.file = slice_of(names[i]->d_name);
        s.line = 0;
        if (buf_read_file(&text, path.p) == 0)
            run_text(&s, buf_view(&text));
        else
            fail(&s, "it cannot be read");
        buf_free(&text);
        buf_free(&path);
        free(names[i]);
    }
    if (n <= 0)
        printf("FAIL no cases in %s\n", s.dir);
    if (n >= 0)
        free(names);
    printf("%u passed, %u failed\n", s.passed, s.failed);
    return n > 0 && s.failed == 0 && s.passed > 0 ? 0 : 1;
}
