/* Maps and lists: their types, and the rows written in the configuration. Rows of data files: check_rows.c.
 */
#include "compiler/check_state.h"

#include "compiler/ir_sort.h"

static const char *const key_texts[] = {
#define KEY_KIND(id, text, match, doc) [IR_KEY_##id] = text,
#include "grammar/key_kinds.def"
#undef KEY_KIND
};
enum { NKINDS = sizeof key_texts / sizeof *key_texts };
_Static_assert(DECL_SETS >= (int)NKINDS, "a constant list has room for each kind of key");

const char *check_key_kind_text(enum ir_key_kind kind)
{
    return key_texts[kind];
}

/* ---- heads ------------------------------------------------------------------------------------- */

/* range<int> */
static bool range_type(struct checker *k, const struct ast_type *t, enum ir_key_kind *out)
{
    *out = IR_KEY_RANGE;
    if (t->nargs == 1 && slice_eq(t->args[0]->name, SLICE("int")) && !t->args[0]->nargs && !t->args[0]->optional &&
        !t->optional)
        return true;
    struct diag *x = diag_report(k->d, DIAG_E0302, t->span, "ranges that are keys are of ints");
    diag_label(k->d, x, "expected range<int>");
    if (t->nargs == 0)
        diag_fix(x, FIX_SAFE, t->span, SLICE("range<int>"));
    else
        diag_note(k->d, x, "ranges of addresses are networks: keys of type cidr");
    return false;
}

static bool key_type(struct checker *k, const struct ast_type *t, enum ir_key_kind *out)
{
    struct slice names[NKINDS];
    if (!t->name.p)
        return false;
    for (size_t i = 0; i < NKINDS; i++) {
        names[i] = slice_of(key_texts[i]);
        if (slice_eq(t->name, names[i]) && !t->optional && !t->nargs) {
            *out = (enum ir_key_kind)i;
            return true;
        }
    }
    if (slice_eq(t->name, SLICE("ip"))) {
        struct diag *x = diag_report(k->d, DIAG_E0302, t->span, "keys of addresses are of type cidr");
        diag_label(k->d, x, "expected a type of keys");
        diag_help(k->d, x, "a single address is a cidr too");
        diag_fix(x, FIX_SAFE, t->span, SLICE("cidr"));
        return false;
    }
    if (slice_eq(t->name, SLICE("range")))
        return range_type(k, t, out);
    struct diag *x = diag_report(k->d, DIAG_E0302, t->span, "`%.*s` is no type of keys", SLICE_ARG(t->name));
    diag_label(k->d, x, "expected a type of keys");
    check_suggest(k, x, t->span, t->name, names, NKINDS);
    if (!x->has_fix)
        diag_note(k->d, x, "there are: string, host, method, int, host-pattern, path, prefix, suffix, cidr, range<int>, regex");
    return false;
}

static const enum type_id value_types[] = {TYPE_BACKEND, TYPE_STRING, TYPE_HOST, TYPE_PATH,   TYPE_METHOD,
                                           TYPE_INT,     TYPE_BOOL,   TYPE_IP,   TYPE_PERCENT};
enum { NVALUES = sizeof value_types / sizeof *value_types };

static bool value_type(struct checker *k, const struct ast_type *t, struct decl *d)
{
    if (!t->name.p)
        return false;
    d->rows.tcp = !t->optional && t->nargs == 1 && slice_eq(t->name, SLICE("backend")) &&
                  slice_eq(t->args[0]->name, SLICE("tcp"));
    bool plain = !t->optional && (!t->nargs || d->rows.tcp);
    for (size_t i = 0; plain && i < NVALUES; i++)
        if (slice_eq(t->name, slice_of(check_type_text(value_types[i])))) {
            d->rows.value_type = value_types[i];
            return true;
        }
#define TYPE(id, text, use, doc)                                                                             \
    if (slice_eq(t->name, SLICE(text))) {                                                                    \
        check_later(k, t->span, "maps to %s", text);                                                         \
        return false;                                                                                        \
    }
#include "grammar/types.def"
#undef TYPE
    struct slice names[NVALUES];
    for (size_t i = 0; i < NVALUES; i++)
        names[i] = slice_of(check_type_text(value_types[i]));
    struct diag *x =
        diag_report(k->d, DIAG_E0302, t->span, "`%.*s` is no type of values", SLICE_ARG(t->name));
    diag_label(k->d, x, "expected a type of values");
    check_suggest(k, x, t->span, t->name, names, NVALUES);
    if (!x->has_fix)
        diag_note(k->d, x, "there are: backend, string, host, path, method, int, bool, ip, percent");
    return false;
}

