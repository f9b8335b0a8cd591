/* Texts of which one must occur where a test holds: by them, a table finds the few of many `contains`, `matches` and `like`
 * that can hold for a subject, in one pass over it. Takes the atoms of a step, sets row_atom.infix.
 *
 * note [parts]: what a table is asked for has at most 8 bytes (WEIR_PROBE_INFIX). Of a longer text the part is taken that the
 * fewest other tests have; so of ten thousand patterns of one form, the parts in which they differ. A pattern without
 * such texts ("[a-z]+[0-9]", or "(?i)...") has no part, and is tried by itself. */
#include "compiler/layout.h"
#include "compiler/regex.h"

enum {
    ALTERNATIVES_MAX = 16, /* texts of which one must occur */
    CHOICES_MAX = 16,      /* such sets, of one pattern */
    COUNTED_MAX = 200000,  /* tests whose parts are counted; where there are more, the last part is taken */
};

/* Texts of which one must occur. */
struct texts {
    uint32_t n;
    struct slice v[ALTERNATIVES_MAX];
};

struct choices {
    struct arena *a;
    bool path; /* a slash alone says nothing */
    uint32_t n;
    struct texts v[CHOICES_MAX];
};

static void add_choice(struct choices *c, const struct texts *t)
{
    if (t->n > 0 && c->n < CHOICES_MAX)
        c->v[c->n++] = *t;
}

static void add_text(struct choices *c, struct slice s)
{
    struct texts t = {1, {s}};
    if (s.len > 0 && !(c->path && slice_eq(s, SLICE("/"))))
        add_choice(c, &t);
}

/* ---- regular expressions ------------------------------------------------------------------------- */

static int only_byte(const struct regex_node *n)
{
    int only = -1;
    for (unsigned b = 0; n->op == REGEX_SET && b < 256; b++) {
        if (!regex_set_has(n, (unsigned char)b))
            continue;
        if (only >= 0)
            return -1;
        only = (int)b;
    }
    return only;
}

static void find_choices(struct choices *c, const struct regex_node *n);

/* A text of bytes that follow each other goes on over what is empty. */
struct text_run {
    struct buf bytes;
};

static void end_run(struct choices *c, struct text_run *r)
{
    add_text(c, arena_copy(c->a, buf_view(&r->bytes)));
    r->bytes.len = 0;
}

static void follow(struct choices *c, const struct regex_node *n, struct text_run *r)
{
    int byte = only_byte(n);
    if (byte >= 0) {
        buf_char(&r->bytes, (char)byte);
    } else if (n->op == REGEX_CAT) {
        for (uint32_t i = 0; i < n->nkids; i++)
            follow(c, n->kids[i], r);
    } else if (n->op != REGEX_EMPTY && n->op != REGEX_BEGIN && n->op != REGEX_END) {
        end_run(c, r);
        find_choices(c, n);
    }
}

static uint32_t shortest(const struct texts *t)
{
    uint32_t n = UINT32_MAX;
    for (uint32_t i = 0; i < t->n; i++)
        if (t->v[i].len < n)
            n = (uint32_t)t->v[i].len;
    return n < WEIR_INFIX_MAX ? n : WEIR_INFIX_MAX;
}

/* One text set of each alternative: where one has none, there is none. */
static void find_of_alternatives(struct choices *c, const struct regex_node *n)
{
    struct texts all = {0};
    for (uint32_t i = 0; i < n->nkids; i++) {
        struct choices *kid = arena_new(c->a, struct choices);
        const struct texts *best = NULL;
        kid->a = c->a;
        kid->path = c->path;
        find_choices(kid, n->kids[i]);
        for (uint32_t k = 0; k < kid->n; k++)
            if (!best || shortest(&kid->v[k]) > shortest(best))
                best = &kid->v[k];
        if (!best || all.n + best->n > ALTERNATIVES_MAX)
            return;
        memcpy(all.v + all.n, best->v, best->n * sizeof *best->v);
        all.n += best->n;
    }
    add_choice(c, &all);
}

static void find_choices(struct choices *c, const struct regex_node *n)
{
    struct text_run r = {{0}};
    switch (n->op) {
    case REGEX_SET:
    case REGEX_CAT:
        if (n->op == REGEX_CAT || only_byte(n) >= 0)
            follow(c, n, &r);
        end_run(c, &r);
        break;
    case REGEX_ALT:
        find_of_alternatives(c, n);
        break;
    case REGEX_REPEAT:
        if (n->min > 0)
            find_choices(c, n->kids[0]);
        break;
    case REGEX_EMPTY:
    case REGEX_BEGIN:
    case REGEX_END:
        break;
    }
    buf_free(&r.bytes);
}

/* ---- tests --------------------------------------------------------------------------------------- */

/* The texts between stars: those at the ends are hints (layout_hint.c). */
static void find_of_glob(struct choices *c, struct slice s)
{
    size_t begin = s.len;
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] != '*')
            continue;
        if (begin < i)
            add_text(c, (struct slice){s.p + begin, i - begin});
        begin = i + 1;
    }
}

