/* --allow, --warn, --deny, --deny-warnings and --color; see levels.h. */
#include "compiler/levels.h"

#include "compiler/cmd.h"

static int unknown_code(const char *command, struct slice word)
{
    struct slice codes[DIAG_CODES];
    char upper[16];
    size_t n = word.len < sizeof upper ? word.len : sizeof upper;
    for (int i = 0; i < DIAG_CODES; i++)
        codes[i] = slice_of(diag_infos[i].code);
    for (size_t i = 0; i < n; i++)
        upper[i] = word.p[i] >= 'a' && word.p[i] <= 'z' ? (char)(word.p[i] - 32) : word.p[i];
    struct slice near = diag_nearest((struct slice){upper, n}, codes, DIAG_CODES);
    if (near.p)
        return cmd_usage(command, "there is no code `%.*s`; did you mean `%.*s`?", SLICE_ARG(word),
                         SLICE_ARG(near));
    return cmd_usage(command, "there is no code `%.*s`; `weir explain --list` shows all", SLICE_ARG(word));
}

static int set_level(const char *command, struct slice word, enum diag_level level, struct diag_levels *to)
{
    int code = diag_code_named(word);
    if (code < 0)
        return unknown_code(command, word);
    if (diag_infos[code].level == DIAG_ERROR && level != DIAG_ERROR)
        return cmd_usage(command, "%s is an error, and stays one: %s", diag_infos[code].code,
                         diag_infos[code].title);
    if (to->of[code] && to->of[code] != 1 + level)
        return cmd_usage(command, "%s is given two levels", diag_infos[code].code);
    to->of[code] = (uint8_t)(1 + level);
    return OPTIONS_GO_ON;
}

/* Codes with commas between. */
static int set_levels(const char *command, const struct option_texts *texts, enum diag_level level,
                      struct diag_levels *to)
{
    for (uint32_t i = 0; i < texts->n; i++) {
        struct slice rest = slice_of(texts->v[i]);
        for (;;) {
            const char *comma = memchr(rest.p, ',', rest.len);
            struct slice word = {rest.p, comma ? (size_t)(comma - rest.p) : rest.len};
            int r = set_level(command, word, level, to);
            if (r != OPTIONS_GO_ON)
                return r;
            if (!comma)
                break;
            rest = slice_from(rest, word.len + 1);
        }
    }
    return OPTIONS_GO_ON;
}

int levels_read(const char *command, const struct level_options *l, struct driver_options *o)
{
    const struct {
        const struct option_texts *texts;
        enum diag_level level;
    } all[] = {{&l->allow, DIAG_SILENT}, {&l->warn, DIAG_WARNING}, {&l->deny, DIAG_ERROR}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        int r = set_levels(command, all[i].texts, all[i].level, &o->levels);
        if (r != OPTIONS_GO_ON)
            return r;
    }
    o->levels.deny_warnings = l->deny_warnings;
    if (!l->color || strcmp(l->color, "auto") == 0)
        o->color = driver_wants_color();
    else if (strcmp(l->color, "always") == 0 || strcmp(l->color, "never") == 0)
        o->color = l->color[0] == 'a';
    else
        return cmd_usage(command, "--color is always, never or auto, not `%s`", l->color);
    return OPTIONS_GO_ON;
}