static bool has_default(const struct ast_block *b)
{
    for (uint32_t i = 0; b && i < b->stmts.n; i++)
        if (b->stmts.v[i]->kind == AST_STMT_WORD && slice_eq(b->stmts.v[i]->word, SLICE("default")))
            return true;
    return false;
}

void check_set_head(struct checker *k, struct decl *d)
{
    const struct ast_stmt *s = d->stmt;
    bool is_map = d->kind == DECL_MAP;
    struct ir_set *set = arena_new(k->a, struct ir_set);
    *set = (struct ir_set){
        .name = check_full_name(k, d->module, d->name), .is_map = is_map, .pos = check_pos(k, d->at)};
    d->rows.set = set;
    d->rows.broken = true;
    if (s->tail == AST_TAIL_NONE && s->block) {
        enum statement_id id = is_map ? STATEMENT_MAP : STATEMENT_LIST;
        struct span end = {d->at.file, d->at.off + d->at.len, 0};
        if (!is_map) /* of a map, check_statement() reports it */
            diag_label(k->d, check_misformed(k, id, end, "the list does not say what its keys are"),
                       "a type is missing here");
        return;
    }
    if (s->tail != (is_map ? AST_TAIL_TYPE_ARROW : AST_TAIL_TYPE))
        return; /* check_statement() reports it */
    bool key = key_type(k, s->type, &set->key_kind), value = !is_map || value_type(k, s->to, d);
    if (!key || !value)
        return;
    d->rows.broken = false;
    set->value_kind = is_map ? check_kind(d->rows.value_type) : IR_BOOL;
    set->percents = d->rows.value_type == TYPE_PERCENT;
    set->has_default = has_default(s->block);
}

struct ir_set *check_use_set(struct checker *k, struct decl *d)
{
    if (!d->rows.listed) {
        d->rows.listed = true;
        d->rows.set->index = k->p->sets.n;
        vec_add(k->a, &k->p->sets, d->rows.set);
    }
    return d->rows.set;
}

struct ir_set *check_new_set(struct checker *k, enum ir_key_kind kind, struct span at)
{
    struct ir_set *set = arena_new(k->a, struct ir_set);
    *set = (struct ir_set){.key_kind = kind, .index = k->p->sets.n, .pos = check_pos(k, at)};
    vec_add(k->a, &k->p->sets, set);
    return set;
}

/* ---- keys -------------------------------------------------------------------------------------- */

static bool cidr_key(struct checker *k, const struct ast_expr *e, const struct ast_expr *lit,
                     struct ir_key *out)
{
    if (lit->kind != AST_CIDR) {
        check_wrong_literal(k, e, lit, TYPE_CIDR, "the key");
        return false;
    }
    out->cidr = *lit->cidr;
    if (ip_prefix_is_clean(&out->cidr))
        return true;
    char text[IP_TEXT_MAX];
    ip_mask(&out->cidr.addr, out->cidr.bits);
    struct slice fix = arena_copy(k->a, (struct slice){text, ip_prefix_format(&out->cidr, text)});
    struct diag *x = diag_report(k->d, DIAG_E0304, e->span, "`%.*s` has host bits set",
                                 SLICE_ARG(check_source_text(k, lit->span)));
    diag_label(k->d, x, "bits beyond the prefix are not zero");
    diag_help(k->d, x, "did you mean `%.*s`?", SLICE_ARG(fix));
    if (e == lit)
        diag_fix(x, FIX_MAYBE, e->span, fix);
    return false;
}

/* A range, or one number. */
static bool range_key(struct checker *k, const struct ast_expr *e, const struct ast_expr *lit, struct ir_key *out)
{
    if (lit->kind == AST_RANGE)
        out->range = (struct ir_range){lit->range.lo, lit->range.hi};
    else if (lit->kind == AST_INT)
        out->range = (struct ir_range){lit->num, lit->num};
    else
        check_wrong_literal(k, e, lit, TYPE_RANGE, "the key");
    return lit->kind == AST_RANGE || lit->kind == AST_INT;
}

