/* Our ELF writer; see plan_elf.h.
 *
 * The plan is the compiler's object up to the end of its last segment, unchanged but for the ELF header; then
 * one more loaded segment with the program headers (they grow by one, and so move) and the tables; then what
 * is not loaded, and the section headers. Sections of the object that are not loaded (its comment, its
 * symbols) are left out; the loaded ones keep their numbers, since symbols refer to them. */
#include "compiler/plan_elf.h"

#include <elf.h>

#include "runtime/base/arena.h"
#include "runtime/base/elf.h"

enum { PAGE = 0x10000, CACHE_LINE = 64, PHDRS_MAX = 64, SHDRS_MAX = 256, ADDED = 4 };

/* An object that is being looked at: its headers, copied out. */
struct object {
    struct slice file;
    Elf64_Ehdr eh;
    Elf64_Phdr ph[PHDRS_MAX + 1];
    Elf64_Shdr sh[SHDRS_MAX + ADDED + 1];
    uint32_t loaded_sections; /* with the null section at 0 */
};

static bool in_file(const struct object *o, uint64_t off, uint64_t len)
{
    return off <= o->file.len && len <= o->file.len - off;
}

/* ---- reading ----------------------------------------------------------------------------------- */

static const char *read_headers(struct object *o, struct slice file)
{
    *o = (struct object){.file = file};
    if (file.len < sizeof o->eh)
        return "it is no ELF file";
    memcpy(&o->eh, file.p, sizeof o->eh);
    const Elf64_Ehdr *eh = &o->eh;
    if (memcmp(eh->e_ident, ELFMAG, SELFMAG) != 0)
        return "it is no ELF file";
    if (eh->e_ident[EI_CLASS] != ELFCLASS64 || eh->e_ident[EI_DATA] != ELFDATA2LSB)
        return "it is not for a 64-bit little-endian machine";
    if (eh->e_type != ET_DYN || eh->e_phentsize != sizeof *o->ph || eh->e_shentsize != sizeof *o->sh)
        return "it is no shared object";
    if (eh->e_phnum > PHDRS_MAX || eh->e_shnum > SHDRS_MAX || eh->e_shstrndx >= eh->e_shnum)
        return "it has too many segments or sections";
    if (!in_file(o, eh->e_phoff, eh->e_phnum * sizeof *o->ph) ||
        !in_file(o, eh->e_shoff, eh->e_shnum * sizeof *o->sh))
        return "it is cut off";
    memcpy(o->ph, file.p + eh->e_phoff, eh->e_phnum * sizeof *o->ph);
    memcpy(o->sh, file.p + eh->e_shoff, eh->e_shnum * sizeof *o->sh);
    for (uint32_t i = 0; i < eh->e_phnum; i++)
        if (!in_file(o, o->ph[i].p_offset, o->ph[i].p_filesz) || o->ph[i].p_memsz > UINT32_MAX ||
            o->ph[i].p_vaddr > UINT32_MAX)
            return "a segment lies outside of it";
    return NULL;
}

/* Sets loaded_sections. */
static const char *read_sections(struct object *o)
{
    o->loaded_sections = 1;
    for (uint32_t i = 1; i < o->eh.e_shnum; i++) {
        const Elf64_Shdr *s = &o->sh[i];
        if (s->sh_type != SHT_NOBITS && !in_file(o, s->sh_offset, s->sh_size))
            return "a section lies outside of it";
        if (!(s->sh_flags & SHF_ALLOC))
            continue;
        if (i != o->loaded_sections)
            return "a section that is loaded follows one that is not";
        o->loaded_sections++;
    }
    return NULL;
}

/* The NUL-terminated string at `off` of the string table in section `i`, or "". */
static const char *string_at(const struct object *o, uint32_t i, uint64_t off)
{
    const Elf64_Shdr *s = &o->sh[i];
    if (i >= o->eh.e_shnum || s->sh_type != SHT_STRTAB || off >= s->sh_size ||
        o->file.p[s->sh_offset + s->sh_size - 1] != 0)
        return "";
    return o->file.p + s->sh_offset + off;
}

