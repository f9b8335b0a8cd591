/* Results of tests as text for people, as TAP version 14 (testanything.org) and as JUnit XML; see test_run.h.
 */
#include "compiler/an_witness.h"
#include "compiler/diag.h"
#include "compiler/ir_print.h"
#include "compiler/test_run.h"

/* ---- texts ------------------------------------------------------------------------------------- */

/* Names as they are, but for what a terminal would take as a command. */
static void add_plain(struct buf *out, struct slice s)
{
    for (size_t i = 0, n; i < s.len; i += n) {
        unsigned char c = (unsigned char)s.p[i];
        n = utf8_len((const unsigned char *)s.p + i, s.len - i);
        if (n == 0) {
            buf_str(out, "\xef\xbf\xbd");
            n = 1;
        } else if (c < ' ' || c == 0x7f || (n == 2 && c == 0xc2 && (unsigned char)s.p[i + 1] < 0xa0)) {
            buf_char(out, ' ');
        } else {
            buf_add(out, s.p + i, n);
        }
    }
}

/* XML 1.0 has no control characters, not even escaped (section 2.2). */
static void add_xml(struct buf *out, struct slice s)
{
    for (size_t i = 0, n; i < s.len; i += n) {
        unsigned char c = (unsigned char)s.p[i];
        n = utf8_len((const unsigned char *)s.p + i, s.len - i);
        bool none = n == 3 && memcmp(s.p + i, "\xef\xbf", 2) == 0 && (unsigned char)s.p[i + 2] >= 0xbe;
        if (n == 0 || none || (c < ' ' && c != '\n' && c != '\t')) {
            buf_str(out, "\xef\xbf\xbd");
            n = n ? n : 1;
        } else if (c == '&' || c == '<' || c == '>' || c == '"') {
            buf_str(out, c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : "&quot;");
        } else {
            buf_add(out, s.p + i, n);
        }
    }
}

static void attribute(struct buf *out, const char *name, struct slice value)
{
    struct buf plain = {0};
    add_plain(&plain, value);
    buf_printf(out, " %s=\"", name);
    add_xml(out, buf_view(&plain));
    buf_char(out, '"');
    buf_free(&plain);
}

static void add_place(const struct ir_program *p, struct ir_pos pos, struct buf *out)
{
    if (pos.line == 0 || pos.file >= p->sources.n)
        return;
    add_plain(out, p->sources.v[pos.file].path);
    buf_printf(out, ":%u", pos.line);
}

/* `edge.route[3] at site.weir:12: use app if host == "x"` */
static void add_rule(const struct ir_program *p, const struct ir_rule *r, struct buf *out)
{
    add_plain(out, r->label);
    buf_str(out, " at ");
    add_place(p, r->pos, out);
    struct buf text = {0};
    buf_str(&text, ": ");
    ir_print_action(r, &text);
    if (r->guard) {
        buf_str(&text, " if ");
        ir_print_expr(r->guard, &text);
    }
    add_plain(out, buf_view(&text));
    buf_free(&text);
}

static uint32_t percent(const struct test_coverage *c)
{
    return c->rules ? (uint32_t)((uint64_t)c->nreached * 100 / c->rules) : 100;
}

static const struct ir_rule *rule_at(const struct ir_frontend *f, uint32_t i)
{
    return i < f->on_request.n ? &f->on_request.v[i] : &f->route.v[i - f->on_request.n];
}

/* ---- failures, as text ------------------------------------------------------------------------- */

static void add_others(const struct ir_program *p, const struct test_failure *x, struct buf *out)
{
    if (!x->outcome_differs)
        return;
    for (uint32_t i = 0; i < x->others.n; i++) {
        buf_str(out, "    not by    ");
        add_rule(p, x->others.v[i].rule, out);
        buf_str(out, "\n              ");
        add_plain(out, x->others.v[i].why);
        buf_char(out, '\n');
    }
    if (x->more)
        buf_printf(out, "              nor by %u more\n", x->more);
    if (x->others.n == 0 && !x->nearly) {
        buf_str(out, "    not by    any other rule: none does `");
        add_plain(out, x->problems.v[0].expected);
        buf_str(out, "`\n");
    }
}