static bool regex_key(struct checker *k, const struct ast_expr *e, struct ir_key *out)
{
    const struct ast_expr *lit = check_regex(k, e, "the key");
    if (lit)
        out->str = lit->text;
    return lit != NULL;
}

bool check_key(struct checker *k, enum ir_key_kind kind, const struct ast_expr *e, struct ir_key *out)
{
    struct text_error err;
    const struct ast_expr *lit = check_literal_quietly(k, e);
    struct slice text;
    if (!lit && kind == IR_KEY_METHOD && e->kind == AST_NAME && check_is_method_word(e->text)) {
        out->str = e->text;
        return true;
    }
    lit = lit ? lit : check_literal(k, e);
    if (!lit)
        return false;
    if (kind == IR_KEY_INT)
        return check_int(k, e, "the key", INT64_MIN, INT64_MAX, &out->num);
    if (kind == IR_KEY_CIDR)
        return cidr_key(k, e, lit, out);
    if (kind == IR_KEY_RANGE)
        return range_key(k, e, lit, out);
    if (kind == IR_KEY_REGEX)
        return regex_key(k, e, out);
    if (!check_string(k, e, "the key", &text))
        return false;
    if (check_text_key(k->a, kind, text, &out->str, &err))
        return true;
    const char *what = kind == IR_KEY_PATH           ? "prefix of a path"
                       : kind == IR_KEY_HOST_PATTERN ? "pattern of hosts"
                                                     : key_texts[kind];
    check_bad_text(k, e, text, what, &err);
    return false;
}

struct slice check_key_bytes(enum ir_key_kind kind, const struct ir_key *key)
{
    if (kind == IR_KEY_INT)
        return (struct slice){(const char *)&key->num, sizeof key->num};
    if (kind == IR_KEY_CIDR)
        return (struct slice){(const char *)&key->cidr, sizeof key->cidr};
    if (kind == IR_KEY_RANGE)
        return (struct slice){(const char *)&key->range, sizeof key->range};
    return key->str;
}

/* ---- rows in the configuration ----------------------------------------------------------------- */

static struct span pos_span(struct set_build *b, struct ir_pos pos)
{
    struct source *src = b->k->c->sources.files.v[pos.file];
    uint32_t line, col;
    if (!src->line_starts.n)
        source_line_col(b->k->a, src, 0, &line, &col);
    return (struct span){pos.file, src->line_starts.v[pos.line - 1] + pos.col - 1, 0};
}

/* Enters the newest row under its key; takes it out again where the key is there. */
static void enter(struct set_build *b, struct span at)
{
    struct ir_set *set = b->set;
    uint32_t last = set->rows.n - 1;
    bool added;
    /* Keys that are not texts live in the row, which may move: the map keeps a copy. */
    struct slice bytes = check_key_bytes(set->key_kind, &set->rows.v[last].key);
    if (set->key_kind == IR_KEY_INT || set->key_kind == IR_KEY_CIDR || set->key_kind == IR_KEY_RANGE)
        bytes = arena_copy(b->k->a, bytes);
    uint32_t first = *strmap_put(&b->keys, b->k->a, bytes, last, &added);
    if (added)
        return;
    struct diag *x = diag_report(b->k->d, DIAG_E0308, at, "this key stands in two rows");
    diag_label(b->k->d, x, "again here");
    struct span other = pos_span(b, set->rows.v[first].pos);
    other.len = at.len;
    diag_secondary(b->k->d, x, other, "first here");
    set->rows.n--;
}

/* A map holds backends of one mode: `backend` or `backend<tcp>`. */
static struct decl *check_backend_row(struct set_build *b, const struct ast_expr *e)
{
    struct checker *k = b->k;
    struct decl *d = check_ref(k, e, 1u << DECL_BACKEND, "backend");
    if (!d || d->tcp == b->d->rows.tcp)
        return d;
    struct diag *x =
        diag_report(k->d, DIAG_E0306, e->span, "`%.*s` is %s backend; this map holds %s backends",
                    SLICE_ARG(d->name), d->tcp ? "a TCP" : "an HTTP", d->tcp ? "HTTP" : "TCP");
    diag_label(k->d, x, "of another kind");
    diag_secondary(k->d, x, d->at, "declared here");
    if (d->tcp)
        diag_help(k->d, x, "a map of TCP backends has the type `KEY -> backend<tcp>`");
    return NULL;
}

