/* The tables of grammar/LANGUAGE.md that stand between `<!-- table NAME -->` and `<!-- end -->` are made from
 * the .def files: each is what this program writes.   WEIR_WRITE_REFERENCE=1 build/unit/reference   brings
 * them up to date. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/check_state.h"
#include "runtime/base/buf.h"

#define REFERENCE "grammar/LANGUAGE.md"

/* ---- cells ------------------------------------------------------------------------------------- */

static void cell(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            buf_char(out, '\\');
        buf_char(out, *text);
    }
}

static void code(struct buf *out, const char *text)
{
    buf_char(out, '`');
    cell(out, text);
    buf_char(out, '`');
}

static void places(struct buf *out, uint64_t contexts)
{
    static const char *const names[] = {
#define CONTEXT(id, name, text) name,
#include "grammar/contexts.def"
#undef CONTEXT
    };
    bool first = true;
    if ((contexts & IN_RULES) == IN_RULES) {
        buf_str(out, "rules of every phase");
        contexts &= ~(uint64_t)IN_RULES;
        first = false;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (contexts >> i & 1) {
            buf_printf(out, "%s%s", first ? "" : ", ", names[i]);
            first = false;
        }
}

/* <kind:detail> as people read it. */
static void arguments(struct buf *out, const char *pattern)
{
    struct buf text = {0};
    for (const char *p = pattern; *p; p++) {
        if (*p != '<') {
            buf_char(&text, *p);
            continue;
        }
        const char *end = strchr(p, '>'), *colon = memchr(p, ':', (size_t)(end - p));
        struct slice kind = {p + 1, (size_t)((colon ? colon : end) - p - 1)};
        struct slice detail = {colon ? colon + 1 : end, colon ? (size_t)(end - colon - 1) : 0};
        if (slice_eq(kind, SLICE("list")))
            buf_printf(&text, "[%.*s, …]", SLICE_ARG(detail));
        else if (slice_eq(kind, SLICE("words")))
            buf_printf(&text, "%.*s", SLICE_ARG(detail));
        else if (slice_eq(kind, SLICE("int")))
            buf_printf(&text, "N (%.*s)", SLICE_ARG(detail));
        else if (slice_eq(kind, SLICE("strings")))
            buf_str(&text, "[\"TEXT\", …]");
        else if (slice_eq(kind, SLICE("string")) || slice_eq(kind, SLICE("text")))
            buf_str(&text, "\"TEXT\"");
        else if (slice_eq(kind, SLICE("by")))
            buf_str(&text, "VALUE");
        else if (slice_eq(kind, SLICE("new")))
            buf_str(&text, "NAME");
        else
            for (size_t i = 0; i < kind.len; i++)
                buf_char(&text, (char)(kind.p[i] - ('a' <= kind.p[i] && kind.p[i] <= 'z' ? 32 : 0)));
        p = end;
    }
    buf_char(&text, '\0');
    if (text.p[0])
        code(out, text.p);
    buf_free(&text);
}

static void statement(struct buf *out, uint64_t contexts, const char *usage, const char *doc)
{
    buf_str(out, "| ");
    code(out, usage);
    buf_str(out, " | ");
    places(out, contexts);
    buf_str(out, " | ");
    cell(out, doc);
    buf_str(out, " |\n");
}

static void option(struct buf *out, const char *of, const char *word, const char *args, const char *doc)
{
    buf_str(out, "| `");
    cell(out, of);
    buf_printf(out, " %s` | ", word);
    arguments(out, args);
    buf_str(out, " | ");
    cell(out, doc);
    buf_str(out, " |\n");
}

static void field(struct buf *out, const char *text, const char *type, int optional, int keyed, int phase,
                  const char *doc)
{
    static const char *const phases[] = {
#define PHASE(id, word, name, tcp, later) name,
#include "grammar/phases.def"
#undef PHASE
    };
    buf_printf(out, "| `%s%s` | %s%s | %s | ", text, keyed ? "[\"NAME\"]" : "", type, optional ? "?" : "",
               phases[phase]);
    cell(out, doc);
    buf_str(out, " |\n");
}

/* ---- tables ------------------------------------------------------------------------------------ */

#define INNER (~(uint64_t)(IN_TLS - 1) | IN_TLS_CHECK | IN_AGENT_CHECK | IN_EXEC_CHECK | IN_GRPC_CHECK)

#define TESTS (IN_TEST | IN_REQUEST | IN_EXPECT)

static const char *type_text(int t)
{
    static const char *const texts[] = {
#define TYPE(id, text, use, doc) text,
#include "grammar/types.def"
#undef TYPE
    };
    return texts[t];
}

static void statements(struct buf *out)
{
    buf_str(out, "| statement | where | what it does |\n|---|---|---|\n");
#define STATEMENT(id, word, contexts, min, max, parts, usage, doc)                                           \
    if ((contexts) & ~(INNER | TESTS))                                                                       \
        statement(out, contexts, usage, doc);
#define LATER_STATEMENT(id, word, contexts, min, max, parts, usage, doc)
#include "grammar/statements.def"
}

/* The methods of requests share a row. */
static void tests(struct buf *out)
{
    const char *before = "";
    buf_str(out, "| statement | where | what it does |\n|---|---|---|\n");
#define STATEMENT(id, word, contexts, min, max, parts, usage, doc)                                           \
    if ((contexts) & TESTS && strcmp(before, usage) != 0)                                                    \
        statement(out, contexts, before = usage, doc);
#define LATER_STATEMENT(id, word, contexts, min, max, parts, usage, doc)
#include "grammar/statements.def"
}

static void options(struct buf *out)
{
    buf_str(out, "| option | what follows | meaning |\n|---|---|---|\n");
    static const struct slice done[] = {SLICE("server"), SLICE("import"), SLICE("balance"), SLICE("on"),
                                        SLICE("redirect"), SLICE("test"),    SLICE("request")};
#define OPTION(of, word, args, doc)                                                                          \
    for (size_t i = 0; i < sizeof done / sizeof *done; i++)                                                  \
        if (slice_eq(SLICE(of), done[i]))                                                                    \
            option(out, of, word, args, doc);
#include "grammar/options.def"
}

static void fields(struct buf *out)
{
    buf_str(out, "| field | type | from | what it is |\n|---|---|---|---|\n");
#define FIELD(id, text, type, optional, keyed, phase, doc)                                                   \
    field(out, text, type_text(TYPE_##type), optional, keyed, PHASE_##phase, doc);
#include "grammar/fields.def"
#undef FIELD
}

static void converters(struct buf *out)
{
    buf_str(out, "| converter | from | to | what it does |\n|---|---|---|---|\n");
#define CONVERTER(id, text, from, arguments, to, doc)                                                        \
    buf_printf(out, "| `%s%s` | %s | %s | ", text, arguments, from, to);                                     \
    cell(out, doc);                                                                                          \
    buf_str(out, " |\n");
#include "grammar/names.def"
}

static void later_statements(struct buf *out)
{
    buf_str(out, "| statement | where | what it does |\n|---|---|---|\n");
#define STATEMENT(id, word, contexts, min, max, parts, usage, doc)
#define LATER(word, contexts, doc)                                       statement(out, contexts, word, doc);
#define LATER_STATEMENT(id, word, contexts, min, max, parts, usage, doc) statement(out, contexts, usage, doc);
#include "grammar/statements.def"
#define PHASE(id, word, name, tcp, later)                                                                    \
    if (later)                                                                                               \
        buf_printf(out, "| %s | | rules of that phase |\n", name);
#include "grammar/phases.def"
#undef PHASE
}

static void later_inner(struct buf *out)
{
    buf_str(out, "| statement | in | what it does |\n|---|---|---|\n");
#define STATEMENT(id, word, contexts, min, max, parts, usage, doc)                                           \
    if (!((contexts) & ~INNER) && !((contexts) & TESTS))                                                     \
        statement(out, contexts, usage, doc);
#define LATER_STATEMENT(id, word, contexts, min, max, parts, usage, doc)
#include "grammar/statements.def"
}

static void later_options(struct buf *out)
{
    buf_str(out, "| option | what follows | meaning |\n|---|---|---|\n");
#define LATER_OPTION(of, word, args, doc) option(out, of, word, args, doc);
#include "grammar/options.def"
#define OPTION(of, word, args, doc)                                                                          \
    if (!slice_contains(SLICE(" server import balance on redirect test request "), SLICE(" " of " ")))                    \
        option(out, of, word, args, doc);
#include "grammar/options.def"
}

static void later_fields(struct buf *out)
{
    buf_str(out, "| field | type | from | what it is |\n|---|---|---|---|\n");
#define FIELD(id, text, type, optional, keyed, phase, doc)
#define LATER_FIELD(text, type, optional, keyed, phase, doc)                                                 \
    field(out, text, type_text(TYPE_##type), optional, keyed, PHASE_##phase, doc);
#include "grammar/fields.def"
#undef FIELD
}

static void later_targets(struct buf *out)
{
    buf_str(out, "| changed | type | where | what it is |\n|---|---|---|---|\n");
#define LATER_TARGET(text, type, keyed, contexts, doc)                                                       \
    buf_printf(out, "| `%s%s` | %s | ", text, keyed ? "[\"NAME\"]" : "", type_text(TYPE_##type));            \
    places(out, contexts);                                                                                   \
    buf_printf(out, " | %s |\n", doc);
#include "grammar/names.def"
}

static void messages(struct buf *out)
{
    buf_str(out, "| code | what is wrong |\n|---|---|\n");
#define DIAG(code, level, title)                                                                             \
    buf_str(out, "| " #code " | ");                                                                          \
    cell(out, title);                                                                                        \
    buf_str(out, " |\n");
#include "grammar/diagnostics.def"
#undef DIAG
}

static const struct {
    const char *name;
    void (*write)(struct buf *out);
} tables[] = {
    {"statements", statements},
    {"tests", tests},
    {"options", options},
    {"fields", fields},
    {"converters", converters},
    {"later statements", later_statements},
    {"later blocks", later_inner},
    {"later options", later_options},
    {"later fields", later_fields},
    {"later targets", later_targets},
    {"messages", messages},
};

/* ---- the file ---------------------------------------------------------------------------------- */

/* The reference with every table as it should be. */
static void renew(struct slice text, struct buf *out)
{
    const char *end = text.p + text.len;
    for (const char *p = text.p; p < end;) {
        const char *line = memchr(p, '\n', (size_t)(end - p));
        line = line ? line + 1 : end;
        buf_add(out, p, (size_t)(line - p));
        struct slice now = {p, (size_t)(line - p)};
        p = line;
        for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
            char mark[80];
            snprintf(mark, sizeof mark, "<!-- table %s -->\n", tables[i].name);
            if (!slice_eq(now, slice_of(mark)))
                continue;
            tables[i].write(out);
            const char *stop = memmem(p, (size_t)(end - p), "<!-- end -->", 12);
            assert_non_null(stop);
            p = stop;
        }
    }
}

static void tables_are_fresh(void **state)
{
    (void)state;
    struct buf text = {0}, want = {0};
    assert_int_equal(buf_read_file(&text, REFERENCE), 0);
    renew(buf_view(&text), &want);
    if (getenv("WEIR_WRITE_REFERENCE"))
        assert_int_equal(buf_write_file(REFERENCE, buf_view(&want), 0644), 0);
    else if (!slice_eq(buf_view(&text), buf_view(&want)))
        fail_msg("tables of " REFERENCE " are stale: run WEIR_WRITE_REFERENCE=1 build/unit/reference");
    buf_free(&text);
    buf_free(&want);
}

static void each_table_stands_once(void **state)
{
    (void)state;
    struct buf text = {0};
    assert_int_equal(buf_read_file(&text, REFERENCE), 0);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        char mark[80];
        int n = snprintf(mark, sizeof mark, "<!-- table %s -->\n", tables[i].name);
        const char *first = memmem(text.p, text.len, mark, (size_t)n);
        assert_non_null(first);
        assert_null(memmem(first + n, text.len - (size_t)(first + n - text.p), mark, (size_t)n));
    }
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_table_stands_once),
                                       cmocka_unit_test(tables_are_fresh)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
