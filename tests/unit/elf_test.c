/* Sections of ELF files, and the digest in a manifest: what the runtime reads before it trusts a plan. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <elf.h>

#include "runtime/base/buf.h"
#include "runtime/base/elf.h"
#include "runtime/base/manifest_digest.h"

/* ---- a file made by hand: null, .weir.tables (loaded), .weir.ir, .shstrtab ----------------------- */

enum { SECTIONS = 4, BASE = 0x10000 };

struct image {
    Elf64_Ehdr eh;
    Elf64_Phdr ph;
    char tables[16], ir[8], names[40];
    Elf64_Shdr sh[SECTIONS];
};

static void make_image(struct image *x)
{
    static const char names[] = "\0.weir.tables\0.weir.ir\0.shstrtab";
    *x = (struct image){
        .eh = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
               .e_type = ET_DYN,
               .e_ehsize = sizeof x->eh,
               .e_phoff = offsetof(struct image, ph),
               .e_phentsize = sizeof x->ph,
               .e_phnum = 1,
               .e_shoff = offsetof(struct image, sh),
               .e_shentsize = sizeof *x->sh,
               .e_shnum = SECTIONS,
               .e_shstrndx = 3},
        .ph = {.p_type = PT_LOAD,
               .p_vaddr = BASE,
               .p_filesz = offsetof(struct image, names),
               .p_memsz = offsetof(struct image, names)},
        .tables = "sixteen bytes..",
        .ir = "the IR.",
    };
    memcpy(x->names, names, sizeof names);
    x->sh[1] = (Elf64_Shdr){.sh_name = 1,
                            .sh_type = SHT_PROGBITS,
                            .sh_flags = SHF_ALLOC,
                            .sh_addr = BASE + offsetof(struct image, tables),
                            .sh_offset = offsetof(struct image, tables),
                            .sh_size = 16};
    x->sh[2] = (Elf64_Shdr){
        .sh_name = 14, .sh_type = SHT_PROGBITS, .sh_offset = offsetof(struct image, ir), .sh_size = 8};
    x->sh[3] = (Elf64_Shdr){.sh_name = 23,
                            .sh_type = SHT_STRTAB,
                            .sh_offset = offsetof(struct image, names),
                            .sh_size = sizeof names};
}

static struct slice whole(const struct image *x)
{
    return (struct slice){(const char *)x, sizeof *x};
}

static void finds_sections(void **state)
{
    (void)state;
    struct image x;
    struct slice data;
    uint64_t addr = 1;
    make_image(&x);
    assert_true(elf_section(whole(&x), WEIR_SECTION_TABLES, &data, &addr));
    assert_int_equal(addr, BASE + offsetof(struct image, tables));
    assert_ptr_equal(data.p, x.tables);
    assert_int_equal(data.len, 16);
    assert_true(elf_section(whole(&x), WEIR_SECTION_IR, &data, &addr));
    assert_int_equal(addr, 0);
    assert_ptr_equal(data.p, x.ir);
    assert_true(elf_section(whole(&x), WEIR_SECTION_IR, &data, NULL));
    assert_false(elf_section(whole(&x), WEIR_SECTION_MANIFEST, &data, &addr));
    assert_false(elf_section(whole(&x), ".weir.i", &data, &addr));
    assert_false(elf_section(whole(&x), ".weir.irx", &data, &addr));
}

/* Each change makes the tables' section something that must not be believed. */
static void refuses_what_is_not_so(void **state)
{
    (void)state;
    struct image x;
    struct slice data;
    for (int i = 0; i < 14; i++) {
        make_image(&x);
        assert_true(elf_section(whole(&x), WEIR_SECTION_TABLES, &data, NULL));
        switch (i) {
        case 0:
            x.eh.e_ident[EI_CLASS] = ELFCLASS32;
            break;
        case 1:
            x.eh.e_ident[EI_DATA] = ELFDATA2MSB;
            break;
        case 2:
            x.eh.e_ident[0] = 0;
            break;
        case 3:
            x.eh.e_shoff = UINT64_MAX - 8;
            break;
        case 4:
            x.eh.e_shnum = 5;
            break;
        case 5:
            x.eh.e_shstrndx = 4;
            break;
        case 6:
            x.sh[1].sh_offset = sizeof x;
            break;
        case 7:
            x.sh[1].sh_size = UINT64_MAX;
            break;
        case 8:
            x.sh[1].sh_type = SHT_NOBITS;
            break;
        case 9:
            x.sh[1].sh_addr += 8;
            break; /* other bytes are at that address */
        case 10:
            x.ph.p_filesz = offsetof(struct image, ir) - 1;
            break; /* its end is not loaded */
        case 11:
            x.ph.p_type = PT_NOTE;
            break;
        case 12:
            x.eh.e_phoff = sizeof x - 8;
            break;
        case 13:
            x.sh[3].sh_size = 13;
            break; /* the name lacks its NUL */
        }
        assert_false(elf_section(whole(&x), WEIR_SECTION_TABLES, &data, NULL));
    }
}

static void reads_no_byte_beyond(void **state)
{
    (void)state;
    struct image x;
    struct slice data;
    make_image(&x);
    for (size_t n = 0; n < sizeof x; n++) {
        char *cut = malloc(n + 1);
        memcpy(cut, &x, n);
        assert_false(elf_section((struct slice){cut, n}, WEIR_SECTION_IR, &data, NULL));
        free(cut);
    }
    char *odd = malloc(sizeof x + 1); /* not aligned */
    memcpy(odd + 1, &x, sizeof x);
    assert_true(elf_section((struct slice){odd + 1, sizeof x}, WEIR_SECTION_IR, &data, NULL));
    free(odd);
}

#define D "0123456789abcdef0123456789abcdef"

static void digest_of_a_manifest(void **state)
{
    (void)state;
    static const char *const good[] = {
        "{\"digest\":\"" D "\"}",
        "{ \"a\" : [ {\"digest\": \"ffffffffffffffffffffffffffffffff\"} ],\n \"digest\" : \"" D "\" }",
        "{\"x\": \"\\\"digest\\\": \\\"no\\\"\", \"y\": {\"digest\": 1}, \"digest\": \"" D "\"}",
        "{\"x\": \"digest\", \"digest\": \"" D "\"}",
    };
    static const char *const bad[] = {
        "",
        "{}",
        "{\"digest\"",
        "{\"digest\":",
        "{\"digest\":\"",
        "{\"digest\":\"" D,
        "{\"digest\":12}",
        "{\"digest\":\"abc\"}",
        "{\"digest\":\"0123456789ABCDEF0123456789ABCDEF\"}",
        "{\"a\":{\"digest\":\"" D "\"}}",
        "{\"a\":\"digest\"}",
        "\"digest\":\"" D "\"",
        "{\"a\\",
        "{\"digest\":\"\\",
    };
    char out[33];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(manifest_digest(slice_of(good[i]), out));
        assert_string_equal(out, D);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t n = strlen(bad[i]);
        char *copy = malloc(n + 1);
        memcpy(copy, bad[i], n);
        assert_false(manifest_digest((struct slice){copy, n}, out));
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_sections),
        cmocka_unit_test(refuses_what_is_not_so),
        cmocka_unit_test(reads_no_byte_beyond),
        cmocka_unit_test(digest_of_a_manifest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