static bool text_value(struct checker *k, enum type_id type, const struct ast_expr *e, struct slice *out)
{
    struct text_error err;
    struct slice text;
    if (type == TYPE_METHOD && e->kind == AST_NAME && check_is_method_word(e->text) && !check_lookup(k, e)) {
        *out = e->text;
        return true;
    }
    if (!check_string(k, e, "the value", &text))
        return false;
    if (check_text_type(k->a, type, text, out, &err))
        return true;
    check_bad_text(k, e, text, check_type_text(type), &err);
    return false;
}

bool check_row_value(struct checker *k, enum type_id type, const struct ast_expr *e, struct ir_row *row)
{
    if (check_is_text(type))
        return text_value(k, type, e, &row->str);
    if (type == TYPE_INT)
        return check_int(k, e, "the value", INT64_MIN, INT64_MAX, &row->num);
    if (type == TYPE_PERCENT)
        return check_percent(k, e, "the value", &row->num);
    const struct ast_expr *lit = check_literal(k, e);
    if (!lit)
        return false;
    bool address = lit->kind == AST_CIDR && !lit->has_prefix;
    if (type == TYPE_BOOL && lit->kind == AST_BOOL)
        row->num = lit->num;
    else if (type == TYPE_IP && address)
        row->ip = lit->cidr->addr;
    else
        check_wrong_literal(k, e, lit, type, "the value");
    return type == TYPE_BOOL ? lit->kind == AST_BOOL : address;
}

static bool row_value(struct set_build *b, const struct ast_expr *e, struct ir_row *row)
{
    struct checker *k = b->k;
    if (b->set->value_kind != IR_BACKEND)
        return check_row_value(k, b->d->rows.value_type, e, row);
    struct decl *d = check_backend_row(b, e);
    if (d)
        row->backend = d->backend;
    return d != NULL;
}

static void add_row(struct set_build *b, const struct ast_expr *key, const struct ast_expr *value)
{
    struct ir_row row = {.pos = check_pos(b->k, key->span)};
    bool good = check_key(b->k, b->set->key_kind, key, &row.key);
    if (value)
        good &= row_value(b, value, &row);
    if (!good)
        return;
    vec_add(b->k->a, &b->set->rows, row);
    enter(b, key->span);
}

/* A row: key -> value of a map, keys of a list. A key may also be a word (methods, constants by name). */
static void inline_row(struct set_build *b, const struct ast_stmt *s)
{
    struct checker *k = b->k;
    struct ast_expr word = {.kind = AST_NAME, .span = s->word_span};
    word.text = s->word;
    enum statement_id id = b->set->is_map ? STATEMENT_MAP : STATEMENT_LIST;
    bool named = s->kind == AST_STMT_WORD;
    if (s->block || s->cond) {
        check_misformed(k, id, s->word_span, "a row is not written like this");
        return;
    }
    if (!b->set->is_map) {
        if (s->tail != AST_TAIL_NONE) {
            struct diag *x = check_misformed(k, id, s->word_span, "a list has keys alone");
            diag_help(k->d, x, "a `map` has values too");
            return;
        }
        if (named)
            add_row(b, &word, NULL);
        for (uint32_t i = 0; i < s->nargs; i++)
            add_row(b, s->args[i], NULL);
        return;
    }
    if (s->tail != AST_TAIL_ARROW || s->ntail_args != 1 || s->nargs != !named) {
        diag_label(k->d,
                   diag_report(k->d, DIAG_E0211, s->word_span, "a row of a map is written `KEY -> VALUE`"),
                   "not a row");
        return;
    }
    /* The row keeps pointers into the key: a word needs a place of its own only while it is looked at. */
    add_row(b, named ? &word : s->args[0], s->tail_args[0]);
}

static void default_row(struct set_build *b, const struct ast_stmt *s, struct span *seen)
{
    struct checker *k = b->k;
    if (seen->len) {
        check_twice(k, s->word_span, *seen, "`default` is given twice");
        return;
    }
    *seen = s->word_span;
    if (s->ntail_args != 1) {
        check_misformed(k, STATEMENT_DEFAULT, s->word_span, "`default` has one value");
        return;
    }
    b->set->fallback.pos = check_pos(k, s->word_span);
    row_value(b, s->tail_args[0], &b->set->fallback);
}

