/* Every code has an explanation: what it means, a wrong example that gives this error and no other, and a right one that
 * gives neither it nor any error. Examples are files in a folder of their own, so that they can import and name data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "compiler/analyze.h"
#include "compiler/check.h"
#include "compiler/explain_code.h"
#include "compiler/test_run.h"

static char folder[] = "/tmp/weir-explain-XXXXXX";

static const char *path_in(char out[256], struct slice name)
{
    snprintf(out, 256, "%s/%.*s", folder, SLICE_ARG(name));
    return out;
}

/* What an example in a place is part of; `%` stands for it. */
static const struct {
    const char *name, *program;
} places[] = {
    {"", "%"},
    {"backend", "check alive: http { get \"/\" }\nbackend app {\n%\nserver s 10.0.0.1:80\n}\n"
                "frontend web { listen :80; route { use app } }\n"},
    {"frontend", "backend app { server s 10.0.0.1:80 }\nfrontend web {\nlisten :80\n%\nroute { use app }\n}\n"},
    {"request", "backend app { server s 10.0.0.1:80 }\nfrontend web {\nlisten :80\non request {\n%\n}\nroute { use app }\n}\n"},
    {"route", "backend app { server s 10.0.0.1:80 }\nfrontend web {\nlisten :80\nroute {\n%\nuse app\n}\n}\n"},
};

static void put_dedented(struct buf *out, struct slice text)
{
    while (text.len) {
        const char *nl = memchr(text.p, '\n', text.len);
        size_t n = nl ? (size_t)(nl + 1 - text.p) : text.len;
        struct slice line = {text.p, n};
        buf_slice(out, slice_starts(line, SLICE("  ")) ? slice_from(line, 2) : line);
        text = slice_from(text, n);
    }
    buf_char(out, '\n');
}

static void put_program(struct buf *out, const struct code_part *part)
{
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (!slice_eq(part->name, slice_of(places[i].name)))
            continue;
        const char *mark = strchr(places[i].program, '%');
        if (!slice_contains(part->text, SLICE("language")))
            buf_str(out, "language 1\n");
        buf_add(out, places[i].program, (size_t)(mark - places[i].program));
        put_dedented(out, part->text);
        buf_str(out, mark + 1);
        return;
    }
    fail_msg("no such place: %.*s", SLICE_ARG(part->name));
}

/* What the tests of the example come to, as the codes of claims. */
static uint32_t failed_claims(struct compilation *c, const struct ir_program *p, enum diag_code code)
{
    struct test_run run;
    uint32_t n = 0;
    test_run(&c->arena, p, (struct slice){NULL, 0}, &run);
    for (uint32_t i = 0; i < run.results.n; i++)
        n += run.results.v[i].claim && !run.results.v[i].passed &&
             (run.results.v[i].proved.verdict == PROVE_FALSE ? DIAG_E0601 : DIAG_E0602) == code;
    return n;
}

/* Checks `part` with the files of it that follow in `rest`. How often the code and other errors were reported. */
static void check_example(const struct code_part *part, struct slice rest, enum diag_code code, uint32_t *own,
                          uint32_t *others, struct buf *said)
{
    char path[256];
    struct buf program = {0};
    struct code_part file;
    struct compilation c;
    put_program(&program, part);
    assert_int_equal(buf_write_file(path_in(path, SLICE("site.weir")), buf_view(&program), 0600), 0);
    while (explain_code_part(&rest, &file) && file.kind == CODE_FILE) {
        struct buf text = {0};
        put_dedented(&text, file.text);
        assert_int_equal(buf_write_file(path_in(path, file.name), buf_view(&text), 0600), 0);
        buf_free(&text);
    }
    compilation_begin(&c);
    if (code == DIAG_W0502) /* it is only looked for where it was asked for */
        c.diags.levels.of[code] = 1 + DIAG_WARNING;
    const struct ir_program *p = check_file(&c, path_in(path, SLICE("site.weir")));
    if (p && (code >= DIAG_W0540 || code == DIAG_W0502))
        analyze_report(&c, p, 5, said);
    *own = *others = 0;
    if (p && (code == DIAG_E0601 || code == DIAG_E0602))
        *own = failed_claims(&c, p, code);
    for (uint32_t i = 0; i < c.diags.list.n; i++) {
        *own += c.diags.list.v[i]->code == code;
        enum diag_code got = c.diags.list.v[i]->code; /* what this version does not do yet is no fault of the example */
        *others += got != code && got != DIAG_E0900 && diag_infos[got].level == DIAG_ERROR;
    }
    diag_render(&c.diags, DIAG_TEXT, false, said);
    compilation_end(&c);
    buf_free(&program);
}

