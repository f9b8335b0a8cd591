/* Long explanations of messages; see explain_code.h. The build joins grammar/explanations/CODE.txt into one text: a line
 * that begins with a form feed names the code whose file follows. */
#include "compiler/explain_code.h"

#include <ctype.h>

#include "compiler/embed.h"

static struct slice take_line(struct slice *rest)
{
    const char *end = memchr(rest->p, '\n', rest->len);
    struct slice line = {rest->p, end ? (size_t)(end - rest->p) : rest->len};
    *rest = slice_from(*rest, line.len + (end != NULL));
    return line;
}

struct slice explain_code_source(enum diag_code code)
{
    struct slice rest = embed_slice(embed_explanations, embed_explanations_end);
    while (rest.len) {
        struct slice line = take_line(&rest);
        if (!slice_starts(line, SLICE("\f")) || !slice_eq(slice_from(line, 1), slice_of(diag_infos[code].code)))
            continue;
        const char *end = memchr(rest.p, '\f', rest.len);
        return end ? (struct slice){rest.p, (size_t)(end - rest.p)} : rest;
    }
    return (struct slice){0};
}

/* `wrong in route:` and its like. */
static bool is_heading(struct slice line, struct code_part *out)
{
    static const struct {
        struct slice word;
        enum code_part_kind kind;
    } words[] = {{SLICE("wrong"), CODE_WRONG}, {SLICE("right"), CODE_RIGHT}, {SLICE("file"), CODE_FILE}};
    if (!slice_ends(line, SLICE(":")))
        return false;
    line.len--;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!slice_starts(line, words[i].word))
            continue;
        struct slice rest = slice_from(line, words[i].word.len);
        struct slice before = words[i].kind == CODE_FILE ? SLICE(" ") : SLICE(" in ");
        if (words[i].kind != CODE_FILE && rest.len == 0)
            before = SLICE("");
        if (!slice_starts(rest, before))
            continue;
        *out = (struct code_part){.kind = words[i].kind, .name = slice_from(rest, before.len)};
        return !memchr(out->name.p, ' ', out->name.len);
    }
    return false;
}

static bool is_example_line(struct slice line)
{
    return line.len == 0 || slice_starts(line, SLICE("  "));
}

bool explain_code_part(struct slice *rest, struct code_part *out)
{
    struct code_part next;
    while (rest->len && rest->p[0] == '\n')
        *rest = slice_from(*rest, 1);
    if (!rest->len)
        return false;
    struct slice after = *rest, line = take_line(&after);
    const char *from = rest->p;
    *out = (struct code_part){.kind = CODE_PROSE};
    if (is_heading(line, out))
        from = after.p;
    for (*rest = after; rest->len; *rest = after) {
        line = take_line(&after);
        if (out->kind == CODE_PROSE ? is_heading(line, &next) : !is_example_line(line))
            break;
    }
    out->text = (struct slice){from, (size_t)(rest->p - from)};
    while (out->text.len && out->text.p[out->text.len - 1] == '\n')
        out->text.len--;
    return true;
}

struct slice explain_code_summary(struct arena *a, enum diag_code code)
{
    struct slice rest = explain_code_source(code);
    if (!rest.p)
        return SLICE("");
    const char *end = memmem(rest.p, rest.len, "\n\n", 2);
    struct slice s = arena_copy(a, (struct slice){rest.p, end ? (size_t)(end - rest.p) : rest.len});
    for (char *p = (char *)s.p; p < s.p + s.len; p++)
        *p = *p == '\n' ? ' ' : *p;
    while (s.len && s.p[s.len - 1] == ' ')
        s.len--;
    return s;
}

/* ---- for people ---------------------------------------------------------------------------------- */

static void put_example(const struct code_part *part, struct buf *out)
{
    struct slice rest = part->text;
    if (part->kind == CODE_FILE)
        buf_printf(out, "%.*s:\n\n", SLICE_ARG(part->name));
    else
        buf_printf(out, "%s%s%.*s%s:\n\n", part->kind == CODE_WRONG ? "Wrong" : "Right", part->name.len ? ", in `" : "",
                   SLICE_ARG(part->name), part->name.len ? "`" : "");
    while (rest.len) {
        struct slice line = take_line(&rest);
        buf_printf(out, "%s%.*s\n", line.len ? "  " : "", SLICE_ARG(line));
    }
}

void explain_code(enum diag_code code, struct buf *out)
{
    const struct diag_info *info = &diag_infos[code];
    struct slice rest = explain_code_source(code);
    struct code_part part;
    buf_printf(out, "%s, %s: %s\n", info->code, info->level == DIAG_ERROR ? "an error" : "a warning", info->title);
    while (explain_code_part(&rest, &part)) {
        buf_char(out, '\n');
        if (part.kind == CODE_PROSE)
            buf_printf(out, "%.*s\n", SLICE_ARG(part.text));
        else
            put_example(&part, out);
    }
}

void explain_code_list(struct buf *out)
{
    for (int i = 0; i < DIAG_CODES; i++)
        buf_printf(out, "%s  %s\n", diag_infos[i].code, diag_infos[i].title);
}

bool explain_code_form(const char *word)
{
    if (!isalpha((unsigned char)word[0]))
        return false;
    for (int i = 1; i <= 4; i++)
        if (!isdigit((unsigned char)word[i]))
            return false;
    return word[5] == 0;
}
