/* Mapping plan files; see plan_map.h.
 *
 * note [no dynamic linker]: a plan needs no library, no relocation and no constructor, so loading one is to
 * map its segments and to look two symbols up. We do that ourselves: dlopen() would read hash tables and a
 * dynamic section that nobody checks ranges of, takes a path for an identity (a second plan under the same
 * /proc/self/fd name is the first one again), and so would want a trial in a child process first. What the
 * dynamic linker would have to do for a file is refused here. Segments come from a sealed memfd, not from
 * anonymous memory, so that a policy which forbids memory that was writable to become executable
 * (MemoryDenyWriteExecute=) holds. */
#include "runtime/plan_map.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/base/elf.h"
#include "runtime/base/seal.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x10u
#endif

#if defined __x86_64__
enum { MACHINE = EM_X86_64 };
#elif defined __aarch64__
enum { MACHINE = EM_AARCH64 };
#elif defined __riscv
enum { MACHINE = EM_RISCV };
#else
#error "add the ELF number of this machine"
#endif

enum { SEGMENTS_MAX = 64 };

struct image {
    struct slice file;
    Elf64_Ehdr eh;
    Elf64_Phdr load[SEGMENTS_MAX];
    unsigned nload;
    uint64_t page, begin, end; /* addresses, in whole pages */
};

static bool range_ok(struct slice file, uint64_t off, uint64_t len)
{
    return off <= file.len && len <= file.len - off;
}

static const char *read_header(struct image *m)
{
    if (m->file.len < sizeof m->eh)
        return "it is too short";
    memcpy(&m->eh, m->file.p, sizeof m->eh);
    const Elf64_Ehdr *eh = &m->eh;
    if (memcmp(eh->e_ident, ELFMAG, SELFMAG) != 0)
        return "it is no ELF file";
    if (eh->e_ident[EI_CLASS] != ELFCLASS64 || eh->e_ident[EI_DATA] != ELFDATA2LSB || eh->e_type != ET_DYN)
        return "it is no shared object of 64 bits, little-endian";
    if (eh->e_machine != MACHINE)
        return "its code is for another kind of processor";
    if (eh->e_phentsize != sizeof(Elf64_Phdr) ||
        !range_ok(m->file, eh->e_phoff, (uint64_t)eh->e_phnum * sizeof(Elf64_Phdr)))
        return "its program headers are damaged";
    return NULL;
}

/* Segments ascend and share no page, so that each has its own protection. */
static const char *add_segment(struct image *m, const Elf64_Phdr *ph)
{
    if (ph->p_memsz == 0)
        return NULL;
    if (m->nload == SEGMENTS_MAX)
        return "it has too many segments";
    if (!range_ok(m->file, ph->p_offset, ph->p_filesz) || ph->p_vaddr > UINT64_MAX / 2 ||
        ph->p_memsz > UINT32_MAX)
        return "a segment lies outside the file";
    if (ph->p_filesz != ph->p_memsz)
        return "a segment wants memory that is not in the file";
    if ((ph->p_vaddr - ph->p_offset) % m->page != 0)
        return "a segment is not aligned to pages";
    if ((ph->p_flags & PF_W) && (ph->p_flags & PF_X))
        return "a segment is writable and executable";
    uint64_t first = ph->p_vaddr & ~(m->page - 1);
    if (m->nload == 0)
        m->begin = first;
    else if (first < m->end)
        return "its segments overlap";
    m->end = (ph->p_vaddr + ph->p_memsz + m->page - 1) & ~(m->page - 1);
    if (m->end - m->begin > UINT64_C(1) << 33)
        return "its segments are too far apart";
    m->load[m->nload++] = *ph;
    return NULL;
}

/* What asks for work of the dynamic linker, other than finding symbols. */
static bool wants_linker(uint64_t tag)
{
    static const uint64_t wants[] = {
        DT_NEEDED,  DT_REL,        DT_RELA,       DT_JMPREL,        DT_TEXTREL,   DT_INIT,
        DT_FINI,    DT_INIT_ARRAY, DT_FINI_ARRAY, DT_PREINIT_ARRAY, DT_SYMBOLIC,  DT_RPATH,
        DT_RUNPATH, DT_AUDIT,      DT_DEPAUDIT,   DT_FILTER,        DT_AUXILIARY, 36 /* DT_RELR */,
    };
    for (unsigned i = 0; i < sizeof wants / sizeof *wants; i++)
        if (tag == wants[i])
            return true;
    return false;
}

