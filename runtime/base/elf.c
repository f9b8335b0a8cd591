/* Sections of 64-bit little-endian ELF files; see elf.h. Headers are copied out before they are read: a file
 * in memory need not be aligned. */
#include "elf.h"

#include <elf.h>

static bool range_ok(struct slice file, uint64_t off, uint64_t len)
{
    return off <= file.len && len <= file.len - off;
}

static bool read_header(struct slice file, Elf64_Ehdr *eh)
{
    if (file.len < sizeof *eh)
        return false;
    memcpy(eh, file.p, sizeof *eh);
    return memcmp(eh->e_ident, ELFMAG, SELFMAG) == 0 && eh->e_ident[EI_CLASS] == ELFCLASS64 &&
           eh->e_ident[EI_DATA] == ELFDATA2LSB && eh->e_shentsize == sizeof(Elf64_Shdr) &&
           range_ok(file, eh->e_shoff, (uint64_t)eh->e_shnum * sizeof(Elf64_Shdr)) &&
           eh->e_shstrndx < eh->e_shnum;
}

static Elf64_Shdr section_at(struct slice file, const Elf64_Ehdr *eh, uint32_t i)
{
    Elf64_Shdr s;
    memcpy(&s, file.p + eh->e_shoff + (uint64_t)i * sizeof s, sizeof s);
    return s;
}

static bool name_is(struct slice names, uint32_t off, const char *name)
{
    size_t n = strlen(name) + 1;
    return off <= names.len && n <= names.len - off && memcmp(names.p + off, name, n) == 0;
}

/* Whether the loader will put the section's bytes at its address: what is checked in the file is then what
 * runs. */
static bool is_loaded(struct slice file, const Elf64_Ehdr *eh, const Elf64_Shdr *s)
{
    if (eh->e_phentsize != sizeof(Elf64_Phdr) ||
        !range_ok(file, eh->e_phoff, (uint64_t)eh->e_phnum * sizeof(Elf64_Phdr)))
        return false;
    for (uint32_t i = 0; i < eh->e_phnum; i++) {
        Elf64_Phdr p;
        memcpy(&p, file.p + eh->e_phoff + (uint64_t)i * sizeof p, sizeof p);
        if (p.p_type == PT_LOAD && range_ok(file, p.p_offset, p.p_filesz) && s->sh_offset >= p.p_offset &&
            s->sh_offset - p.p_offset <= p.p_filesz &&
            s->sh_size <= p.p_filesz - (s->sh_offset - p.p_offset) &&
            s->sh_addr - p.p_vaddr == s->sh_offset - p.p_offset)
            return true;
    }
    return false;
}

bool elf_section(struct slice file, const char *name, struct slice *data, uint64_t *addr)
{
    Elf64_Ehdr eh;
    if (!read_header(file, &eh))
        return false;
    Elf64_Shdr s = section_at(file, &eh, eh.e_shstrndx);
    if (s.sh_type == SHT_NOBITS || !range_ok(file, s.sh_offset, s.sh_size))
        return false;
    struct slice names = {file.p + s.sh_offset, s.sh_size};
    for (uint32_t i = 1; i < eh.e_shnum; i++) {
        s = section_at(file, &eh, i);
        if (!name_is(names, s.sh_name, name))
            continue;
        bool alloc = s.sh_flags & SHF_ALLOC;
        if (s.sh_type == SHT_NOBITS || !range_ok(file, s.sh_offset, s.sh_size) ||
            (alloc && !is_loaded(file, &eh, &s)))
            return false;
        *data = (struct slice){file.p + s.sh_offset, s.sh_size};
        if (addr)
            *addr = alloc ? s.sh_addr : 0;
        return true;
    }
    return false;
}
