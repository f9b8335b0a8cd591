/* Messages as they are reported, and the nearest word for "did you mean". Rendering is in diag_render.c. */
#include "compiler/diag.h"

#include <stdarg.h>
#include <strings.h>

const struct diag_info diag_infos[DIAG_CODES] = {
#define DIAG(code, level, title) [DIAG_##code] = {#code, DIAG_##level, title},
#include "grammar/diagnostics.def"
#undef DIAG
};

bool diag_is_error(enum diag_code code)
{
    return diag_infos[code].level == DIAG_ERROR;
}

enum diag_level diag_level(const struct diags *d, enum diag_code code)
{
    enum diag_level own = diag_infos[code].level;
    if (own == DIAG_ERROR)
        return own;
    if (d->levels.of[code])
        return (enum diag_level)(d->levels.of[code] - 1);
    return d->levels.deny_warnings ? DIAG_ERROR : own;
}

int diag_code_named(struct slice name)
{
    for (int i = 0; i < DIAG_CODES; i++)
        if (name.len == strlen(diag_infos[i].code) && strncasecmp(name.p, diag_infos[i].code, name.len) == 0)
            return i;
    return -1;
}

/* `to` = the formatted text of a function with `...` after `fmt`. */
#define FORMAT(to)                  \
    do {                            \
        va_list ap;                 \
        va_start(ap, fmt);          \
        (to) = arena_vprintf(d->arena, fmt, ap); \
        va_end(ap);                 \
    } while (0)

void diag_allow(struct diags *d, enum diag_code code, struct span span)
{
    vec_add(d->arena, &d->allows, ((struct diag_allow){code, span}));
}

static bool is_allowed(const struct diags *d, enum diag_code code, struct span at)
{
    for (uint32_t i = 0; i < d->allows.n; i++) {
        const struct diag_allow *a = &d->allows.v[i];
        if (a->code == code && a->span.file == at.file && at.off - a->span.off < a->span.len)
            return true;
    }
    return false;
}

struct diag *diag_report(struct diags *d, enum diag_code code, struct span span, const char *fmt, ...)
{
    struct diag *x = arena_new(d->arena, struct diag);
    x->code = code;
    x->primary.span = span;
    FORMAT(x->message);
    enum diag_level level = diag_level(d, code);
    if (level == DIAG_SILENT || (diag_infos[code].level == DIAG_WARNING && is_allowed(d, code, span)))
        return x;
    vec_add(d->arena, &d->list, x);
    d->errors += diag_infos[code].level == DIAG_ERROR;
    d->denied += level == DIAG_ERROR && diag_infos[code].level != DIAG_ERROR;
    d->warnings += level == DIAG_WARNING;
    return x;
}

void diag_label(struct diags *d, struct diag *x, const char *fmt, ...)
{
    FORMAT(x->primary.text);
}

void diag_secondary(struct diags *d, struct diag *x, struct span span, const char *fmt, ...)
{
    struct diag_label *l = vec_push(d->arena, &x->secondary);
    l->span = span;
    FORMAT(l->text);
}

void diag_note(struct diags *d, struct diag *x, const char *fmt, ...)
{
    FORMAT(*vec_push(d->arena, &x->notes));
}

void diag_help(struct diags *d, struct diag *x, const char *fmt, ...)
{
    FORMAT(*vec_push(d->arena, &x->helps));
}

void diag_fix(struct diag *x, enum diag_applicability how, struct span at, struct slice text)
{
    x->has_fix = true;
    x->applicability = how;
    x->fix_at = at;
    x->fix_text = text;
}

void diag_fix_also(struct diags *d, struct diag *x, struct span at, struct slice text)
{
    vec_add(d->arena, &x->more_edits, ((struct diag_edit){at, text}));
}

enum { WORD_MAX = 64 };

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* How many letters must be changed, added, dropped or swapped with their neighbour; each letter takes part once
 * (optimal string alignment). Both words have at most WORD_MAX bytes. */
static uint32_t distance(struct slice a, struct slice b)
{
    uint32_t rows[3][WORD_MAX + 1];
    uint32_t *older = rows[0], *old = rows[1], *now = rows[2];
    for (uint32_t j = 0; j <= b.len; j++)
        old[j] = j;
    for (uint32_t i = 1; i <= a.len; i++) {
        now[0] = i;
        for (uint32_t j = 1; j <= b.len; j++) {
            uint32_t change = old[j - 1] + (a.p[i - 1] != b.p[j - 1]);
            now[j] = least(change, least(old[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
                now[j] = least(now[j], older[j - 2] + 1);
        }
        uint32_t *free_row = older;
        older = old;
        old = now;
        now = free_row;
    }
    return old[b.len];
}

struct slice diag_nearest(struct slice word, const struct slice *candidates, uint32_t n)
{
    bool sure;
    return diag_nearest_sure(word, candidates, n, &sure);
}

struct slice diag_nearest_sure(struct slice word, const struct slice *candidates, uint32_t n, bool *sure)
{
    struct slice best = {0};
    *sure = false;
    uint32_t limit = word.len < 3 ? 1 : (uint32_t)word.len / 3, best_distance = limit + 1;
    if (word.len < 2 || word.len > WORD_MAX)
        return best;
    for (uint32_t i = 0; i < n; i++) {
        struct slice c = candidates[i];
        if (c.len > WORD_MAX || c.len + limit < word.len || c.len > word.len + limit)
            continue;
        uint32_t d = distance(word, c);
        if (d == best_distance && !slice_eq(c, best))
            *sure = false;
        if (d > 0 && d < best_distance) {
            best = c;
            best_distance = d;
            *sure = d == 1;
        }
    }
    return best;
}