static void remove_files(struct slice rest)
{
    char path[256];
    struct code_part part;
    while (explain_code_part(&rest, &part))
        if (part.kind == CODE_FILE)
            unlink(path_in(path, part.name));
}

static void examples_hold(void **state)
{
    (void)state;
    for (int code = 0; code < DIAG_CODES; code++) {
        struct slice source = explain_code_source((enum diag_code)code), rest = source;
        struct code_part part;
        uint32_t wrong = 0, right = 0, own, others;
        if (!source.p)
            fail_msg("%s has no grammar/explanations/%s.txt", diag_infos[code].code, diag_infos[code].code);
        while (explain_code_part(&rest, &part)) {
            if (part.kind == CODE_PROSE || part.kind == CODE_FILE)
                continue;
            struct buf said = {0};
            bool is_wrong = part.kind == CODE_WRONG;
            remove_files(source);
            check_example(&part, rest, (enum diag_code)code, &own, &others, &said);
            if (others || (own > 0) != is_wrong)
                fail_msg("the %s example of %s says:\n%.*s", is_wrong ? "wrong" : "right", diag_infos[code].code,
                         SLICE_ARG(buf_view(&said)));
            buf_free(&said);
            wrong += is_wrong;
            right += !is_wrong;
        }
        if (!wrong || !right)
            fail_msg("%s has no wrong or no right example", diag_infos[code].code);
        remove_files(source);
    }
}

static void summary_is_one_line(void **state)
{
    (void)state;
    struct arena a = {0};
    for (int code = 0; code < DIAG_CODES; code++) {
        struct slice s = explain_code_summary(&a, (enum diag_code)code);
        assert_true(s.len > 20 && !memchr(s.p, '\n', s.len) && s.p[s.len - 1] == '.');
    }
    arena_free(&a);
}

static void text_has_both_examples(void **state)
{
    (void)state;
    struct buf out = {0};
    explain_code(DIAG_E0301, &out);
    assert_true(slice_starts(buf_view(&out), SLICE("E0301, an error: a value without its unit\n\n")));
    assert_true(slice_contains(buf_view(&out), SLICE("\nWrong, in `backend`:\n\n    timeout connect 5\n")));
    assert_true(slice_contains(buf_view(&out), SLICE("\nRight, in `backend`:\n\n    timeout connect 5s\n")));
    assert_true(slice_contains(buf_view(&out), SLICE("HAProxy reads")));
    out.len = 0;
    explain_code_list(&out);
    assert_true(slice_contains(buf_view(&out), SLICE("\nE0301  a value without its unit\n")));
    buf_free(&out);
}

static void parts_in_order(void **state)
{
    (void)state;
    struct slice rest = SLICE("One.\ntwo\n\nwrong in route:\n  a\n\n  b\nfile x.map:\n  k v\n\nright now it is no heading\n");
    struct code_part p;
    assert_true(explain_code_part(&rest, &p) && p.kind == CODE_PROSE && slice_eq(p.text, SLICE("One.\ntwo")));
    assert_true(explain_code_part(&rest, &p) && p.kind == CODE_WRONG && slice_eq(p.name, SLICE("route")));
    assert_true(slice_eq(p.text, SLICE("  a\n\n  b")));
    assert_true(explain_code_part(&rest, &p) && p.kind == CODE_FILE && slice_eq(p.name, SLICE("x.map")));
    assert_true(explain_code_part(&rest, &p) && p.kind == CODE_PROSE);
    assert_false(explain_code_part(&rest, &p));
    assert_true(explain_code_form("E0301") && explain_code_form("w0501"));
    assert_false(explain_code_form("E301") || explain_code_form("E03011") || explain_code_form("site.weir"));
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char path[256];
    unlink(path_in(path, SLICE("site.weir")));
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_hold),
        cmocka_unit_test(summary_is_one_line),
        cmocka_unit_test(text_has_both_examples),
        cmocka_unit_test(parts_in_order),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