static const char *check_dynamic(const struct image *m, const Elf64_Phdr *ph)
{
    if (!range_ok(m->file, ph->p_offset, ph->p_filesz))
        return "its dynamic section lies outside the file";
    for (uint64_t at = 0; at + sizeof(Elf64_Dyn) <= ph->p_filesz; at += sizeof(Elf64_Dyn)) {
        Elf64_Dyn d;
        memcpy(&d, m->file.p + ph->p_offset + at, sizeof d);
        if (d.d_tag == DT_NULL)
            return NULL;
        if (wants_linker((uint64_t)d.d_tag))
            return "its code needs a library, a relocation or a constructor";
    }
    return "its dynamic section has no end";
}

static const char *read_segments(struct image *m)
{
    for (unsigned i = 0; i < m->eh.e_phnum; i++) {
        Elf64_Phdr ph;
        const char *wrong = NULL;
        memcpy(&ph, m->file.p + m->eh.e_phoff + i * sizeof ph, sizeof ph);
        if (ph.p_type == PT_LOAD)
            wrong = add_segment(m, &ph);
        else if (ph.p_type == PT_DYNAMIC)
            wrong = check_dynamic(m, &ph);
        else if (ph.p_type == PT_TLS || ph.p_type == PT_INTERP)
            wrong = "it has memory of threads, or names an interpreter";
        if (wrong)
            return wrong;
    }
    return m->nload ? NULL : "it has no segments";
}

static bool is_code(const struct image *m, uint64_t addr, uint64_t size)
{
    for (unsigned i = 0; i < m->nload; i++) {
        const Elf64_Phdr *ph = &m->load[i];
        if ((ph->p_flags & PF_X) && addr >= ph->p_vaddr && addr - ph->p_vaddr < ph->p_filesz &&
            size <= ph->p_filesz - (addr - ph->p_vaddr))
            return true;
    }
    return false;
}

/* The address of an exported function; 0 where there is none. */
static uint64_t find_function(const struct image *m, const char *name)
{
    struct slice symbols, names;
    if (!elf_section(m->file, ".dynsym", &symbols, NULL) || !elf_section(m->file, ".dynstr", &names, NULL))
        return 0;
    size_t len = strlen(name) + 1;
    for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= symbols.len; at += sizeof(Elf64_Sym)) {
        Elf64_Sym s;
        memcpy(&s, symbols.p + at, sizeof s);
        if (ELF64_ST_TYPE(s.st_info) == STT_FUNC && s.st_shndx != SHN_UNDEF && s.st_name <= names.len &&
            len <= names.len - s.st_name && memcmp(names.p + s.st_name, name, len) == 0 &&
            is_code(m, s.st_value, s.st_size))
            return s.st_value;
    }
    return 0;
}

/* note [huge pages]: tables of many rules are read all over the place, and with pages of 4 KiB each read of memory comes with
 * one or more to find the page. So a large segment of data is put in anonymous memory, for which the kernel has huge pages;
 * everything else, the code above all, in a sealed memory file. Either way the bytes are copied once, from a file that others
 * may write to where nobody can, and are never written again. */
enum { HUGE_MIN = 4 << 20 };

static bool is_huge(const Elf64_Phdr *ph)
{
    return !(ph->p_flags & PF_X) && ph->p_filesz >= HUGE_MIN;
}