static const char *check_dynamic(const struct object *o, const Elf64_Shdr *s)
{
    for (uint64_t at = 0; at + sizeof(Elf64_Dyn) <= s->sh_size; at += sizeof(Elf64_Dyn)) {
        Elf64_Dyn d;
        memcpy(&d, o->file.p + s->sh_offset + at, sizeof d);
        if (d.d_tag == DT_NULL)
            break;
        if (d.d_tag == DT_NEEDED)
            return "it needs another library";
        if ((d.d_tag == DT_RELASZ || d.d_tag == DT_RELSZ || d.d_tag == DT_PLTRELSZ) && d.d_un.d_val)
            return "it needs relocations";
    }
    return NULL;
}

static const char *check_symbols(const struct object *o, const Elf64_Shdr *s)
{
    uint32_t exported = 0;
    for (uint64_t at = sizeof(Elf64_Sym); at + sizeof(Elf64_Sym) <= s->sh_size; at += sizeof(Elf64_Sym)) {
        Elf64_Sym y;
        memcpy(&y, o->file.p + s->sh_offset + at, sizeof y);
        const char *name = string_at(o, s->sh_link, y.st_name);
        if (y.st_shndx == SHN_UNDEF)
            return "it needs a symbol from outside";
        exported += strcmp(name, "weir_pred") == 0 || strcmp(name, "weir_value") == 0;
    }
    return exported == 2 ? NULL : "it does not export weir_pred and weir_value";
}

static const char *check_contents(const struct object *o)
{
    const char *wrong = "it does not export weir_pred and weir_value";
    for (uint32_t i = 1; i < o->loaded_sections; i++) {
        const Elf64_Shdr *s = &o->sh[i];
        if ((s->sh_type == SHT_RELA || s->sh_type == SHT_REL) && s->sh_size)
            return "it needs relocations";
        const char *found = s->sh_type == SHT_DYNAMIC ? check_dynamic(o, s) : NULL;
        if (found)
            return found;
        if (s->sh_type == SHT_DYNSYM)
            wrong = check_symbols(o, s);
    }
    return wrong;
}

const char *plan_elf_check(struct slice file)
{
    struct object o;
    const char *wrong = read_headers(&o, file);
    if (!wrong)
        wrong = read_sections(&o);
    return wrong ? wrong : check_contents(&o);
}

uint64_t plan_elf_code_size(struct slice file)
{
    struct object o;
    uint64_t sum = 0;
    if (read_headers(&o, file) || read_sections(&o))
        return 0;
    for (uint32_t i = 1; i < o.loaded_sections; i++)
        if (o.sh[i].sh_type == SHT_PROGBITS)
            sum += o.sh[i].sh_size;
    return sum;
}

/* ---- writing ----------------------------------------------------------------------------------- */

static uint64_t align_up(uint64_t n, uint64_t align)
{
    return (n + align - 1) & ~(align - 1);
}

/* Adds the segment of the program headers and the tables, which begins at `off` in the file and holds `size`
 * bytes. Loaded segments ascend by address (gABI), so it follows the last of them. Returns its address. */
static uint64_t add_segment(struct object *o, uint64_t off, uint64_t size)
{
    uint32_t last = 0;
    uint64_t end = 0;
    for (uint32_t i = 0; i < o->eh.e_phnum; i++)
        if (o->ph[i].p_type == PT_LOAD) {
            last = i;
            end = o->ph[i].p_vaddr + o->ph[i].p_memsz;
        }
    uint64_t addr = align_up(end, PAGE) + off % PAGE;
    memmove(&o->ph[last + 2], &o->ph[last + 1], (o->eh.e_phnum - last - 1) * sizeof *o->ph);
    o->ph[last + 1] = (Elf64_Phdr){.p_type = PT_LOAD,
                                   .p_flags = PF_R,
                                   .p_offset = off,
                                   .p_vaddr = addr,
                                   .p_paddr = addr,
                                   .p_filesz = size,
                                   .p_memsz = size,
                                   .p_align = PAGE};
    o->eh.e_phnum++;
    for (uint32_t i = 0; i < o->eh.e_phnum; i++)
        if (o->ph[i].p_type == PT_PHDR) {
            o->ph[i].p_offset = off;
            o->ph[i].p_vaddr = o->ph[i].p_paddr = addr;
            o->ph[i].p_filesz = o->ph[i].p_memsz = o->eh.e_phnum * sizeof *o->ph;
        }
    o->eh.e_phoff = off;
    return addr;
}

