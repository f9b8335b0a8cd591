/* Globs as pieces, and the writing of patterns; see pattern.h.
 *
 * note [globs]: "**" takes any bytes, so what stands before the first one is matched from the begin, what stands behind the
 * last one from the end, each with as few bytes as can be, and a text between two is found at its first place. A star within
 * a segment is as good with fewer bytes as with more: where the text behind it stands at two places of one
 * segment, whatever can follow the later one can follow the earlier one too. */
#include "compiler/pattern.h"

enum { TEXT_MAX = 255 };

/* ---- pieces ------------------------------------------------------------------------------------ */

/* One after the other says the same. */
static bool may_be_cut(enum weir_piece piece)
{
    return piece <= WEIR_PIECE_TAIL_FOLDED;
}

/* A long text is several; of those at the end, the last comes first. */
void pieces_add_text(struct pieces *out, enum weir_piece piece, struct slice text)
{
    out->fails |= text.len > TEXT_MAX && !may_be_cut(piece);
    while (text.len > 0 && may_be_cut(piece)) {
        size_t n = text.len < TEXT_MAX ? text.len : TEXT_MAX;
        bool tail = piece & 1;
        struct slice part = {tail ? text.p + text.len - n : text.p, n};
        buf_char(&out->bytes, (char)piece);
        buf_char(&out->bytes, (char)n);
        buf_slice(&out->bytes, part);
        text = tail ? (struct slice){text.p, text.len - n} : slice_from(text, n);
    }
    if (may_be_cut(piece) || out->fails)
        return;
    buf_char(&out->bytes, (char)piece);
    buf_char(&out->bytes, (char)text.len);
    buf_slice(&out->bytes, text);
}

void pieces_add_dfa(struct pieces *out, enum weir_piece piece, uint32_t dfa)
{
    buf_char(&out->bytes, (char)piece);
    buf_add(&out->bytes, &dfa, sizeof dfa);
    out->fails |= dfa == 0;
}

/* ---- globs ------------------------------------------------------------------------------------- */

/* A star with the text that follows it forwards, or that stands before it. */
static void add_star(struct pieces *out, enum weir_piece piece, char separator, struct slice text)
{
    out->fails |= text.len > TEXT_MAX;
    buf_char(&out->bytes, (char)piece);
    buf_char(&out->bytes, separator);
    buf_char(&out->bytes, (char)text.len);
    buf_slice(&out->bytes, text);
}

/* The text from `i` to the next star. */
static struct slice text_from(struct slice s, size_t i)
{
    const char *star = i < s.len ? memchr(s.p + i, '*', s.len - i) : NULL;
    return (struct slice){s.p + i, star ? (size_t)(star - s.p) - i : s.len - i};
}

static struct slice text_until(struct slice s, size_t end)
{
    const char *star = end ? memrchr(s.p, '*', end) : NULL;
    size_t begin = star ? (size_t)(star - s.p) + 1 : 0;
    return (struct slice){s.p + begin, end - begin};
}

/* text*text..., to its end. */
static void add_head(struct pieces *out, struct slice s, char separator)
{
    struct slice text = text_from(s, 0);
    pieces_add_text(out, WEIR_PIECE_TEXT, text);
    for (size_t at = text.len; at < s.len; at += 1 + text.len) {
        text = text_from(s, at + 1);
        add_star(out, WEIR_PIECE_STAR, separator, text);
    }
}

static void add_tail(struct pieces *out, struct slice s, char separator)
{
    struct slice text = text_until(s, s.len);
    pieces_add_text(out, WEIR_PIECE_TAIL_TEXT, text);
    for (size_t end = s.len - text.len; end > 0; end -= 1 + text.len) {
        text = text_until(s, end - 1);
        add_star(out, WEIR_PIECE_TAIL_STAR, separator, text);
    }
}

