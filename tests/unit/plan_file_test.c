/* Plan files: written, loaded and read back; the same bytes each time; the cache of compiled glue; what is
 * said when the C compiler fails; damaged files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <dirent.h>
#include <dlfcn.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/lower.h"
#include "compiler/plan_file.h"
#include "runtime/base/elf.h"
#include "runtime/route.h"
#include "tests/unit/ir_build.h"

/* ---- a folder, a program ------------------------------------------------------------------------ */

struct fixture {
    char dir[64], cache[96], tmp[96];
    struct ir_build b;
    struct lowered l;
    struct plan_contents c;
    struct plan_build_options o;
};

static unsigned count_entries(const char *dir)
{
    DIR *d = opendir(dir);
    unsigned n = 0;
    for (struct dirent *e; d && (e = readdir(d)) != NULL;)
        n += e->d_name[0] != '.';
    if (d)
        closedir(d);
    return n;
}

/* `use app if lower(host) ends with ".example" and path under "/a"`, else a reply with a computed body. */
static void make_program(struct fixture *x)
{
    struct ir_build *b = &x->b;
    build_begin(b);
    struct ir_backend *app = build_backend(b, "app");
    struct ir_server *s = vec_push(&b->a, &app->servers);
    *s = (struct ir_server){.name = SLICE("a1"), .port = 80, .weight = 1};
    ip_parse(SLICE("10.0.0.1"), &s->addr);
    app->balance = IR_BALANCE_ROUND_ROBIN;
    app->connect_ms = app->server_ms = app->tunnel_ms = app->idle_ms = 1000;
    struct ir_expr *low = build_expr(b, IR_LOWER, IR_STR, 1);
    low->args[0] = build_field(b, IR_FIELD_METHOD, NULL);
    build_use(b, app, build_two(b, IR_ENDS_WITH, low, build_str(b, SLICE("et"))));
    struct ir_rule *r = vec_push(&b->a, &b->f->route);
    r->kind = IR_REPLY;
    r->status = 200;
    struct ir_expr *text = build_expr(b, IR_CONCAT, IR_STR, 2);
    text->args[0] = build_str(b, SLICE("path "));
    text->args[1] = build_field(b, IR_FIELD_PATH, NULL);
    r->value = text;
    b->f->client_ms = b->f->request_ms = b->f->idle_ms = 1000;
}

static int begin(void **state)
{
    struct fixture *x = calloc(1, sizeof *x);
    snprintf(x->dir, sizeof x->dir, "/tmp/weir-plan-test-XXXXXX");
    assert_non_null(mkdtemp(x->dir));
    snprintf(x->cache, sizeof x->cache, "%s/cache", x->dir);
    snprintf(x->tmp, sizeof x->tmp, "%s/tmp", x->dir);
    assert_int_equal(mkdir(x->tmp, 0700), 0);
    setenv("TMPDIR", x->tmp, 1);
    unsetenv("CC");
    make_program(x);
    assert_null(lower_program(&x->b.a, &x->b.p, &x->l));
    x->c = (struct plan_contents){.tables = buf_view(&x->l.tables),
                                  .glue_c = buf_view(&x->l.glue),
                                  .ir = SLICE("the IR"),
                                  .places = SLICE("the places"),
                                  .manifest = SLICE("{\"digest\": \"x\"}")};
    x->o.cache_dir = x->cache;
    *state = x;
    return 0;
}

static void remove_all(const char *dir)
{
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d)) != NULL;)
        if (e->d_name[0] != '.')
            unlinkat(dirfd(d), e->d_name, 0);
    if (d)
        closedir(d);
    rmdir(dir);
}

static int end(void **state)
{
    struct fixture *x = *state;
    buf_free(&x->l.tables);
    buf_free(&x->l.glue);
    arena_free(&x->b.a);
    unsetenv("TMPDIR");
    assert_int_equal(count_entries(x->tmp), 0); /* no compilation leaves anything behind */
    remove_all(x->cache);
    remove_all(x->tmp);
    remove_all(x->dir);
    free(x);
    return 0;
}

/* The plan, or a failed test with what was said. */
static struct buf build_plan(struct fixture *x)
{
    struct buf plan = {0}, why = {0};
    if (!plan_build(&x->c, &x->o, &plan, &why))
        fail_msg("%.*s", SLICE_ARG(buf_view(&why)));
    buf_free(&why);
    return plan;
}

static bool has_text(const struct buf *b, const char *text)
{
    return slice_contains(buf_view(b), slice_of(text));
}

static void write_script(struct fixture *x, const char *name, const char *text, char path[128])
{
    snprintf(path, 128, "%s/%s", x->dir, name);
    assert_int_equal(buf_write_file(path, slice_of(text), 0700), 0);
}

/* ---- tests -------------------------------------------------------------------------------------- */

static void parts_come_back(void **state)
{
    struct fixture *x = *state;
    struct buf plan = build_plan(x);
    struct plan_contents c;
    const char *why = NULL;
    assert_true(plan_read(buf_view(&plan), &c, &why));
    assert_true(slice_eq(c.tables, x->c.tables));
    assert_true(slice_eq(c.ir, x->c.ir));
    assert_true(slice_eq(c.places, x->c.places));
    assert_true(slice_eq(c.manifest, x->c.manifest));
    assert_int_equal(c.glue_c.len, 0);
    buf_free(&plan);
}

