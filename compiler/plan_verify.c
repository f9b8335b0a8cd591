/* Verifies a plan that was just made; see plan_verify.h. */
#include "compiler/plan_verify.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "compiler/plan_file.h"
#include "runtime/base/elf.h"
#include "runtime/base/manifest_digest.h"
#include "runtime/route.h"

/* e_machine of this program, and so of what it can load. */
static uint16_t own_machine(void)
{
#if defined(__x86_64__)
    return EM_X86_64;
#elif defined(__aarch64__)
    return EM_AARCH64;
#elif defined(__riscv)
    return EM_RISCV;
#elif defined(__powerpc64__)
    return EM_PPC64;
#else
    return EM_NONE;
#endif
}

static bool can_load(struct slice plan)
{
    Elf64_Ehdr eh;
    memcpy(&eh, plan.p, sizeof eh);
    bool executable = false; /* a standalone executable is a shared object too, with an interpreter */
    for (uint32_t i = 0; i < eh.e_phnum; i++) {
        Elf64_Phdr p;
        memcpy(&p, plan.p + eh.e_phoff + i * sizeof p, sizeof p);
        executable |= p.p_type == PT_INTERP;
    }
    return eh.e_type == ET_DYN && !executable && eh.e_machine == own_machine();
}

static const char *check_loaded(void *dl, struct slice tables, uint64_t addr)
{
    struct link_map *map = NULL;
    if (!dlsym(dl, WEIR_PRED_SYMBOL) || !dlsym(dl, WEIR_VALUE_SYMBOL))
        return "the plan does not export its code";
    if (dlinfo(dl, RTLD_DI_LINKMAP, &map) != 0 ||
        memcmp((const char *)map->l_addr + addr, tables.p, tables.len) != 0)
        return "the plan's tables are not where its sections say";
    return NULL;
}

/* Loads the very bytes, from memory: the folder that the plan goes to may forbid code. */
static const char *load(struct slice plan, struct slice tables, uint64_t addr)
{
    char path[64];
    const char *wrong = NULL;
    int fd = memfd_create("weir-plan", MFD_CLOEXEC);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    for (size_t off = 0; fd >= 0 && off < plan.len;) {
        ssize_t n = write(fd, plan.p + off, plan.len - off);
        if (n <= 0)
            break;
        off += (size_t)n;
    }
    if (fd >= 0 && access(path, R_OK) == 0) { /* without /proc it cannot be tried */
        void *dl = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        wrong = dl ? check_loaded(dl, tables, addr) : dlerror();
        if (dl)
            dlclose(dl);
    }
    if (fd >= 0)
        close(fd);
    return wrong;
}

const char *plan_verify(struct slice plan)
{
    struct plan_contents parts;
    const char *wrong = NULL;
    char digest[33];
    uint64_t addr;
    struct slice tables;
    if (!plan_read(plan, &parts, &wrong))
        return wrong;
    if (!manifest_digest(parts.manifest, digest))
        return "the manifest has no digest";
    wrong = route_tables_verify((const uint8_t *)parts.tables.p, parts.tables.len);
    if (wrong || !can_load(plan))
        return wrong;
    elf_section(plan, WEIR_SECTION_TABLES, &tables, &addr);
    return load(plan, tables, addr);
}
