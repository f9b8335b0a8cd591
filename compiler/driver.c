/* The pipeline; see driver.h. compile() is all of it, from a path to the bytes of a plan: each form is made
 * from the one before, and --dump shows it. */
#include "compiler/driver.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/check.h"
#include "compiler/cmd.h"
#include "compiler/ir_codec.h"
#include "compiler/ir_print.h"
#include "compiler/lower.h"
#include "compiler/manifest.h"
#include "compiler/parse.h"
#include "compiler/plan_verify.h"
#include "compiler/validate.h"
#include "runtime/abi.h"
#include "runtime/base/clock.h"
#include "runtime/base/fault.h"

/* One run of the pipeline: what it makes on its way. */
struct build {
    struct compilation c;
    const struct driver_options *o;
    struct ir_program *program;
    struct lowered lowered;
    struct buf canonical, places, object, manifest, plan;
    char digest[IR_DIGEST_TEXT];
    enum plan_glue_source code_from;
    uint64_t began_ns; /* of processor time */
    struct validate_report validated;
    struct buf said; /* diagnostics and other messages for people */
};

/* How far a run came. */
enum build_end { BUILD_DONE, BUILD_DUMPED, BUILD_REFUSED, BUILD_FAULT };

static void build_begin(struct build *b, const struct driver_options *o)
{
    *b = (struct build){.o = o, .began_ns = clock_thread_ns()};
    compilation_begin(&b->c);
    driver_env(&b->c, o);
    b->c.diags.levels = o->levels;
}

/* What the plan is made of. */
static void free_parts(struct build *b)
{
    struct buf *const all[] = {&b->lowered.tables, &b->lowered.glue, &b->canonical,
                               &b->places,         &b->object,       &b->manifest};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_free(all[i]);
}

static void build_end(struct build *b)
{
    free_parts(b);
    buf_free(&b->plan);
    buf_free(&b->said);
    compilation_end(&b->c);
}

/* ---- forms for people --------------------------------------------------------------------------- */

static bool dumps(const struct build *b, const char *form)
{
    return b->o->dump && strcmp(b->o->dump, form) == 0;
}

static enum build_end print_form(struct buf *form)
{
    cmd_print(form, stdout);
    buf_free(form);
    return BUILD_DUMPED;
}

static enum build_end dump_tokens(struct build *b, struct source *src)
{
    struct buf form = {0};
    parse_dump_tokens(&b->c, src, &form);
    return print_form(&form);
}

static enum build_end dump_ast(struct build *b, struct source *src)
{
    struct buf form = {0};
    parse_dump_ast(parse_source(&b->c, src), &form);
    return print_form(&form);
}

static enum build_end dump_ir(struct build *b)
{
    struct buf form = {0};
    ir_dump(b->program, &form);
    return print_form(&form);
}

static enum build_end dump_rows(struct build *b)
{
    struct buf form = {0};
    lower_dump_rows(&b->c.arena, b->program, &form);
    return print_form(&form);
}

static enum build_end dump_tables(struct build *b)
{
    struct buf form = {0};
    lower_dump_tables(buf_view(&b->lowered.tables), &form);
    return print_form(&form);
}

static enum build_end dump_c(struct build *b)
{
    cmd_print(&b->lowered.glue, stdout);
    return BUILD_DUMPED;
}

const char *driver_env_wrong(const struct driver_options *o)
{
    for (uint32_t i = 0; i < o->env.n; i++)
        if (!strchr(o->env.v[i], '=') || o->env.v[i][0] == '=')
            return o->env.v[i];
    return NULL;
}

void driver_env(struct compilation *c, const struct driver_options *o)
{
    for (uint32_t i = 0; i < o->env.n; i++)
        compilation_env(c, o->env.v[i]);
}

bool driver_wants_color(void)
{
    const char *no = getenv("NO_COLOR");
    return isatty(STDERR_FILENO) && !(no && *no);
}