/* Decides `method` on /p with the code and the tables of a loaded plan. */
static void decide(const struct route_plan *p, const char *method, struct route_result *r, char *memory,
                   size_t size)
{
    struct weir_scratch scratch = {memory, memory + size, false};
    struct weir_str str[WEIR_SLOT_FIXED] = {
        {"a.example", 9}, {"/p", 2}, {method, (uint32_t)strlen(method)}, {"/p", 2}};
    struct weir_facts f = {.str = str, .scratch = &scratch};
    route_run(p, 0, &f, r);
}

static void loaded_plan_decides(void **state)
{
    struct fixture *x = *state;
    struct buf plan = build_plan(x);
    char path[128], memory[256];
    snprintf(path, sizeof path, "%s/site.plan", x->dir);
    assert_int_equal(buf_write_file(path, buf_view(&plan), 0600), 0);
    void *dl = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!dl)
        fail_msg("%s", dlerror());
    struct link_map *map = NULL;
    struct slice tables;
    uint64_t addr = 0;
    assert_int_equal(dlinfo(dl, RTLD_DI_LINKMAP, &map), 0);
    assert_true(elf_section(buf_view(&plan), WEIR_SECTION_TABLES, &tables, &addr));
    const uint8_t *loaded = (const uint8_t *)map->l_addr + addr;
    assert_int_equal((uintptr_t)loaded % 64, 0);
    assert_memory_equal(loaded, tables.p, tables.len);
    assert_null(route_tables_verify(loaded, tables.len));
    struct route_plan p = {.tables = loaded};
    *(void **)&p.pred = dlsym(dl, WEIR_PRED_SYMBOL);
    *(void **)&p.value = dlsym(dl, WEIR_VALUE_SYMBOL);
    assert_non_null(p.pred);
    assert_non_null(p.value);
    struct route_result r;
    decide(&p, "GET", &r, memory, sizeof memory);
    assert_int_equal(r.kind, WEIR_USE);
    decide(&p, "POST", &r, memory, sizeof memory);
    assert_int_equal(r.kind, WEIR_REPLY);
    assert_int_equal(r.value.len, 7);
    assert_memory_equal(r.value.p, "path /p", 7);
    dlclose(dl);
    buf_free(&plan);
}

static void same_bytes_each_time(void **state)
{
    struct fixture *x = *state;
    struct buf one = build_plan(x);
    char other[128];
    snprintf(other, sizeof other, "%s/a folder of another name", x->tmp);
    assert_int_equal(mkdir(other, 0700), 0);
    setenv("TMPDIR", other, 1);
    x->o.no_cache = true;
    struct buf two = build_plan(x);
    assert_true(slice_eq(buf_view(&one), buf_view(&two)));
    assert_false(slice_contains(buf_view(&two), slice_of("/tmp")));
    assert_int_equal(rmdir(other), 0);
    setenv("TMPDIR", x->tmp, 1);
    buf_free(&one);
    buf_free(&two);
}

/* A compiler that counts its runs: the second build, of other data, makes none. */
static void data_needs_no_compiler(void **state)
{
    struct fixture *x = *state;
    char cc[128], log[160], text[320];
    struct buf runs = {0};
    snprintf(log, sizeof log, "%s/runs", x->dir);
    snprintf(text, sizeof text, "#!/bin/sh\necho run >>%s\nexec cc \"$@\"\n", log);
    write_script(x, "cc.sh", text, cc);
    x->o.cc = cc;
    struct buf one = build_plan(x);
    x->c.ir = SLICE("another IR");
    struct buf two = build_plan(x);
    assert_false(slice_eq(buf_view(&one), buf_view(&two)));
    assert_int_equal(buf_read_file(&runs, log), 0);
    assert_int_equal(runs.len, 4);
    x->c.glue_c = SLICE(
        "#include \"abi.h\"\nweir_pred_fn weir_pred; weir_value_fn weir_value;"); /* other code: compiled */
    struct buf why = {0}, three = {0};
    assert_false(plan_build(&x->c, &x->o, &three, &why));
    assert_true(has_text(&why, "weir_pred"));
    buf_free(&why);
    buf_free(&three);
    buf_free(&runs);
    buf_free(&one);
    buf_free(&two);
}

static void failing_compiler_and_known_glue(void **state)
{
    struct fixture *x = *state;
    struct buf one = build_plan(x), object = {0}, why = {0};
    enum plan_glue_source from = PLAN_GLUE_COMPILED;
    x->o.cc = "/bin/false";
    assert_true(plan_glue(x->c.glue_c, &x->o, &object, &from, &why));
    assert_int_equal(from, PLAN_GLUE_CACHED_OTHER);
    assert_true(has_text(&why, "/bin/false failed"));
    why.len = object.len = 0;
    x->o.cc =
        "aarch64-none-such-gcc"; /* for another machine: what this one's compiler made is no substitute */
    assert_false(plan_glue(x->c.glue_c, &x->o, &object, &from, &why));
    assert_true(has_text(&why, "cannot find the C compiler `aarch64-none-such-gcc`"));
    buf_free(&one);
    buf_free(&object);
    buf_free(&why);
}

