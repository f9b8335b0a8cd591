/* The parser of regex.h: recursive descent with a depth limit, one function for each level of precedence. Each
 * yields its tree, or NULL after fail(). */
#include "compiler/regex.h"

#include "runtime/base/vec.h"

struct parser {
    struct arena *arena;
    struct slice text;
    uint32_t at, depth, nodes;
    bool nocase;
    uint32_t err_off;
    const char *err; /* the first error; NULL: none */
};

struct node_list {
    VEC(struct regex_node *) nodes;
};

static struct regex_node *parse_alternatives(struct parser *p);

static struct regex_node *fail(struct parser *p, uint32_t off, const char *why)
{
    if (!p->err) {
        p->err = why;
        p->err_off = off;
    }
    return NULL;
}

static bool at_end(const struct parser *p)
{
    return p->at >= p->text.len;
}

/* The byte `ahead` bytes from here, or -1 beyond the end. */
static int peek(const struct parser *p, uint32_t ahead)
{
    return p->at + ahead < p->text.len ? (unsigned char)p->text.p[p->at + ahead] : -1;
}

static bool looking_at(const struct parser *p, const char *what)
{
    return slice_starts(slice_from(p->text, p->at), slice_of(what));
}

static struct regex_node *node(struct parser *p, enum regex_op op)
{
    if (++p->nodes > REGEX_MAX_NODES)
        return fail(p, p->at, "the regular expression is too large");
    struct regex_node *n = arena_new(p->arena, struct regex_node);
    n->op = op;
    return n;
}

static struct regex_node *set_node(struct parser *p)
{
    struct regex_node *n = node(p, REGEX_SET);
    if (n)
        n->set = arena_array(p->arena, uint64_t, 4);
    return n;
}

/* --- sets of bytes --- */

static void set_byte(uint64_t *set, unsigned b)
{
    set[b / 64] |= (uint64_t)1 << (b % 64);
}

static void set_range(uint64_t *set, unsigned from, unsigned to)
{
    for (unsigned b = from; b <= to; b++)
        set_byte(set, b);
}

static void set_invert(uint64_t *set)
{
    for (int i = 0; i < 4; i++)
        set[i] = ~set[i];
}

/* Adds the other case of each letter. */
static void set_fold(uint64_t *set)
{
    for (unsigned c = 'a'; c <= 'z'; c++) {
        unsigned upper = c - 32;
        if ((set[c / 64] >> (c % 64) & 1) || (set[upper / 64] >> (upper % 64) & 1)) {
            set_byte(set, c);
            set_byte(set, upper);
        }
    }
}

/* Adds what \d \w \s or their capital complements stand for. False where `c` is none of them. */
static bool set_shorthand(uint64_t *set, int c)
{
    uint64_t own[4] = {0};
    switch (c | 0x20) {
    case 'd':
        set_range(own, '0', '9');
        break;
    case 'w':
        set_range(own, 'a', 'z');
        set_range(own, 'A', 'Z');
        set_range(own, '0', '9');
        set_byte(own, '_');
        break;
    case 's':
        set_range(own, '\t', '\r');
        set_byte(own, ' ');
        break;
    default:
        return false;
    }
    if (c < 'a')
        set_invert(own);
    for (int i = 0; i < 4; i++)
        set[i] |= own[i];
    return true;
}

