/* The code of a plan: compiled by the C compiler into a small shared object, or taken from the cache. What is
 * not the same on each machine must not reach the object: no build id, no symbol of a file, no path, no debug
 * information. */
#include "compiler/cc.h"
#include "compiler/embed.h"
#include "compiler/glue_cache.h"
#include "compiler/plan_elf.h"
#include "compiler/plan_file.h"
#include "runtime/base/hash.h"

/* No stack protector, no unwind tables, no start files: a plan refers to nothing outside itself. Segments are
 * aligned to 64 KiB, the largest page of aarch64, without room between them in the file. */
static char *const flags[] = {
    "-std=gnu11",
    "-O2",
    "-fPIC",
    "-ffreestanding",
    "-fvisibility=hidden",
    "-fno-stack-protector",
    "-fno-ident",
    "-fno-asynchronous-unwind-tables",
    "-fno-unwind-tables",
    "-fno-strict-aliasing",
    "-w",
    "-shared",
    "-nostdlib",
    "-Wl,--build-id=none",
    "-Wl,-z,defs",
    "-Wl,-z,noseparate-code",
    "-Wl,-z,norelro",
    "-Wl,-z,noexecstack",
    "-Wl,-z,max-page-size=65536",
    "-Wl,--hash-style=gnu",
    "-Wl,-s",
};
enum { FLAGS = sizeof flags / sizeof *flags };

static void add_part(struct buf *key, struct slice part)
{
    buf_printf(key, "%zu:", part.len);
    buf_slice(key, part);
}

static void digest_inputs(struct glue_cache *g, const struct cc *cc, struct slice glue_c, struct slice abi_h)
{
    struct buf key = {0};
    add_part(&key, glue_c);
    add_part(&key, abi_h);
    add_part(&key, slice_of(cc->target));
    for (int i = 0; i < FLAGS; i++)
        add_part(&key, slice_of(flags[i]));
    hash_hex(buf_view(&key), g->source);
    key.len = 0;
    cc_identity(cc, &key);
    hash_hex(buf_view(&key), g->cc);
    buf_free(&key);
}

static bool compile_in(const struct cc_folder *f, const struct cc *cc, struct slice glue_c,
                       struct slice abi_h, struct buf *object, struct buf *why)
{
    struct arena *a = cc->arena;
    if (!cc_folder_write(f, a, "glue.c", glue_c, why) || !cc_folder_write(f, a, "abi.h", abi_h, why))
        return false;
    char *made = cc_folder_path(f, a, "glue.so");
    char *args[FLAGS + 5];
    memcpy(args, flags, sizeof flags);
    char **at = args + FLAGS;
    *at++ = (char *)arena_printf(a, "-ffile-prefix-map=%s=.", f->path).p;
    *at++ = "-o";
    *at++ = made;
    *at++ = cc_folder_path(f, a, "glue.c");
    *at++ = NULL;
    if (!cc_run(cc, f, args, why))
        return false;
    int err = buf_read_file(object, made);
    if (err)
        buf_printf(why, "the C compiler %s made no shared object: %s", cc->words.v[0], strerror(err));
    return err == 0;
}

static bool compile(const struct cc *cc, struct slice glue_c, struct slice abi_h, struct buf *object,
                    struct buf *why)
{
    struct cc_folder f;
    const char *wrong = NULL;
    if (!cc_folder_begin(&f, why))
        return false;
    bool ok = compile_in(&f, cc, glue_c, abi_h, object, why);
    cc_folder_end(&f);
    if (ok)
        wrong = plan_elf_check(buf_view(object));
    if (wrong)
        buf_printf(why, "what the C compiler %s made is of no use: %s", cc->words.v[0], wrong);
    return ok && !wrong;
}

/* note [compiler of the cached glue]: an entry is known by the C and by the compiler that translated it, so
 * that naming another compiler has its effect, and a build gives the same bytes whatever is in the cache.
 * Only where the compiler fails or is not there is the work of another one on the same C as good; the message
 * in `why` tells. */
bool plan_glue(struct slice glue_c, const struct plan_build_options *o, struct buf *object,
               enum plan_glue_source *from, struct buf *why)
{
    struct arena a = {0};
    struct cc cc;
    struct glue_cache cache = {0};
    struct slice abi_h = embed_slice(embed_abi_h, embed_abi_h_end);
    enum plan_glue_source source = PLAN_GLUE_CACHED;
    cc_open(&cc, &a, o->cc);
    if (!o->no_cache)
        glue_cache_open(&cache, &a, o->cache_dir);
    digest_inputs(&cache, &cc, glue_c, abi_h);
    bool ok = glue_cache_get(&cache, &a, false, object) && !plan_elf_check(buf_view(object));
    if (!ok) {
        object->len = 0;
        source = PLAN_GLUE_COMPILED;
        ok = compile(&cc, glue_c, abi_h, object, why);
        if (ok)
            glue_cache_put(&cache, &a, buf_view(object));
    }
    if (!ok) {
        object->len = 0;
        source = PLAN_GLUE_CACHED_OTHER;
        ok = glue_cache_get(&cache, &a, true, object) && !plan_elf_check(buf_view(object));
    }
    if (from)
        *from = source;
    arena_free(&a);
    return ok;
}

uint64_t plan_glue_size(struct slice object)
{
    return plan_elf_code_size(object);
}