/* Where the bytes of the object end that are loaded. */
static uint64_t loaded_end(const struct object *o)
{
    uint64_t end = sizeof o->eh;
    for (uint32_t i = 0; i < o->eh.e_phnum; i++)
        if (o->ph[i].p_type == PT_LOAD && o->ph[i].p_offset + o->ph[i].p_filesz > end)
            end = o->ph[i].p_offset + o->ph[i].p_filesz;
    return end;
}

/* Appends a section's bytes and its header; `addr` 0: it is not loaded. */
static void add_section(struct object *o, struct buf *out, struct buf *names, const char *name,
                        struct slice data, uint64_t addr)
{
    bool loaded = addr != 0;
    buf_align(out, loaded ? CACHE_LINE : 8);
    o->sh[o->eh.e_shnum++] = (Elf64_Shdr){.sh_name = (uint32_t)names->len,
                                          .sh_type = SHT_PROGBITS,
                                          .sh_flags = loaded ? SHF_ALLOC : 0,
                                          .sh_addr = addr,
                                          .sh_offset = out->len,
                                          .sh_size = data.len,
                                          .sh_addralign = loaded ? CACHE_LINE : 1};
    buf_add(names, name, strlen(name) + 1);
    buf_slice(out, data);
}

/* Drops the sections that are not loaded; the names of the rest go to `names`. */
static void keep_loaded_sections(struct object *o, struct buf *names)
{
    buf_char(names, 0);
    for (uint32_t i = 1; i < o->loaded_sections; i++) {
        const char *name = string_at(o, o->eh.e_shstrndx, o->sh[i].sh_name);
        o->sh[i].sh_name = (uint32_t)names->len;
        buf_add(names, name, strlen(name) + 1);
    }
    o->eh.e_shnum = (uint16_t)o->loaded_sections;
}

static void add_section_headers(struct object *o, struct buf *out, struct buf *names)
{
    static const char name[] = ".shstrtab";
    o->eh.e_shstrndx = o->eh.e_shnum;
    o->sh[o->eh.e_shnum++] = (Elf64_Shdr){.sh_name = (uint32_t)names->len,
                                          .sh_type = SHT_STRTAB,
                                          .sh_offset = out->len,
                                          .sh_size = names->len + sizeof name,
                                          .sh_addralign = 1};
    buf_add(names, name, sizeof name);
    buf_slice(out, buf_view(names));
    buf_align(out, 8);
    o->eh.e_shoff = out->len;
    buf_add(out, o->sh, o->eh.e_shnum * sizeof *o->sh);
}

const char *plan_elf_write(const struct plan_contents *c, struct buf *out)
{
    struct object o;
    struct buf names = {0};
    if (c->tables.len > UINT32_MAX || c->ir.len > UINT32_MAX || c->places.len > UINT32_MAX)
        return "a part of the plan would exceed 4 GiB";
    const char *wrong = read_headers(&o, c->object);
    if (!wrong)
        wrong = read_sections(&o);
    if (wrong)
        return wrong;
    uint64_t end = loaded_end(&o), headers = align_up(end, CACHE_LINE);
    uint64_t tables = align_up(headers + (o.eh.e_phnum + 1) * sizeof *o.ph, CACHE_LINE);
    uint64_t addr = add_segment(&o, headers, tables - headers + c->tables.len);
    keep_loaded_sections(&o, &names);

    buf_reserve(out, tables + c->tables.len + c->ir.len + c->places.len + c->manifest.len + PAGE);
    buf_add(out, c->object.p, end);
    buf_align(out, CACHE_LINE);
    buf_add(out, o.ph, o.eh.e_phnum * sizeof *o.ph);
    add_section(&o, out, &names, WEIR_SECTION_TABLES, c->tables, addr + (tables - headers));
    add_section(&o, out, &names, WEIR_SECTION_IR, c->ir, 0);
    add_section(&o, out, &names, WEIR_SECTION_PLACES, c->places, 0);
    add_section(&o, out, &names, WEIR_SECTION_MANIFEST, c->manifest, 0);
    add_section_headers(&o, out, &names);
    memcpy(out->p, &o.eh, sizeof o.eh);
    buf_free(&names);
    return NULL;
}
