/* Links an executable that serves one plan; see plan_standalone.h. It has the same sections as a plan file,
 * so that `weir show` and `weir explain` read it too. */
#include "compiler/plan_standalone.h"

#include "compiler/cc.h"
#include "compiler/embed.h"

#ifndef WEIR_EDGE_LINK /* what the runtime library is linked with; the Makefile knows */
#define WEIR_EDGE_LINK "-lpthread -ldl"
#endif

/* What the runtime looks for in place of a plan file: struct weir_builtin of abi.h. */
static const char builtin_c[] =
    "#include \"abi.h\"\n"
    "extern const uint8_t weir_tables_begin[], weir_tables_end[];\n"
    "extern const char weir_manifest_begin[], weir_manifest_end[];\n"
    "extern weir_pred_fn weir_pred;\n"
    "extern weir_value_fn weir_value;\n"
    "const struct weir_builtin weir_builtin = {\n"
    "    weir_tables_begin, TABLES_SIZE, weir_manifest_begin, MANIFEST_SIZE, weir_pred, weir_value,\n"
    "};\n";

static const char parts_s[] = ".section .weir.tables,\"a\",%progbits\n"
                              ".balign 64\n"
                              ".globl weir_tables_begin\n"
                              "weir_tables_begin:\n"
                              ".incbin \"tables\"\n"
                              ".section .weir.manifest,\"a\",%progbits\n"
                              ".globl weir_manifest_begin\n"
                              "weir_manifest_begin:\n"
                              ".incbin \"manifest\"\n"
                              ".section .weir.ir,\"\",%progbits\n"
                              ".incbin \"ir\"\n"
                              ".section .weir.places,\"\",%progbits\n"
                              ".incbin \"places\"\n"
                              ".section .note.GNU-stack,\"\",%progbits\n";

static bool write_inputs(const struct cc_folder *f, struct arena *a, const struct plan_contents *c,
                         struct buf *why)
{
    const struct {
        const char *name;
        struct slice data;
    } inputs[] = {
        {"glue.c", c->glue_c},
        {"abi.h", embed_slice(embed_abi_h, embed_abi_h_end)},
        {"builtin.c", SLICE(builtin_c)},
        {"parts.s", SLICE(parts_s)},
        {"tables", c->tables},
        {"manifest", c->manifest},
        {"ir", c->ir},
        {"places", c->places},
        {"libweir-edge.a", embed_slice(embed_edge_a, embed_edge_a_end)},
    };
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
        if (!cc_folder_write(f, a, inputs[i].name, inputs[i].data, why))
            return false;
    return true;
}

struct args {
    char **v;
    uint32_t n, cap;
};

static void add_words(struct arena *a, struct args *to, const char *words)
{
    for (const char *at = words; *at;) {
        size_t n = strcspn(at, " ");
        if (n)
            vec_add(a, to, (char *)arena_copy(a, (struct slice){at, n}).p);
        at += n + (at[n] == ' ');
    }
}

static bool link_in(const struct cc_folder *f, const struct cc *cc, const struct plan_contents *c,
                    struct buf *out, struct buf *why)
{
    struct arena *a = cc->arena;
    struct args x = {0};
    if (!write_inputs(f, a, c, why))
        return false;
    add_words(a, &x,
              "-std=gnu11 -O2 -w -fno-ident -ffunction-sections -Wl,--build-id=none -Wl,-s -Wl,--gc-sections "
              "-Wa,--noexecstack");
    vec_add(a, &x, (char *)arena_printf(a, "-ffile-prefix-map=%s=.", f->path).p);
    vec_add(a, &x, (char *)arena_printf(a, "-DTABLES_SIZE=%zu", c->tables.len).p);
    vec_add(a, &x, (char *)arena_printf(a, "-DMANIFEST_SIZE=%zu", c->manifest.len).p);
    add_words(a, &x, "-Xassembler -I -Xassembler");
    vec_add(a, &x, (char *)arena_copy(a, slice_of(f->path)).p);
    static const char *const files[] = {"glue.c", "builtin.c", "parts.s", "libweir-edge.a"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        vec_add(a, &x, cc_folder_path(f, a, files[i]));
    add_words(a, &x, WEIR_EDGE_LINK " -o");
    char *made = cc_folder_path(f, a, "edge");
    vec_add(a, &x, made);
    vec_add(a, &x, NULL);
    if (!cc_run(cc, f, x.v, why))
        return false;
    int err = buf_read_file(out, made);
    if (err)
        buf_printf(why, "the C compiler %s made no executable: %s", cc->words.v[0], strerror(err));
    return err == 0;
}

bool plan_standalone(const struct plan_contents *c, const struct plan_build_options *o, struct buf *out,
                     struct buf *why)
{
    struct arena a = {0};
    struct cc cc;
    struct cc_folder f;
    cc_open(&cc, &a, o->cc);
    bool ok = cc_folder_begin(&f, why);
    if (ok) {
        ok = link_in(&f, &cc, c, out, why);
        cc_folder_end(&f);
    }
    arena_free(&a);
    return ok;
}