static void add_failure(const struct ir_program *p, const struct test_failure *x, struct buf *out)
{
    buf_str(out, "  ");
    add_plain(out, x->c->title);
    buf_str(out, " (");
    add_place(p, x->c->pos, out);
    buf_str(out, ")\n");
    for (uint32_t i = 0; i < x->problems.n; i++) {
        buf_str(out, "    expected  ");
        add_plain(out, x->problems.v[i].expected);
        buf_str(out, "\n    got       ");
        add_plain(out, x->problems.v[i].got);
        buf_char(out, '\n');
    }
    if (x->rule) {
        buf_str(out, "    decided   ");
        add_rule(p, x->rule, out);
        if (x->rule->kind == IR_USE_MAP && x->rule->value->set->is_split) {
            buf_str(out, ", where random is ");
            ir_print_percent(x->c->request.random, out);
        }
        buf_char(out, '\n');
    } else if (x->refused) {
        buf_printf(out, "    refused   before any rule: %s\n", x->refused);
    }
    add_others(p, x, out);
}

static void add_fact(struct buf *out, const char *what, struct slice text)
{
    buf_printf(out, "    %-9s ", what);
    add_plain(out, text);
    buf_char(out, '\n');
}

static void add_claim(const struct ir_program *p, const struct test_result *t, struct buf *out)
{
    const struct prove_result *x = &t->proved;
    bool is_false = x->verdict == PROVE_FALSE;
    buf_printf(out, "  error[%s]: `", diag_infos[is_false ? DIAG_E0601 : DIAG_E0602].code);
    add_plain(out, t->claim->text);
    buf_str(out, is_false ? "` is false (counterexample)\n" : "` is neither proved nor refuted\n");
    if (!is_false) {
        add_fact(out, "since", x->why);
        return;
    }
    struct buf request = {0};
    an_request_text(&x->request, &request);
    add_fact(out, "request", buf_view(&request));
    buf_free(&request);
    add_fact(out, "got", t->got);
    buf_str(out, "    decided   ");
    add_rule(p, x->came.rule, out);
    buf_char(out, '\n');
}

/* What is to be known of a test that passed. */
static const char *remark(const struct test_result *t)
{
    return t->claim && t->proved.vacuous ? "no request meets the condition, so the claim says nothing" : NULL;
}

static void add_failures(const struct test_run *run, const struct test_result *t, struct buf *out)
{
    if (t->claim && !t->passed)
        add_claim(run->p, t, out);
    for (uint32_t i = 0; i < t->failures.n; i++)
        add_failure(run->p, &t->failures.v[i], out);
}

/* One line a frontend and one a rule that no test reaches, each after `prefix`. */
static void add_coverage(const struct test_run *run, const char *path, const char *prefix, struct buf *out)
{
    buf_printf(out, "%srules of ", prefix);
    add_plain(out, slice_of(path));
    buf_str(out, " that tests reach:\n");
    for (uint32_t i = 0; i < run->coverage.n; i++) {
        const struct test_coverage *c = &run->coverage.v[i];
        buf_printf(out, "%s  %.*s  %u%% (%u of %u)\n", prefix, SLICE_ARG(c->f->name), percent(c), c->nreached,
                   c->rules);
        for (uint32_t j = 0; j < c->rules; j++) {
            if (c->reached[j])
                continue;
            buf_printf(out, "%s    not ", prefix);
            add_rule(run->p, rule_at(c->f, j), out);
            buf_char(out, '\n');
        }
    }
}