static void count_words(struct buf *out, uint32_t n, const char *one)
{
    buf_printf(out, "%u %s%s", n, one, n == 1 ? "" : "s");
}

void driver_report(const struct compilation *c, const char *path, const struct driver_options *o,
                   struct buf *out)
{
    diag_render(&c->diags, o->format, o->color, out);
    uint32_t errors = c->diags.errors + c->diags.denied;
    if (o->format == DIAG_JSON || errors == 0)
        return;
    buf_printf(out, "\n%s: ", path);
    count_words(out, errors, "error");
    if (c->diags.warnings) {
        buf_str(out, ", ");
        count_words(out, c->diags.warnings, "warning");
    }
    buf_char(out, '\n');
}

/* ---- the parts ---------------------------------------------------------------------------------- */

static struct source *open_source(struct compilation *c, const char *path, struct buf *why)
{
    int err = 0;
    struct source *src = source_open(&c->sources, slice_of(path), &err);
    if (!src)
        buf_printf(why, "weir: cannot read %s: %s\n", path, strerror(err));
    return src;
}

struct ir_program *driver_check(struct compilation *c, const char *path, struct buf *why)
{
    return open_source(c, path, why) ? check_file(c, path) : NULL;
}

/* `path` as seen from the folder of the main file. A plan is the same wherever its sources lie, so it names
 * them thus. */
static struct slice relative_to(struct slice main, struct slice path)
{
    const char *slash = memrchr(main.p, '/', main.len);
    struct slice folder = {main.p, slash ? (size_t)(slash + 1 - main.p) : 0};
    return slice_starts(path, folder) ? slice_from(path, folder.len) : path;
}

static void name_sources(struct build *b, struct slice main, struct manifest *m)
{
    for (uint32_t i = 0; i < b->program->sources.n; i++)
        b->program->sources.v[i].path = relative_to(main, b->program->sources.v[i].path);
    for (uint32_t i = 0; i < m->sources.n; i++)
        m->sources.v[i].path = relative_to(main, m->sources.v[i].path);
}

static void write_manifest(struct build *b, struct manifest *m)
{
    m->schema = MANIFEST_SCHEMA;
    m->weir = SLICE(WEIR_VERSION);
    m->abi = WEIR_ABI_VERSION;
    m->digest = slice_of(b->digest);
    manifest_describe(m, &b->c.arena, b->program, &b->lowered);
    m->sizes.tables = b->lowered.tables.len;
    m->sizes.ir = b->canonical.len;
    m->sizes.places = b->places.len;
    m->sizes.code = plan_glue_size(buf_view(&b->object));
    manifest_write(m, &b->manifest);
}

/* The code of the plan. A standalone executable is linked from the C itself, later. */
static bool make_code(struct build *b)
{
    struct buf why = {0};
    bool ok = plan_glue(buf_view(&b->lowered.glue), &b->o->build, &b->object, &b->code_from, &why);
    if (why.len)
        buf_printf(&b->said, "weir: %s%.*s\n",
                   ok ? "warning: the code comes from the cache, as another compiler made it: " : "",
                   SLICE_ARG(buf_view(&why)));
    buf_free(&why);
    return ok;
}

static bool make_plan(struct build *b)
{
    struct plan_contents parts = {.tables = buf_view(&b->lowered.tables),
                                  .glue_c = buf_view(&b->lowered.glue),
                                  .ir = buf_view(&b->canonical),
                                  .places = buf_view(&b->places),
                                  .manifest = buf_view(&b->manifest),
                                  .object = buf_view(&b->object)};
    struct buf why = {0};
    bool ok = plan_build(&parts, &b->o->build, &b->plan, &why);
    if (!ok)
        buf_printf(&b->said, "weir: %.*s\n", SLICE_ARG(buf_view(&why)));
    buf_free(&why);
    return ok;
}

static enum build_end fault(struct build *b, const char *what)
{
    buf_printf(&b->said, "weir: internal fault: %s; this is a bug in weir, please report it\n", what);
    return BUILD_FAULT;
}