/* Without "**": the last text stands at the end, and a star is before it. */
static void add_flat(struct pieces *out, struct slice s, char separator)
{
    const char *star = memrchr(s.p, '*', s.len);
    if (!star) {
        pieces_add_text(out, WEIR_PIECE_TEXT, s);
        return;
    }
    struct slice head = {s.p, (size_t)(star - s.p)};
    pieces_add_text(out, WEIR_PIECE_TEXT, text_from(head, 0));
    pieces_add_text(out, WEIR_PIECE_TAIL_TEXT, slice_from(s, head.len + 1));
    for (size_t at = text_from(head, 0).len; at < head.len;) {
        struct slice text = text_from(head, at + 1);
        add_star(out, WEIR_PIECE_STAR, separator, text);
        at += 1 + text.len;
    }
    buf_char(&out->bytes, (char)WEIR_PIECE_STAR_REST);
    buf_char(&out->bytes, separator);
}

/* Where the next "**" of `s` begins, from `i` on, or s.len: stars are taken in pairs from the left. */
static size_t find_deep(struct slice s, size_t i)
{
    while (i + 1 < s.len && !(s.p[i] == '*' && s.p[i + 1] == '*'))
        i++;
    return i + 1 < s.len ? i : s.len;
}

static void glob_pieces(struct slice s, char separator, struct pieces *out)
{
    size_t first = find_deep(s, 0), last = first;
    if (first == s.len) {
        add_flat(out, s, separator);
        return;
    }
    for (size_t i = first; i < s.len; i = find_deep(s, i + 2))
        last = i;
    add_head(out, (struct slice){s.p, first}, separator);
    add_tail(out, slice_from(s, last + 2), separator);
    for (size_t i = first; i < last;) {
        size_t next = find_deep(s, i + 2);
        struct slice text = {s.p + i + 2, next - i - 2};
        out->fails |= memchr(text.p, '*', text.len) != NULL;
        pieces_add_text(out, WEIR_PIECE_FIND, text);
        i = next;
    }
    buf_char(&out->bytes, (char)WEIR_PIECE_SOME);
}

/* ---- writing ----------------------------------------------------------------------------------- */

static uint32_t write_pieces(struct patterns *p, const struct pieces *x)
{
    struct weir_automaton head = {.kind = WEIR_AUTOMATON_PIECES, .len = (uint16_t)x->bytes.len};
    uint32_t at = blob_add(p->blob, &head, WEIR_PIECES_HEAD, 4);
    blob_add(p->blob, x->bytes.p, x->bytes.len, 1);
    return at;
}

static uint32_t write_automaton(struct patterns *p, struct slice text, char separator, const char **limit)
{
    struct arena scratch = {0};
    struct regex_automaton m;
    uint32_t at = 0;
    *limit = regex_dfa_build(&scratch, text, separator, p->bytes > PATTERN_BYTES_A_PLAN, &m);
    size_t before = p->blob->out->len;
    if (!*limit)
        at = regex_dfa_write(&m, p->blob);
    p->bytes += p->blob->out->len - before;
    arena_free(&scratch);
    return at;
}

uint32_t pattern_write(struct patterns *p, struct slice text, char separator, const char **limit)
{
    struct pieces x = {{0}, false};
    *limit = NULL;
    if (separator) {
        glob_pieces(text, separator, &x);
    } else {
        struct arena scratch = {0};
        uint32_t err_off;
        const char *err;
        const struct regex_node *tree = regex_parse(&scratch, text, &err_off, &err);
        x.fails = tree == NULL;
        if (tree)
            pattern_regex_pieces(p, tree, &x);
        arena_free(&scratch);
    }
    bool done = !x.fails && x.bytes.len <= UINT16_MAX;
    uint32_t at = done ? write_pieces(p, &x) : write_automaton(p, text, separator, limit);
    buf_free(&x.bytes);
    return at;
}

uint32_t pattern_write_replace(struct patterns *p, struct slice text, const char **limit)
{
    struct regex_automaton m;
    *limit = regex_nfa_build(p->a, text, &m);
    return *limit ? 0 : regex_dfa_write(&m, p->blob);
}