static void text_file(struct test_report *r, const char *path, const struct test_run *run)
{
    for (uint32_t i = 0; i < run->results.n; i++) {
        const struct test_result *t = &run->results.v[i];
        buf_str(&r->text, t->passed ? "ok   " : "FAIL ");
        add_plain(&r->text, t->name);
        buf_str(&r->text, " (");
        add_place(run->p, t->pos, &r->text);
        buf_str(&r->text, ")\n");
        if (remark(t))
            buf_printf(&r->text, "  %s\n", remark(t));
        add_failures(run, t, &r->text);
    }
    if (r->coverage)
        add_coverage(run, path, "", &r->text);
}

/* ---- TAP --------------------------------------------------------------------------------------- */

/* The description of a test point: `#` would begin a directive. */
static void tap_name(struct buf *out, struct slice name)
{
    struct buf plain = {0};
    add_plain(&plain, name);
    for (size_t i = 0; i < plain.len; i++) {
        if (plain.p[i] == '#' || plain.p[i] == '\\')
            buf_char(out, '\\');
        buf_char(out, plain.p[i]);
    }
    buf_free(&plain);
}

static void tap_point(struct test_report *r, bool good, uint32_t number, struct slice name)
{
    buf_printf(&r->text, "%sok %u - ", good ? "" : "not ", number);
    tap_name(&r->text, name);
    buf_char(&r->text, '\n');
}

/* A YAML block of one literal text, indented. */
static void tap_why(struct test_report *r, struct slice text)
{
    buf_str(&r->text, "  ---\n  message: |\n");
    while (text.len) {
        const char *end = memchr(text.p, '\n', text.len);
        size_t n = end ? (size_t)(end - text.p) : text.len;
        buf_printf(&r->text, "    %.*s\n", (int)n, text.p);
        text = slice_from(text, end ? n + 1 : n);
    }
    buf_str(&r->text, "  ...\n");
}

/* A literal text may not begin with more white space than what follows it has: failures are indented, so a
 * line with the place of the test goes first. */
static void tap_file(struct test_report *r, const char *path, const struct test_run *run)
{
    uint32_t number = r->passed + r->failed;
    for (uint32_t i = 0; i < run->results.n; i++) {
        const struct test_result *t = &run->results.v[i];
        struct buf why = {0};
        tap_point(r, t->passed, ++number, t->name);
        if (remark(t))
            buf_printf(&r->text, "# %s\n", remark(t));
        if (!t->passed) {
            add_place(run->p, t->pos, &why);
            buf_char(&why, '\n');
            add_failures(run, t, &why);
            tap_why(r, buf_view(&why));
        }
        buf_free(&why);
    }
    if (r->coverage)
        add_coverage(run, path, "# ", &r->text);
}

/* ---- JUnit ------------------------------------------------------------------------------------- */

static void seconds(struct buf *out, uint64_t ns)
{
    buf_printf(out, " time=\"%llu.%06llu\"", (unsigned long long)(ns / 1000000000),
               (unsigned long long)(ns / 1000 % 1000000));
}

static void junit_message(const struct test_result *t, struct buf *out)
{
    if (t->claim) {
        bool is_false = t->proved.verdict == PROVE_FALSE;
        struct slice why = is_false ? t->got : t->proved.why;
        buf_printf(out, "%s: %.*s", is_false ? "false, got" : "unknown", SLICE_ARG(why));
        return;
    }
    const struct test_problem *first = &t->failures.v[0].problems.v[0];
    buf_printf(out, "expected %.*s, got %.*s", SLICE_ARG(first->expected), SLICE_ARG(first->got));
}

static void junit_failure(struct buf *out, const struct test_run *run, const struct test_result *t)
{
    struct buf text = {0};
    junit_message(t, &text);
    buf_printf(out, ">\n      <failure type=\"%s\"", t->claim ? "claim" : "expectation");
    attribute(out, "message", buf_view(&text));
    text.len = 0;
    buf_char(out, '>');
    add_place(run->p, t->pos, &text);
    buf_char(&text, '\n');
    add_failures(run, t, &text);
    add_xml(out, buf_view(&text));
    buf_str(out, "</failure>\n    </testcase>\n");
    buf_free(&text);
}