static void choices_of(struct choices *c, struct arena *scratch, const struct row_atom *atom)
{
    uint32_t err_off;
    const char *err;
    c->a = scratch;
    c->n = 0;
    c->path = atom->subject == ROW_SUBJECT_PATH;
    if (atom->test == ROW_CONTAINS) {
        add_text(c, atom->text);
    } else if (atom->test == ROW_LIKE) {
        find_of_glob(c, atom->text);
    } else {
        const struct regex_node *tree = regex_parse(scratch, atom->text, &err_off, &err);
        if (tree)
            find_choices(c, tree);
    }
}

static bool is_searched(const struct row_atom *atom)
{
    return !atom->negate && (atom->test == ROW_CONTAINS || atom->test == ROW_MATCHES || atom->test == ROW_LIKE);
}

/* ---- parts --------------------------------------------------------------------------------------- */

/* The lengths of parts: few, since each is a pass over the subject. */
static uint32_t part_len(size_t n)
{
    return n >= 8 ? 8 : n >= 5 ? 5 : n >= 3 ? 3 : (uint32_t)n;
}

struct parts {
    struct layout *l;
    struct arena scratch; /* of one test */
    struct strmap counts; /* how many tests have a part */
    bool counted;
};

static void count_parts(struct parts *p, const struct texts *t)
{
    for (uint32_t i = 0; i < t->n; i++) {
        uint32_t len = part_len(t->v[i].len);
        for (size_t at = 0; at + len <= t->v[i].len && at < 64; at++) {
            struct slice part = {t->v[i].p + at, len};
            uint32_t *count = strmap_get(&p->counts, part);
            if (count)
                ++*count;
            else
                strmap_put(&p->counts, p->l->a, arena_copy(p->l->a, part), 1, NULL);
        }
    }
}

/* The rarest part of a text, the last of equals; `*count`: how many tests have it, more for what occurs more by chance. */
static struct slice rarest(const struct parts *p, struct slice text, uint64_t *count)
{
    static const uint32_t weight[] = {0, 4096, 512, 64, 64, 4, 4, 4, 1};
    uint32_t len = part_len(text.len);
    struct slice best = {text.p + text.len - len, len};
    *count = UINT64_MAX;
    for (size_t at = 0; p->counted && at + len <= text.len && at < 64; at++) {
        const uint32_t *n = strmap_get(&p->counts, (struct slice){text.p + at, len});
        if (n && *n <= *count) {
            *count = *n;
            best = (struct slice){text.p + at, len};
        }
    }
    *count = (*count == UINT64_MAX ? 1 : *count) * weight[len];
    return best;
}

/* The texts with the rarest parts, as keys. */
static const struct row_keys *choose_parts(const struct parts *p, const struct choices *c)
{
    const struct texts *best = NULL;
    uint64_t least = UINT64_MAX, count;
    for (uint32_t i = 0; i < c->n; i++) {
        uint64_t sum = 0;
        for (uint32_t k = 0; k < c->v[i].n; k++) {
            rarest(p, c->v[i].v[k], &count);
            sum += count;
        }
        if (sum < least) {
            least = sum;
            best = &c->v[i];
        }
    }
    if (!best)
        return NULL;
    struct row_keys *keys = arena_new(p->l->a, struct row_keys);
    struct ir_key *own = arena_array(p->l->a, struct ir_key, best->n);
    for (uint32_t k = 0; k < best->n; k++)
        own[k].str = arena_copy(p->l->a, rarest(p, best->v[k], &count));
    *keys = (struct row_keys){.kind = IR_KEY_STRING, .n = best->n, .own = own};
    return keys;
}

/* Counts (`choose` false), then chooses. */
static void pass(struct parts *p, const struct rows_step *s, bool choose)
{
    struct choices c;
    for (uint32_t i = 0; i < s->rows.n; i++) {
        bool found = layout_has_rare_hint(p->l, &s->rows.v[i]);
        for (uint32_t k = 0; k < s->rows.v[i].natoms && !found; k++) {
            struct row_atom *atom = &s->rows.v[i].atoms[k];
            if (!is_searched(atom))
                continue;
            choices_of(&c, &p->scratch, atom);
            if (choose)
                atom->infix = choose_parts(p, &c);
            for (uint32_t x = 0; x < c.n && !choose; x++)
                count_parts(p, &c.v[x]);
            arena_free(&p->scratch);
        }
    }
}

void layout_find_infixes(struct layout *l, const struct rows_step *s)
{
    enum { FEW = 4 };
    struct parts p = {.l = l};
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->rows.n; i++)
        for (uint32_t k = 0; k < s->rows.v[i].natoms; k++)
            n += is_searched(&s->rows.v[i].atoms[k]);
    if (n < FEW)
        return;
    p.counted = n <= COUNTED_MAX;
    if (p.counted)
        pass(&p, s, false);
    pass(&p, s, true);
}