static void damaged_cache_is_no_error(void **state)
{
    struct fixture *x = *state;
    struct buf one = build_plan(x), object = {0}, why = {0};
    DIR *d = opendir(x->cache);
    assert_non_null(d);
    unsigned damaged = 0;
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        char path[512];
        struct buf entry = {0};
        snprintf(path, sizeof path, "%s/%s", x->cache, e->d_name);
        if (e->d_name[0] == '.')
            continue;
        assert_int_equal(buf_read_file(&entry, path), 0);
        entry.p[entry.len / 2] ^= 1;
        assert_int_equal(buf_write_file(path, buf_view(&entry), 0600), 0);
        buf_free(&entry);
        damaged++;
    }
    closedir(d);
    assert_int_equal(damaged, 1);
    enum plan_glue_source from = PLAN_GLUE_CACHED;
    assert_true(plan_glue(x->c.glue_c, &x->o, &object, &from, &why));
    assert_int_equal(from, PLAN_GLUE_COMPILED);
    object.len = 0;
    assert_true(plan_glue(x->c.glue_c, &x->o, &object, &from, &why));
    assert_int_equal(from, PLAN_GLUE_CACHED);
    x->o.cache_dir = "/dev/null/no/such/folder";
    struct buf two = build_plan(x);
    assert_true(slice_eq(buf_view(&one), buf_view(&two)));
    buf_free(&one);
    buf_free(&two);
    buf_free(&object);
    buf_free(&why);
}

static void compiler_output_is_shown(void **state)
{
    struct fixture *x = *state;
    struct buf plan = {0}, why = {0};
    x->c.glue_c = SLICE("#include \"abi.h\"\nint f(void) { return no_such_name; }\n");
    assert_false(plan_build(&x->c, &x->o, &plan, &why));
    assert_true(has_text(&why, "no_such_name"));
    why.len = 0;
    x->c.glue_c = SLICE("int puts(const char *);\n__attribute__((visibility(\"default\"))) int "
                        "weir_pred(void) { return puts(\"\"); }\n");
    assert_false(plan_build(&x->c, &x->o, &plan, &why)); /* the linker refuses what a plan may not have */
    assert_true(has_text(&why, "puts"));
    why.len = 0;
    x->c.glue_c = SLICE("int x;\n");
    assert_false(plan_build(&x->c, &x->o, &plan, &why));
    assert_true(has_text(&why, "does not export weir_pred"));
    buf_free(&plan);
    buf_free(&why);
}

static void words_of_the_compiler(void **state)
{
    struct fixture *x = *state;
    char cc[128];
    write_script(x, "wrap", "#!/bin/sh\nexec \"$@\"\n", cc);
    char command[160];
    snprintf(command, sizeof command, "%s  cc -O1", cc);
    struct buf one = build_plan(x);
    x->o.cc = command;
    struct buf two = build_plan(x); /* later flags win: -O2 */
    assert_true(slice_eq(buf_view(&one), buf_view(&two)));
    buf_free(&one);
    buf_free(&two);
}

static void damaged_plans(void **state)
{
    struct fixture *x = *state;
    struct buf plan = build_plan(x);
    struct plan_contents c;
    const char *why = NULL;
    for (size_t n = 0; n < plan.len; n += n < 512 ? 1 : 37) {
        char *cut = malloc(n + 1); /* of its exact size, so that a sanitizer sees what is read beyond */
        memcpy(cut, plan.p, n);
        assert_false(plan_read((struct slice){cut, n}, &c, &why));
        assert_non_null(why);
        free(cut);
    }
    /* Whatever a byte of the headers becomes: parts that are found lie within the file. */
    Elf64_Ehdr eh;
    memcpy(&eh, plan.p, sizeof eh);
    for (size_t at = 0; at < plan.len; at = at == sizeof eh ? eh.e_shoff : at + 1) {
        char was = plan.p[at];
        plan.p[at] = (char)(was ^ 0xff);
        if (plan_read(buf_view(&plan), &c, &why)) {
            assert_true(c.tables.p >= plan.p && c.tables.len <= (size_t)(plan.p + plan.len - c.tables.p));
            assert_true(c.manifest.p >= plan.p &&
                        c.manifest.len <= (size_t)(plan.p + plan.len - c.manifest.p));
        }
        plan.p[at] = was;
    }
    assert_true(plan_read(buf_view(&plan), &c, &why));
    buf_free(&plan);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(parts_come_back),
        TEST(loaded_plan_decides),
        TEST(same_bytes_each_time),
        TEST(data_needs_no_compiler),
        TEST(failing_compiler_and_known_glue),
        TEST(damaged_cache_is_no_error),
        TEST(compiler_output_is_shown),
        TEST(words_of_the_compiler),
        TEST(damaged_plans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