static void junit_suite(struct buf *out, const char *path, uint32_t tests, uint32_t failures, uint32_t errors,
                        uint64_t ns)
{
    buf_str(out, "  <testsuite");
    attribute(out, "name", slice_of(path));
    buf_printf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"0\"", tests, failures, errors);
    seconds(out, ns);
    buf_str(out, ">\n");
}

static void junit_file(struct test_report *r, const char *path, const struct test_run *run)
{
    struct buf *out = &r->text, said = {0};
    uint64_t ns = 0;
    for (uint32_t i = 0; i < run->results.n; i++)
        ns += run->results.v[i].took_ns;
    junit_suite(out, path, run->results.n, run->failed, 0, ns);
    for (uint32_t i = 0; i < run->results.n; i++) {
        const struct test_result *t = &run->results.v[i];
        buf_str(out, "    <testcase");
        attribute(out, "name", t->name);
        attribute(out, "classname", slice_of(path));
        seconds(out, t->took_ns);
        if (!t->passed)
            junit_failure(out, run, t);
        else if (remark(t))
            buf_printf(out, ">\n      <system-out>%s</system-out>\n    </testcase>\n", remark(t));
        else
            buf_str(out, "/>\n");
    }
    if (r->coverage) {
        add_coverage(run, path, "", &said);
        buf_str(out, "    <system-out>");
        add_xml(out, buf_view(&said));
        buf_str(out, "</system-out>\n");
    }
    buf_str(out, "  </testsuite>\n");
    buf_free(&said);
}

/* ---- all --------------------------------------------------------------------------------------- */

void test_report_file(struct test_report *r, const char *path, const struct test_run *run)
{
    switch (r->format) {
    case TEST_TEXT:
        text_file(r, path, run);
        break;
    case TEST_TAP:
        tap_file(r, path, run);
        break;
    case TEST_JUNIT:
        junit_file(r, path, run);
        break;
    }
    r->passed += run->passed;
    r->failed += run->failed;
}

void test_report_wrong(struct test_report *r, const char *path)
{
    const char *why = "the file has errors; `weir check` tells them";
    switch (r->format) {
    case TEST_TEXT:
        buf_str(&r->text, "FAIL ");
        add_plain(&r->text, slice_of(path));
        buf_printf(&r->text, ": %s\n", why);
        break;
    case TEST_TAP:
        tap_point(r, false, r->passed + r->failed + 1, slice_of(path));
        tap_why(r, slice_of(why));
        break;
    case TEST_JUNIT:
        junit_suite(&r->text, path, 1, 0, 1, 0);
        buf_str(&r->text, "    <testcase name=\"check\"");
        attribute(&r->text, "classname", slice_of(path));
        seconds(&r->text, 0);
        buf_printf(&r->text,
                   ">\n      <error type=\"check\" message=\"%s\"/>\n    </testcase>\n  </testsuite>\n", why);
        break;
    }
    r->errors++;
    r->failed++;
}

void test_report_end(struct test_report *r, struct buf *out)
{
    uint32_t n = r->passed + r->failed;
    switch (r->format) {
    case TEST_TEXT:
        buf_slice(out, buf_view(&r->text));
        buf_printf(out, "%u passed, %u failed\n", r->passed, r->failed);
        break;
    case TEST_TAP:
        buf_printf(out, "TAP version 14\n1..%u%s\n", n, n ? "" : " # SKIP there are no tests");
        buf_slice(out, buf_view(&r->text));
        buf_printf(out, "# %u passed, %u failed\n", r->passed, r->failed);
        break;
    case TEST_JUNIT:
        buf_printf(out,
                   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"weir test\" tests=\"%u\" "
                   "failures=\"%u\" errors=\"%u\">\n",
                   n, r->failed - r->errors, r->errors);
        buf_slice(out, buf_view(&r->text));
        buf_str(out, "</testsuites>\n");
        break;
    }
    buf_free(&r->text);
}