/* Holds the tables against the program for a part of the time that the compilation took. */
static enum build_end validate(struct build *b)
{
    enum { LEAST_NS = 2000 * 1000, MOST_NS = 40 * 1000 * 1000, PART = 14 };
    uint64_t part = (clock_thread_ns() - b->began_ns) / PART;
    struct validate_options o = {.seed = b->digest, .budget_ns = part < LEAST_NS ? LEAST_NS : part < MOST_NS ? part : MOST_NS};
    if (b->o->validate_all)
        o.budget_ns = UINT64_MAX;
    struct buf why = {0}, doubt = {0};
    struct decider *d = decider_open_made(b->program, buf_view(&b->lowered.tables),
                                          b->lowered.pred_shapes + b->lowered.value_shapes > 0, buf_view(&b->object));
    bool same = validate_tables(b->program, d, &o, &b->validated, &why, &doubt);
    enum build_end end = same ? BUILD_DONE : fault(b, "the tables do not decide as the program says");
    buf_slice(&b->said, buf_view(&why));
    if (same && doubt.len)
        buf_printf(&b->said, "weir: warning: the analysis of this program is wrong for a request, which the plan decides "
                             "right; this is a bug in weir, please report it\n%.*s", SLICE_ARG(buf_view(&doubt)));
    decider_close(&d);
    buf_free(&why);
    buf_free(&doubt);
    free_parts(b); /* the plan has them all, and may be large itself */
    return end;
}

/* ---- the pipeline ------------------------------------------------------------------------------- */

static enum build_end compile(struct build *b, const char *path)
{
    struct manifest manifest = {0};

    struct source *src = open_source(&b->c, path, &b->said);
    if (!src)
        return BUILD_REFUSED;
    if (dumps(b, "tokens"))
        return dump_tokens(b, src);
    if (dumps(b, "ast"))
        return dump_ast(b, src);

    b->program = check_file(&b->c, path);
    if (!b->program)
        return BUILD_REFUSED;
    manifest_add_sources(&manifest, &b->c.arena, &b->c.sources);
    name_sources(b, slice_of(path), &manifest);
    if (dumps(b, "ir"))
        return dump_ir(b);
    if (dumps(b, "rows"))
        return dump_rows(b);

    const char *limit = lower_program(&b->c.arena, b->program, &b->lowered);
    if (limit) {
        buf_printf(&b->said, "weir: %s cannot be compiled: %s\n", path, limit);
        return BUILD_REFUSED;
    }
    fault_flip(b->lowered.tables.p, b->lowered.tables.len);
    if (dumps(b, "tables"))
        return dump_tables(b);
    if (dumps(b, "c"))
        return dump_c(b);

    ir_encode(&b->c.arena, b->program, &b->canonical, &b->places);
    ir_digest(buf_view(&b->canonical), b->digest);
    if (!make_code(b))
        return BUILD_REFUSED;
    write_manifest(b, &manifest);
    if (!make_plan(b))
        return BUILD_REFUSED;
    const char *wrong = plan_verify(buf_view(&b->plan));
    return wrong ? fault(b, wrong) : validate(b);
}

/* compile(), and then all messages in the order in which people need them. */
static enum build_end run(struct build *b, const char *path)
{
    enum build_end end = compile(b, path);
    struct buf messages = {0};
    driver_report(&b->c, path, b->o, &messages);
    buf_slice(&messages, buf_view(&b->said));
    buf_free(&b->said);
    b->said = messages;
    return end == BUILD_DUMPED && b->c.diags.errors + b->c.diags.denied ? BUILD_REFUSED : end;
}

/* ---- what the commands call --------------------------------------------------------------------- */

