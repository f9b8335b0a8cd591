/* Finds files in the text of the standard library, where a line `# stdconf/NAME.weir` stands before each. */
#include "compiler/stdconf.h"

#include "compiler/embed.h"

static const char mark[] = "# stdconf/", extension[] = ".weir\n";

static struct slice all(void)
{
    return embed_slice(embed_stdconf, embed_stdconf_end);
}

/* The next file from `*at` on: its name and its text. False at the end. */
static bool next(size_t *at, struct slice *name, struct slice *text)
{
    struct slice s = slice_from(all(), *at);
    if (!slice_starts(s, SLICE(mark)))
        return false;
    const char *end = memmem(s.p, s.len, extension, sizeof extension - 1);
    if (!end)
        return false;
    *name = (struct slice){s.p + 2, (size_t)(end - s.p) - 2};
    struct slice rest = slice_from(s, (size_t)(end - s.p) + sizeof extension - 1);
    const char *after = memmem(rest.p, rest.len, "\n# stdconf/", sizeof "\n# stdconf/" - 1);
    *text = (struct slice){rest.p, after ? (size_t)(after + 1 - rest.p) : rest.len};
    *at = (size_t)(text->p + text->len - all().p);
    return true;
}

bool stdconf_is(struct slice name)
{
    return slice_eq(name, SLICE("stdconf")) || (slice_starts(name, SLICE("stdconf/")) && !slice_ends(name, SLICE(".weir")));
}

bool stdconf_text(struct slice name, struct slice *text)
{
    struct slice have;
    *text = all();
    if (slice_eq(name, SLICE("stdconf")))
        return true;
    for (size_t at = 0; next(&at, &have, text);)
        if (slice_eq(have, name))
            return true;
    return false;
}

uint32_t stdconf_names(struct slice *names)
{
    struct slice text;
    uint32_t n = 0;
    names[n++] = SLICE("stdconf");
    for (size_t at = 0; n < STDCONF_MAX && next(&at, &names[n], &text);)
        n++;
    return n;
}