/* A word that is no statement of maps and lists may be the key of a row. */
static bool is_word_row(struct set_build *b, const struct ast_stmt *s)
{
    if (s->kind != AST_STMT_WORD || slice_eq(s->word, SLICE("file")) || slice_eq(s->word, SLICE("default")))
        return false;
    struct ast_expr word = {.kind = AST_NAME, .span = s->word_span};
    word.text = s->word;
    const struct decl *d = check_lookup(b->k, &word);
    return s->tail == AST_TAIL_ARROW || (d && d->kind == DECL_LET) ||
           (b->set->key_kind == IR_KEY_METHOD && check_is_method_word(s->word));
}

/* ---- ranges apart from each other ------------------------------------------------------------------ */

/* A key where it stands: up to white space, or the end of the row. */
static struct span key_span(struct set_build *b, struct ir_pos pos)
{
    struct span at = pos_span(b, pos);
    struct slice text = b->k->c->sources.files.v[at.file]->text;
    while (at.off + at.len < text.len && !memchr(" \t\r\n,;", text.p[at.off + at.len], 6))
        at.len++;
    return at;
}

static bool is_before(const struct ir_row *x, const struct ir_row *y)
{
    return x->pos.file != y->pos.file   ? x->pos.file < y->pos.file
           : x->pos.line != y->pos.line ? x->pos.line < y->pos.line
                                        : x->pos.col < y->pos.col;
}

static void report_overlap(struct set_build *b, const struct ir_row *x, const struct ir_row *y)
{
    struct checker *k = b->k;
    const struct ir_row *first = is_before(x, y) ? x : y, *second = first == x ? y : x;
    const struct ir_range *p = &x->key.range, *q = &y->key.range;
    int64_t hi = p->hi < q->hi ? p->hi : q->hi;
    struct diag *d = diag_report(k->d, DIAG_E0308, key_span(b, second->pos), "two ranges have numbers in common");
    if (q->lo == hi)
        diag_label(k->d, d, "%lld is in both", (long long)hi);
    else
        diag_label(k->d, d, "%lld..%lld is in both", (long long)q->lo, (long long)hi);
    diag_secondary(k->d, d, key_span(b, first->pos), "the other");
    diag_help(k->d, d, "let one of them end where the other begins");
}

/* Ranges sorted by their begin overlap where one begins before another has ended. */
static void check_overlaps(struct set_build *b)
{
    enum { TOLD = 20 };
    struct arena scratch = {0};
    const struct ir_row *const *rows = ir_sort_rows(&scratch, b->set);
    const struct ir_row *last = NULL;
    uint32_t n = 0;
    for (uint32_t i = 0; i < b->set->rows.n; i++) {
        if (last && rows[i]->key.range.lo <= last->key.range.hi && n++ < TOLD)
            report_overlap(b, last, rows[i]);
        if (!last || rows[i]->key.range.hi > last->key.range.hi)
            last = rows[i];
    }
    if (n > TOLD)
        diag_label(b->k->d,
                   diag_report(b->k->d, DIAG_E0308, b->d->at, "%u more ranges of `%.*s` have numbers in common", n - TOLD,
                               SLICE_ARG(b->d->name)),
                   "the first %u are shown", TOLD);
    arena_free(&scratch);
}

void check_set_rows(struct checker *k, struct decl *d)
{
    struct set_build b = {.k = k, .d = d, .set = d->rows.set};
    struct span has_fallback = {0};
    const struct ast_block *block = d->stmt->block;
    uint32_t errors = k->d->errors;
    k->rows_lost |= d->rows.broken || !block;
    if (d->rows.broken || !block)
        return;
    for (uint32_t i = 0; i < block->stmts.n; i++) {
        const struct ast_stmt *s = block->stmts.v[i];
        if (s->told)
            continue;
        if (s->kind == AST_STMT_ROW || is_word_row(&b, s)) {
            inline_row(&b, s);
            continue;
        }
        enum statement_id id = check_statement(k, s, d->kind == DECL_MAP ? IN_MAP : IN_LIST);
        if (id == STATEMENT_ROWS_FILE)
            check_rows_file(&b, s);
        else if (id == STATEMENT_DEFAULT)
            default_row(&b, s, &has_fallback);
    }
    if (b.set->key_kind == IR_KEY_RANGE)
        check_overlaps(&b);
    k->rows_lost |= k->d->errors > errors;
}
