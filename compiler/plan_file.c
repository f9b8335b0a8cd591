/* Plans as files: putting the parts together and reading them back; see plan_file.h. The parts are made in
 * glue.c (code), plan_elf.c (the ELF file) and plan_standalone.c (executables). */
#include "compiler/plan_file.h"

#include "compiler/plan_elf.h"
#include "compiler/plan_standalone.h"
#include "runtime/base/elf.h"
#include "runtime/base/seal.h"

static bool build_shared(const struct plan_contents *c, const struct plan_build_options *o, struct buf *out,
                         struct buf *why)
{
    struct plan_contents all = *c;
    struct buf object = {0};
    bool ok = true;
    if (c->object.len == 0) {
        ok = plan_glue(c->glue_c, o, &object, NULL, why);
        all.object = buf_view(&object);
    }
    const char *wrong = ok ? plan_elf_write(&all, out) : NULL;
    if (wrong)
        buf_str(why, wrong);
    else if (ok)
        seal_add(out);
    buf_free(&object);
    return ok && !wrong;
}

bool plan_build(const struct plan_contents *c, const struct plan_build_options *o, struct buf *out,
                struct buf *why)
{
    return o->standalone ? plan_standalone(c, o, out, why) : build_shared(c, o, out, why);
}

bool plan_write(const char *out_path, const struct plan_contents *c, const struct plan_build_options *o,
                struct buf *why)
{
    struct buf plan = {0};
    bool ok = plan_build(c, o, &plan, why);
    int err = ok ? buf_write_file(out_path, buf_view(&plan), o->standalone ? 0777 : 0666) : 0;
    if (err)
        buf_printf(why, "cannot write %s: %s", out_path, strerror(err));
    buf_free(&plan);
    return ok && !err;
}

bool plan_read(struct slice file, struct plan_contents *out, const char **why)
{
    uint64_t addr;
    *out = (struct plan_contents){0};
    if (!elf_section(file, WEIR_SECTION_MANIFEST, &out->manifest, NULL))
        *why = "it is no plan: it has no section " WEIR_SECTION_MANIFEST;
    else if (!elf_section(file, WEIR_SECTION_TABLES, &out->tables, &addr) || addr == 0)
        *why = "it is no plan: it has no loaded section " WEIR_SECTION_TABLES;
    else if (!elf_section(file, WEIR_SECTION_IR, &out->ir, NULL))
        *why = "it is no plan: it has no section " WEIR_SECTION_IR;
    else if (!elf_section(file, WEIR_SECTION_PLACES, &out->places, NULL))
        *why = "it is no plan: it has no section " WEIR_SECTION_PLACES;
    else
        return true;
    return false;
}