static bool write_at(int fd, struct slice bytes, uint64_t at)
{
    for (size_t done = 0; done < bytes.len;) {
        ssize_t n = pwrite(fd, bytes.p + done, bytes.len - done, (off_t)(at + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

/* The segments but the large ones, where nobody can change them any more, at their offsets. -1 with errno. */
static int sealed_copy(const struct image *m)
{
    int fd = memfd_create("weir-plan", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
    if (fd < 0 && errno == EINVAL) /* a kernel before 6.3 */
        fd = memfd_create("weir-plan", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -1;
    bool ok = ftruncate(fd, (off_t)m->file.len) == 0;
    for (unsigned i = 0; ok && i < m->nload; i++) {
        const Elf64_Phdr *ph = &m->load[i];
        if (!is_huge(ph))
            ok = write_at(fd, (struct slice){m->file.p + ph->p_offset, ph->p_filesz}, ph->p_offset);
    }
    if (ok && fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
        return fd;
    int err = errno;
    close(fd);
    errno = err;
    return -1;
}

static bool map_huge(const struct image *m, const Elf64_Phdr *ph, char *at, uint64_t skip)
{
    size_t len = ph->p_filesz + skip;
    if (mmap(at, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
        return false;
    madvise(at, len, MADV_HUGEPAGE); /* advice: without it, it is slower */
    memcpy(at + skip, m->file.p + ph->p_offset, ph->p_filesz);
    return mprotect(at, len, PROT_READ) == 0;
}

static bool map_segment(const struct image *m, const Elf64_Phdr *ph, char *base, int fd)
{
    uint64_t skip = ph->p_vaddr % m->page;
    char *at = base + (ph->p_vaddr - skip - m->begin);
    int prot = PROT_READ | ((ph->p_flags & PF_X) ? PROT_EXEC : 0);
    if (is_huge(ph))
        return map_huge(m, ph, at, skip);
    return mmap(at, ph->p_filesz + skip, prot, MAP_PRIVATE | MAP_FIXED | MAP_POPULATE, fd, (off_t)(ph->p_offset - skip)) !=
           MAP_FAILED;
}

/* Maps all segments, none of them writable: a plan has no variables. Pages are touched now, not by the first
 * request. */
static void *map_segments(const struct image *m, int fd)
{
    size_t size = m->end - m->begin;
    char *base = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return NULL;
    for (unsigned i = 0; i < m->nload; i++)
        if (!map_segment(m, &m->load[i], base, fd)) {
            int err = errno;
            munmap(base, size);
            errno = err;
            return NULL;
        }
    return base;
}

static const char *check_image(struct image *m)
{
    const char *wrong = read_header(m);
    if (!wrong && !seal_is_whole(m->file))
        wrong = "it is cut short or damaged";
    return wrong ? wrong : read_segments(m);
}

bool plan_map_open(struct slice file, struct plan_map *out, struct buf *why)
{
    struct image m = {.file = file, .page = (uint64_t)sysconf(_SC_PAGESIZE)};
    struct slice tables;
    uint64_t tables_at = 0, pred = 0, value = 0;
    const char *wrong = check_image(&m);
    if (!wrong && (!elf_section(file, WEIR_SECTION_TABLES, &tables, &tables_at) || tables_at == 0))
        wrong = "it has no section " WEIR_SECTION_TABLES;
    if (!wrong &&
        (!(pred = find_function(&m, WEIR_PRED_SYMBOL)) || !(value = find_function(&m, WEIR_VALUE_SYMBOL))))
        wrong = "its code lacks " WEIR_PRED_SYMBOL " or " WEIR_VALUE_SYMBOL;
    if (wrong) {
        buf_printf(why, "this is no plan that can be used: %s", wrong);
        return false;
    }
    int fd = sealed_copy(&m);
    char *base = fd < 0 ? NULL : map_segments(&m, fd);
    int err = errno;
    if (fd >= 0)
        close(fd);
    if (!base) {
        buf_printf(why, "the plan cannot be mapped: %s", strerror(err));
        return false;
    }
    *out = (struct plan_map){.base = base, .size = m.end - m.begin, .tables_size = tables.len};
    out->tables = (const uint8_t *)base + (tables_at - m.begin);
    out->pred = (weir_pred_fn *)(uintptr_t)(base + (pred - m.begin));
    out->value = (weir_value_fn *)(uintptr_t)(base + (value - m.begin));
    return true;
}

void plan_map_close(void *base, size_t size)
{
    munmap(base, size);
}