static int hex_value(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte of an escape that stands for one byte; `p` is after the backslash. -1 after fail(). */
static int escaped_byte(struct parser *p)
{
    uint32_t start = p->at - 1;
    int c = peek(p, 0);
    p->at++;
    switch (c) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'x': {
        int hi = hex_value(peek(p, 0)), lo = hex_value(peek(p, 1));
        if (hi >= 0 && lo >= 0) {
            p->at += 2;
            return hi * 16 + lo;
        }
        fail(p, start, "`\\x` needs two hexadecimal digits");
        return -1;
    }
    case -1:
        fail(p, start, "a backslash at the end");
        return -1;
    }
    if (c >= '1' && c <= '9')
        fail(p, start, "a backreference, which a linear-time engine cannot match");
    else if (c == 'b' || c == 'B')
        fail(p, start, "word boundaries are not supported");
    else if (c <= ' ' || c >= 0x7f || hex_value(c) >= 0 || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
        fail(p, start, "an unknown escape");
    else
        return c;
    return -1;
}

/* --- classes --- */

/* One member of a class: adds a shorthand and returns -1, or returns the byte (-1 after an error, too). */
static int class_member(struct parser *p, uint64_t *set)
{
    int c = peek(p, 0);
    if (c == '[' && (peek(p, 1) == ':' || peek(p, 1) == '.' || peek(p, 1) == '='))
        return fail(p, p->at, "named classes are not supported; write the bytes, as in [a-z0-9]"), -1;
    if (c >= 0x80)
        return fail(p, p->at, "only ASCII can stand in a class: expressions match bytes"), -1;
    p->at++;
    if (c != '\\')
        return c;
    if (peek(p, 0) >= 0 && set_shorthand(set, peek(p, 0))) {
        p->at++;
        return -1;
    }
    return escaped_byte(p);
}

static struct regex_node *parse_class(struct parser *p)
{
    uint32_t open = p->at++;
    struct regex_node *n = set_node(p);
    bool negate = peek(p, 0) == '^', first = true;
    p->at += negate;
    for (; n && !p->err && (first || peek(p, 0) != ']'); first = false) {
        if (at_end(p))
            return fail(p, open, "this class is not closed with `]`");
        uint32_t start = p->at;
        int from = class_member(p, n->set), to = from;
        if (!p->err && peek(p, 0) == '-' && peek(p, 1) >= 0 && peek(p, 1) != ']') {
            p->at++;
            to = class_member(p, n->set);
            if (!p->err && (from < 0 || to < from))
                fail(p, start, "this range is empty or not between two bytes");
        }
        if (from >= 0 && to >= 0)
            set_range(n->set, (unsigned)from, (unsigned)to);
    }
    if (!n || p->err)
        return NULL;
    p->at++;
    if (p->nocase)
        set_fold(n->set);
    if (negate)
        set_invert(n->set);
    return n;
}

/* --- atoms --- */

static struct regex_node *byte_node(struct parser *p, unsigned b)
{
    struct regex_node *n = set_node(p);
    if (!n)
        return NULL;
    set_byte(n->set, b);
    if (p->nocase)
        set_fold(n->set);
    return n;
}

static struct regex_node *list_node(struct parser *p, enum regex_op op, struct node_list *list)
{
    if (list->nodes.n == 0)
        return node(p, REGEX_EMPTY);
    if (list->nodes.n == 1)
        return list->nodes.v[0];
    struct regex_node *n = node(p, op);
    if (n) {
        n->kids = list->nodes.v;
        n->nkids = list->nodes.n;
    }
    return n;
}

/* A literal; the bytes of one UTF-8 character are one atom, so that a quantifier takes them all. */
static struct regex_node *parse_literal(struct parser *p)
{
    struct node_list bytes = {0};
    unsigned lead = (unsigned char)p->text.p[p->at++];
    vec_add(p->arena, &bytes.nodes, byte_node(p, lead));
    if (lead >= 0xc0)
        for (int c; (c = peek(p, 0)) >= 0x80 && c < 0xc0; p->at++)
            vec_add(p->arena, &bytes.nodes, byte_node(p, (unsigned)c));
    return p->err ? NULL : list_node(p, REGEX_CAT, &bytes);
}

static struct regex_node *parse_escape(struct parser *p)
{
    p->at++;
    int c = peek(p, 0);
    uint64_t probe[4] = {0};
    if (c >= 0 && set_shorthand(probe, c)) {
        p->at++;
        struct regex_node *n = set_node(p);
        if (n)
            memcpy(n->set, probe, sizeof probe);
        return n;
    }
    int b = escaped_byte(p);
    return b < 0 ? NULL : byte_node(p, (unsigned)b);
}

/* Says what is wrong with a group that starts with `(?`. */
static struct regex_node *fail_group(struct parser *p)
{
    if (looking_at(p, "(?=") || looking_at(p, "(?!") || looking_at(p, "(?<=") || looking_at(p, "(?<!"))
        return fail(p, p->at, "look-around, which a linear-time engine cannot match");
    if (looking_at(p, "(?<") || looking_at(p, "(?P<") || looking_at(p, "(?'"))
        return fail(p, p->at, "named groups are not supported; write (…)");
    if (looking_at(p, "(?i)"))
        return fail(p, p->at, "`(?i)` can stand at the start alone");
    return fail(p, p->at, "an unknown kind of group");
}

static struct regex_node *parse_group(struct parser *p)
{
    uint32_t open = p->at;
    if (looking_at(p, "(?:"))
        p->at += 3;
    else if (looking_at(p, "(?"))
        return fail_group(p);
    else
        p->at++;
    if (++p->depth > REGEX_MAX_DEPTH)
        return fail(p, open, "groups are nested too deeply");
    struct regex_node *n = parse_alternatives(p);
    p->depth--;
    if (!n)
        return NULL;
    if (peek(p, 0) != ')')
        return fail(p, open, "this group is not closed with `)`");
    p->at++;
    return n;
}

static struct regex_node *parse_atom(struct parser *p)
{
    switch (peek(p, 0)) {
    case '(':
        return parse_group(p);
    case '[':
        return parse_class(p);
    case '\\':
        return parse_escape(p);
    case '^':
        p->at++;
        return node(p, REGEX_BEGIN);
    case '$':
        p->at++;
        return node(p, REGEX_END);
    case '.': {
        p->at++;
        struct regex_node *n = set_node(p);
        if (n) {
            set_byte(n->set, '\n');
            set_invert(n->set);
        }
        return n;
    }
    case '*':
    case '+':
    case '?':
        return fail(p, p->at, "nothing here to repeat");
    case '{':
        return fail(p, p->at, "nothing here to repeat; a literal brace is written `\\{`");
    }
    return parse_literal(p);
}

/* --- quantifiers --- */

static bool parse_number(struct parser *p, uint32_t *out)
{
    uint32_t start = p->at, v = 0;
    for (int c; (c = peek(p, 0)) >= '0' && c <= '9'; p->at++)
        if (v <= REGEX_MAX_COUNT)
            v = v * 10 + (uint32_t)(c - '0');
    if (v > REGEX_MAX_COUNT)
        fail(p, start, "a count above 255");
    *out = v;
    return p->at > start && !p->err;
}

/* {m} {m,} {m,n}; `p` is at the brace. */
static bool parse_counts(struct parser *p, uint32_t *min, uint32_t *max)
{
    uint32_t open = p->at++;
    bool good = parse_number(p, min);
    *max = *min;
    if (good && peek(p, 0) == ',') {
        p->at++;
        *max = REGEX_INFINITE;
        if (peek(p, 0) != '}')
            good = parse_number(p, max);
    }
    if (p->err)
        return false;
    if (!good || peek(p, 0) != '}')
        return fail(p, open, "expected {m}, {m,} or {m,n}; a literal brace is written `\\{`"), false;
    p->at++;
    if (*max < *min)
        return fail(p, open, "the counts are in the wrong order"), false;
    return true;
}

/* Reads a quantifier. False where there is none, or after an error. */
static bool parse_quantifier(struct parser *p, uint32_t *min, uint32_t *max)
{
    switch (peek(p, 0)) {
    case '?':
        *min = 0, *max = 1;
        break;
    case '*':
        *min = 0, *max = REGEX_INFINITE;
        break;
    case '+':
        *min = 1, *max = REGEX_INFINITE;
        break;
    case '{':
        return parse_counts(p, min, max);
    default:
        return false;
    }
    p->at++;
    return true;
}

static struct regex_node *parse_repeat(struct parser *p)
{
    struct regex_node *n = parse_atom(p);
    uint32_t min, max;
    if (!n || !parse_quantifier(p, &min, &max))
        return p->err ? NULL : n;
    if (peek(p, 0) == '?')
        p->at++;
    else if (peek(p, 0) == '+')
        return fail(p, p->at, "possessive quantifiers are not supported");
    struct regex_node *r = node(p, REGEX_REPEAT);
    if (!r)
        return NULL;
    r->kids = arena_array(p->arena, struct regex_node *, 1);
    r->kids[0] = n;
    r->nkids = 1;
    r->min = min;
    r->max = max;
    return r;
}

static struct regex_node *parse_sequence(struct parser *p)
{
    struct node_list list = {0};
    while (!at_end(p) && peek(p, 0) != '|' && peek(p, 0) != ')') {
        struct regex_node *n = parse_repeat(p);
        if (!n)
            return NULL;
        vec_add(p->arena, &list.nodes, n);
    }
    return list_node(p, REGEX_CAT, &list);
}

static struct regex_node *parse_alternatives(struct parser *p)
{
    struct node_list list = {0};
    for (;; p->at++) {
        struct regex_node *n = parse_sequence(p);
        if (!n)
            return NULL;
        vec_add(p->arena, &list.nodes, n);
        if (peek(p, 0) != '|')
            return list_node(p, REGEX_ALT, &list);
    }
}

/* The size of the tree with each counted repetition written out, capped just above the limit. */
static uint64_t written_out(const struct regex_node *n)
{
    uint64_t size = 1;
    for (uint32_t i = 0; i < n->nkids; i++)
        size += written_out(n->kids[i]);
    if (n->op == REGEX_REPEAT)
        size *= n->max != REGEX_INFINITE ? n->max + 1 : n->min + 1;
    return size > REGEX_MAX_SIZE ? REGEX_MAX_SIZE + 1 : size;
}

struct regex_node *regex_parse(struct arena *a, struct slice text, uint32_t *err_off, const char **err)
{
    struct parser p = {.arena = a, .text = text};
    p.nocase = looking_at(&p, "(?i)");
    p.at = p.nocase ? 4 : 0;
    struct regex_node *n = parse_alternatives(&p);
    if (n && !at_end(&p))
        n = fail(&p, p.at, "a `)` without its `(`");
    if (n && written_out(n) > REGEX_MAX_SIZE)
        n = fail(&p, 0, "the regular expression is too large");
    *err = p.err;
    *err_off = p.err_off < text.len ? p.err_off : (uint32_t)text.len;
    return n;
}

uint64_t regex_ops(const struct regex_node *n)
{
    uint64_t kids = 0;
    for (uint32_t i = 0; i < n->nkids; i++)
        kids += regex_ops(n->kids[i]);
    switch (n->op) {
    case REGEX_EMPTY:
        return 0;
    case REGEX_SET:
    case REGEX_BEGIN:
    case REGEX_END:
        return 1;
    case REGEX_CAT:
        return kids;
    case REGEX_ALT:
        return kids + n->nkids - 1;
    case REGEX_REPEAT:
        return n->max == REGEX_INFINITE ? kids * (n->min > 1 ? n->min : 1) + 1
                                        : kids * n->max + (n->max - n->min);
    }
    return kids;
}