/* A plan is only called written when the file says so. */
static enum build_end store(struct build *b, const char *out_path)
{
    int err = buf_write_file(out_path, buf_view(&b->plan), b->o->build.standalone ? 0777 : 0666);
    if (err) {
        buf_printf(&b->said, "weir: cannot write %s: %s\n", out_path, strerror(err));
        return BUILD_REFUSED;
    }
    struct stat st;
    if (stat(out_path, &st) == 0 && !S_ISREG(st.st_mode))
        return BUILD_DONE; /* a device does not give back what it got */
    return buf_file_is(out_path, buf_view(&b->plan)) ? BUILD_DONE : fault(b, "the plan on disk is not what was written");
}

static void print_size(uint64_t n)
{
    if (n < 100 * 1000)
        printf("%llu bytes", (unsigned long long)n);
    else
        printf("%.1f MB", (double)n / 1e6);
}

static void print_result(const struct build *b, const char *out_path, uint64_t began_ns)
{
    printf("%s  digest %s  ", out_path, b->digest);
    print_size(b->plan.len);
    printf("  %.2f s\n", (double)(clock_ns() - began_ns) / 1e9);
    if (b->o->validate_all)
        printf("validated  %llu rules and rows of maps, by %llu requests%s\n", (unsigned long long)b->validated.rules,
               (unsigned long long)b->validated.requests,
               b->validated.complete ? "" : "; of some, the conditions are too hard to search");
}

int driver_build(const char *path, const char *out_path, const struct driver_options *o)
{
    static const int exit_code[] = {
        [BUILD_DONE] = 0, [BUILD_DUMPED] = 0, [BUILD_REFUSED] = 1, [BUILD_FAULT] = 3};
    uint64_t began = clock_ns();
    struct build b;
    build_begin(&b, o);
    enum build_end end = run(&b, path);
    if (end == BUILD_DONE)
        end = store(&b, out_path);
    cmd_print(&b.said, stderr);
    if (end == BUILD_DONE)
        print_result(&b, out_path, began);
    build_end(&b);
    return exit_code[end];
}

bool driver_build_memory(const char *path, const struct driver_options *o, struct buf *plan, struct buf *said)
{
    struct build b;
    build_begin(&b, o);
    bool ok = run(&b, path) == BUILD_DONE;
    if (ok)
        buf_slice(plan, buf_view(&b.plan));
    buf_slice(said, buf_view(&b.said));
    build_end(&b);
    return ok;
}

/* The program in a plan; its bytes stay in the arena, since the program may point into them. */
static struct ir_program *decode_plan(struct compilation *c, const char *path, struct slice file,
                                      struct buf *said)
{
    struct plan_contents parts;
    const char *why = NULL;
    struct ir_program *p = NULL;
    if (plan_read(file, &parts, &why))
        p = ir_decode(&c->arena, arena_copy(&c->arena, parts.ir), arena_copy(&c->arena, parts.places), &why);
    if (!p)
        buf_printf(said, "weir: cannot read %s: %s\n", path, why);
    return p;
}

static bool is_elf(const char *path, struct buf *file)
{
    FILE *f = fopen(path, "rbe");
    char head[4];
    bool elf = f && fread(head, 1, 4, f) == 4 &&
               memcmp(head,
                      "\x7f"
                      "ELF",
                      4) == 0;
    if (f)
        fclose(f);
    return elf && buf_read_file(file, path) == 0;
}

struct ir_program *driver_read(struct compilation *c, const char *path, const struct driver_options *o,
                               struct buf *said)
{
    struct buf file = {0};
    struct ir_program *p;
    if (is_elf(path, &file)) {
        p = decode_plan(c, path, buf_view(&file), said);
    } else {
        c->diags.levels = o->levels;
        p = driver_check(c, path, said);
        driver_report(c, path, o, said);
    }
    buf_free(&file);
    return p;
}

struct ir_program *driver_program(struct compilation *c, const char *path, const struct driver_options *o)
{
    struct buf said = {0};
    struct ir_program *p = driver_read(c, path, o, &said);
    cmd_print(&said, stderr);
    buf_free(&said);
    return p;
}
