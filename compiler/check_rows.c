/* Data files of maps and lists: `key value` (or `key`) a line, white space between, quotes where a text holds
 * white space,
 * `#` lines and empty lines skipped. Each row is checked as if it stood in the configuration. Files have
 * millions of rows: a good row costs no allocation beyond itself, and its texts stay in the file's. */
#include "compiler/check_state.h"

#include "compiler/regex.h"

#include <stdarg.h>
#include <stdio.h>

enum { ERRORS_A_FILE = 20 };

struct word {
    struct slice raw; /* as it stands there, quotes included */
    struct slice text;
};

struct rows_file {
    struct set_build *b;
    struct checker *k;
    struct ir_set *set;
    struct source *src;
    uint32_t line, errors;
    const char *line_start;
    /* the row before this one often has the same value */
    struct slice last_name;
    struct ir_backend *last_backend;
};

/* ---- messages ---------------------------------------------------------------------------------- */

static struct span span_of(const struct rows_file *f, struct slice at)
{
    return (struct span){f->src->id, (uint32_t)(at.p - f->src->text.p), (uint32_t)at.len};
}

/* NULL where the file has had its share of messages. */
__attribute__((format(printf, 4, 5))) static struct diag *row_error(struct rows_file *f, enum diag_code code,
                                                                    struct slice at, const char *fmt, ...)
{
    char what[300];
    if (f->errors++ >= ERRORS_A_FILE)
        return NULL;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    struct diag *x = diag_report(f->k->d, code, span_of(f, at), "%s", what);
    diag_secondary(f->k->d, x, f->b->d->at, "`%.*s` is declared here", SLICE_ARG(f->b->d->name));
    return x;
}

static void unknown_backend(struct rows_file *f, struct slice at, struct slice name, const struct decl *other)
{
    const char *dot = memchr(name.p, '.', name.len);
    struct slice first = {name.p, dot ? (size_t)(dot - name.p) : name.len};
    if (!other && check_is_name_told(f->k, first, span_of(f, at)))
        return;
    struct decl *file = NULL;
    const uint32_t *i = dot ? strmap_get(&f->k->m->names, first) : NULL;
    if (i && f->k->m->decls.v[*i]->kind == DECL_MODULE)
        file = f->k->m->decls.v[*i];
    if (dot && !file) {
        struct diag *x = row_error(f, DIAG_E0307, at, "no imported file `%.*s`", SLICE_ARG(first));
        if (x) {
            diag_label(f->k->d, x, "not declared");
            check_name_told(f->k, first, x);
            check_suggest_name(f->k, x, span_of(f, (struct slice){at.p, first.len}), first, 1u << DECL_MODULE);
        }
        return;
    }
    struct diag *x =
        row_error(f, DIAG_E0307, at, other ? "`%.*s` is no backend" : "no backend `%.*s`", SLICE_ARG(name));
    if (!x)
        return;
    if (other)
        diag_label(f->k->d, x, "%s", check_decl_text(other->kind));
    else
        diag_label(f->k->d, x, "not declared");
    check_suggest_name(f->k, x, span_of(f, at), name, 1u << DECL_BACKEND);
}

static void bad_key(struct rows_file *f, const struct word *w, const struct text_error *err)
{
    struct diag *x = row_error(f, DIAG_E0307, w->raw, "`%.*s` is no key of type %s", SLICE_ARG(w->text),
                               check_key_kind_text(f->set->key_kind));
    if (!x)
        return;
    diag_label(f->k->d, x, "%s", err->why);
    if (err->fix.p) {
        diag_help(f->k->d, x, "write `%.*s`", SLICE_ARG(err->fix));
        diag_fix(x, err->safe && slice_eq(w->raw, w->text) ? FIX_SAFE : FIX_MAYBE, span_of(f, w->raw), err->fix);
    }
}

/* ---- words ------------------------------------------------------------------------------------- */

static const char *skip_space(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    return p;
}

/* A copy without the backslashes before quotes and backslashes. */
static struct slice unescaped(struct arena *a, struct slice s)
{
    char *p = arena_alloc(a, s.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        i += s.p[i] == '\\' && i + 1 < s.len;
        p[n++] = s.p[i];
    }
    return (struct slice){p, n};
}

static bool quoted_word(struct rows_file *f, const char **at, const char *end, struct word *w)
{
    const char *begin = *at + 1, *p = begin;
    bool escapes = false;
    for (; p < end && *p != '"'; p++)
        if (*p == '\\' && p + 1 < end) {
            escapes = true;
            p++;
        }
    w->raw = (struct slice){*at, (size_t)(p - *at)};
    if (p >= end) {
        struct diag *x = row_error(f, DIAG_E0307, w->raw, "a quoted text does not end in its line");
        if (x)
            diag_label(f->k->d, x, "begins here");
        return false;
    }
    w->raw.len++;
    w->text = (struct slice){begin, (size_t)(p - begin)};
    if (escapes)
        w->text = unescaped(f->k->a, w->text);
    *at = p + 1;
    return true;
}

/* The next word of the line; text.p is NULL at its end. */
static bool next_word(struct rows_file *f, const char **at, const char *end, struct word *w)
{
    const char *p = skip_space(*at, end);
    *w = (struct word){0};
    *at = p;
    if (p == end)
        return true;
    if (*p == '"')
        return quoted_word(f, at, end, w);
    while (p < end && *p != ' ' && *p != '\t')
        p++;
    w->raw = w->text = (struct slice){*at, (size_t)(p - *at)};
    *at = p;
    return true;
}

/* re"…": all stands for itself but \" and the end. */
static bool regex_word(struct rows_file *f, const char **at, const char *end, struct word *w)
{
    const char *begin = *at + 3, *p = begin;
    bool escapes = false;
    for (; p < end && *p != '"'; p++)
        if (*p == '\\' && p + 1 < end) {
            escapes |= p[1] == '"';
            p++;
        }
    w->raw = (struct slice){*at, (size_t)(p - *at) + (p < end)};
    w->text = (struct slice){begin, (size_t)(p - begin)};
    if (p == end) {
        struct diag *x = row_error(f, DIAG_E0307, w->raw, "a regular expression does not end in its line");
        if (x)
            diag_label(f->k->d, x, "begins here");
        return false;
    }
    char *copy = escapes ? arena_alloc(f->k->a, w->text.len + 1) : NULL;
    size_t n = 0;
    for (size_t i = 0; copy && i < w->text.len; i++) {
        bool quote = w->text.p[i] == '\\' && i + 1 < w->text.len && w->text.p[i + 1] == '"';
        if (!quote && w->text.p[i] == '\\')
            copy[n++] = w->text.p[i++];
        i += quote;
        copy[n++] = w->text.p[i];
    }
    if (copy)
        w->text = (struct slice){copy, n};
    *at = p + 1;
    return true;
}

static bool key_word(struct rows_file *f, const char **at, const char *end, struct word *w)
{
    const char *p = skip_space(*at, end);
    if (f->set->key_kind != IR_KEY_REGEX || end - p < 3 || memcmp(p, "re\"", 3) != 0)
        return next_word(f, at, end, w);
    *at = p;
    return regex_word(f, at, end, w);
}

/* ---- keys and values --------------------------------------------------------------------------- */

static bool parse_int(struct slice s, int64_t *out)
{
    bool minus = s.len && s.p[0] == '-';
    uint64_t n = 0;
    if (s.len <= minus)
        return false;
    for (size_t i = minus; i < s.len; i++) {
        if (s.p[i] < '0' || s.p[i] > '9' || __builtin_mul_overflow(n, 10, &n) ||
            __builtin_add_overflow(n, (uint64_t)(s.p[i] - '0'), &n))
            return false;
    }
    if (n > (uint64_t)INT64_MAX + minus)
        return false;
    *out = (int64_t)(minus ? 0 - n : n);
    return true;
}

/* 200..299, 5xx or 7 */
static bool range_key(struct rows_file *f, const struct word *w, struct ir_key *key)
{
    struct text_error err = {.why = "expected a range such as 200..299, 5xx, or a whole number"};
    struct slice s = w->text, dots = SLICE("..");
    const char *at = memmem(s.p, s.len, dots.p, dots.len);
    bool good;
    if (s.len == 3 && s.p[0] >= '1' && s.p[0] <= '9' && slice_eq(slice_from(s, 1), SLICE("xx"))) {
        key->range.lo = (s.p[0] - '0') * 100;
        key->range.hi = key->range.lo + 99;
        return true;
    }
    if (at)
        good = parse_int((struct slice){s.p, (size_t)(at - s.p)}, &key->range.lo) &&
               parse_int(slice_from(s, (size_t)(at - s.p) + dots.len), &key->range.hi);
    else if ((good = parse_int(s, &key->range.lo)))
        key->range.hi = key->range.lo;
    if (good && key->range.lo <= key->range.hi)
        return true;
    err.why = good ? "the range is empty" : err.why;
    bad_key(f, w, &err);
    return false;
}

/* An expression as it is, or re"…" where it has white space. */
static bool regex_key(struct rows_file *f, const struct word *w, struct ir_key *key)
{
    const char *why;
    uint32_t off;
    if (w->raw.p[0] == '"') {
        struct text_error err = {.why = "quotes are for texts", .fix = arena_printf(f->k->a, "re%.*s", SLICE_ARG(w->raw))};
        bad_key(f, w, &err);
        return false;
    }
    struct arena scratch = {0};
    bool good = regex_parse(&scratch, w->text, &off, &why) != NULL;
    arena_free(&scratch);
    key->str = w->text;
    struct diag *x = good ? NULL : row_error(f, DIAG_E0309, w->raw, "this regular expression cannot be used");
    if (x)
        diag_label(f->k->d, x, "%s", why);
    return good;
}

static bool cidr_key(struct rows_file *f, const struct word *w, struct ir_key *key)
{
    char text[IP_TEXT_MAX];
    struct text_error err = {.why = "expected an address or a network such as 10.0.0.0/8"};
    if (!ip_prefix_parse(w->text, &key->cidr)) {
        bad_key(f, w, &err);
        return false;
    }
    if (ip_prefix_is_clean(&key->cidr))
        return true;
    ip_mask(&key->cidr.addr, key->cidr.bits);
    struct slice fix = {text, ip_prefix_format(&key->cidr, text)};
    struct diag *x = row_error(f, DIAG_E0304, w->raw, "`%.*s` has host bits set", SLICE_ARG(w->text));
    if (x) {
        diag_label(f->k->d, x, "bits beyond the prefix are not zero");
        diag_help(f->k->d, x, "did you mean `%.*s`?", SLICE_ARG(fix));
        diag_fix(x, FIX_MAYBE, span_of(f, w->raw), arena_copy(f->k->a, fix));
    }
    return false;
}

static bool row_key(struct rows_file *f, const struct word *w, struct ir_key *key)
{
    struct text_error err;
    if (f->set->key_kind == IR_KEY_CIDR)
        return cidr_key(f, w, key);
    if (f->set->key_kind == IR_KEY_RANGE)
        return range_key(f, w, key);
    if (f->set->key_kind == IR_KEY_REGEX)
        return regex_key(f, w, key);
    if (f->set->key_kind == IR_KEY_INT) {
        if (parse_int(w->text, &key->num))
            return true;
        err = (struct text_error){.why = "expected a whole number of 64 bits"};
        bad_key(f, w, &err);
        return false;
    }
    if (check_text_key(f->k->a, f->set->key_kind, w->text, &key->str, &err))
        return true;
    bad_key(f, w, &err);
    return false;
}

/* The backend called `name` where the map stands: NAME or FILE.NAME. */
static struct decl *backend_named(struct checker *k, uint32_t source, struct slice name)
{
    struct ast_expr file = {.kind = AST_NAME}, e = {.kind = AST_NAME, .span = {source, 0, 0}};
    struct ast_expr *of = &file;
    const char *dot = name.len ? memchr(name.p, '.', name.len) : NULL;
    e.text = name;
    if (dot) {
        file.text = (struct slice){name.p, (size_t)(dot - name.p)};
        e = (struct ast_expr){.kind = AST_MEMBER, .nargs = 1, .args = &of, .span = e.span};
        e.text = slice_from(name, file.text.len + 1);
    }
    return check_lookup(k, &e);
}

static void wrong_mode(struct rows_file *f, const struct word *w, const struct decl *d)
{
    struct diag *x = row_error(f, DIAG_E0306, w->raw, "`%.*s` is %s backend; this map holds %s backends",
                               SLICE_ARG(d->name), d->tcp ? "a TCP" : "an HTTP", d->tcp ? "HTTP" : "TCP");
    if (x)
        diag_label(f->k->d, x, "of another kind");
}

static bool row_backend(struct rows_file *f, const struct word *w, struct ir_row *row)
{
    if (f->k->c->names) /* of names, each use counts */
        backend_named(f->k, f->src->id, w->text);
    if (!slice_eq(w->text, f->last_name) || !f->last_backend) {
        const uint32_t *seen = strmap_get(&f->b->backends, w->text);
        if (seen) {
            f->last_backend = f->k->p->backends.v[*seen];
        } else {
            struct decl *d = backend_named(f->k, f->src->id, w->text);
            if (!d || d->kind != DECL_BACKEND) {
                unknown_backend(f, w->raw, w->text, d);
                return false;
            }
            d->used = true;
            if (d->tcp != f->b->d->rows.tcp) {
                wrong_mode(f, w, d);
                return false;
            }
            strmap_put(&f->b->backends, f->k->a, w->text, d->backend->index, NULL);
            f->last_backend = d->backend;
        }
        f->last_name = w->text;
    }
    row->backend = f->last_backend;
    return true;
}

static bool bad_value(struct rows_file *f, const struct word *w, const struct text_error *err)
{
    struct diag *x = row_error(f, DIAG_E0307, w->raw, "`%.*s` is no value of type %s", SLICE_ARG(w->text),
                               check_type_text(f->b->d->rows.value_type));
    if (x)
        diag_label(f->k->d, x, "%s", err->why);
    return false;
}

/* 4.9%, in parts of ir.h. */
static bool parse_percent(struct slice s, int64_t *out)
{
    int64_t n = 0, unit = 0; /* unit: of the last digit, 0 before the point */
    size_t digits = 0;
    if (s.len < 2 || s.p[s.len - 1] != '%')
        return false;
    for (size_t i = 0; i + 1 < s.len; i++) {
        if (s.p[i] == '.' && !unit && digits) {
            unit = IR_PERCENT;
            continue;
        }
        if (s.p[i] < '0' || s.p[i] > '9' || (unit && unit < 10) || n > IR_RANDOM_END)
            return false;
        digits++;
        unit /= 10;
        n = unit ? n + (s.p[i] - '0') * unit : n * 10 + (s.p[i] - '0') * (int64_t)IR_PERCENT;
    }
    *out = n;
    return digits > 0 && s.p[s.len - 2] != '.' && n <= IR_RANDOM_END;
}

static bool row_value(struct rows_file *f, const struct word *w, struct ir_row *row)
{
    struct text_error err = {0};
    enum type_id type = f->b->d->rows.value_type;
    if (type == TYPE_BACKEND)
        return row_backend(f, w, row);
    if (type == TYPE_STRING) {
        row->str = w->text;
        return true;
    }
    if (check_is_text(type))
        return check_text_type(f->k->a, type, w->text, &row->str, &err) || bad_value(f, w, &err);
    bool quoted = w->raw.p[0] == '"', yes = slice_eq(w->text, SLICE("true"));
    if (type == TYPE_INT) {
        err.why = "expected a whole number of 64 bits";
        return (!quoted && parse_int(w->text, &row->num)) || bad_value(f, w, &err);
    }
    if (type == TYPE_PERCENT) {
        err.why = "expected a percent from 0% to 100%, such as 5% or 4.9%";
        return (!quoted && parse_percent(w->text, &row->num)) || bad_value(f, w, &err);
    }
    if (type == TYPE_IP) {
        err.why = "expected an address such as 10.0.0.1";
        return (!quoted && ip_parse(w->text, &row->ip)) || bad_value(f, w, &err);
    }
    err.why = "expected true or false";
    row->num = yes;
    return (!quoted && (yes || slice_eq(w->text, SLICE("false")))) || bad_value(f, w, &err);
}

/* ---- rows -------------------------------------------------------------------------------------- */

static void report_double(struct rows_file *f, const struct word *w, const struct ir_pos *first)
{
    struct diag *x = row_error(f, DIAG_E0308, w->raw, "key `%.*s` stands in two rows", SLICE_ARG(w->text));
    if (!x)
        return;
    if (first->file == f->src->id)
        diag_label(f->k->d, x, "first in line %u", first->line);
    else
        diag_label(f->k->d, x, "first at %.*s:%u:%u", SLICE_ARG(f->k->c->sources.files.v[first->file]->path),
                   first->line, first->col);
}

static void extra_word(struct rows_file *f, const struct word *w)
{
    struct diag *x = row_error(f, DIAG_E0307, w->raw,
                               f->set->is_map ? "a row is a key and a value" : "a row of a list is one key");
    if (!x)
        return;
    diag_label(f->k->d, x, "not expected");
    diag_help(f->k->d, x,
              w->raw.p[0] == '#' ? "comments stand on lines of their own"
                                 : "a text with spaces stands in quotes");
}

/* Reads the row in [p, end). True where it holds one that is good but for its key standing there already. */
static bool read_row(struct rows_file *f, const char *p, const char *end, struct word *key,
                     struct ir_row *row)
{
    struct word value, more;
    if (!key_word(f, &p, end, key) || !next_word(f, &p, end, &value) || !next_word(f, &p, end, &more))
        return false;
    const struct word *extra = !f->set->is_map && value.text.p ? &value : more.text.p ? &more : NULL;
    if (extra) {
        extra_word(f, extra);
        return false;
    }
    bool good = row_key(f, key, &row->key);
    if (f->set->is_map && !value.text.p) {
        struct diag *x = row_error(f, DIAG_E0307, key->raw, "this row has no value");
        if (x)
            diag_label(f->k->d, x, "a row is a key and a value");
        return false;
    }
    if (f->set->is_map)
        good &= row_value(f, &value, row);
    return good;
}

static void read_line(struct rows_file *f, const char *p, const char *end)
{
    struct word key;
    while (end > p && (end[-1] == '\r' || end[-1] == ' ' || end[-1] == '\t'))
        end--;
    p = skip_space(p, end);
    if (p == end || *p == '#')
        return;
    /* The row is written where it will stay, so that its key can be borrowed; it counts once it is good. */
    struct ir_row *row = &f->set->rows.v[f->set->rows.n];
    *row = (struct ir_row){.pos = {f->src->id, f->line, (uint32_t)(p - f->line_start) + 1}};
    if (!read_row(f, p, end, &key, row))
        return;
    bool added;
    uint32_t first = *strmap_put(&f->b->keys, f->k->a, check_key_bytes(f->set->key_kind, &row->key),
                                 f->set->rows.n, &added);
    if (added)
        f->set->rows.n++;
    else
        report_double(f, &key, &f->set->rows.v[first].pos);
}

static uint32_t count_lines(struct slice text)
{
    uint32_t n = 1;
    const char *p = text.p, *end = p + text.len;
    while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
        p++;
        n++;
    }
    return n;
}

/* Room for `n` more rows and their keys, so that nothing moves. */
static void reserve(struct set_build *b, uint32_t n)
{
    struct ir_set *set = b->set;
    struct ir_row *v = arena_alloc(b->k->a, sizeof *v * ((size_t)set->rows.n + n));
    if (set->rows.n)
        memcpy(v, set->rows.v, sizeof *v * set->rows.n);
    set->rows.v = v;
    set->rows.cap = set->rows.n + n;
    strmap_reserve(&b->keys, b->k->a, set->rows.cap + 1);
}

static void end_of_file(struct rows_file *f, const struct ast_expr *name)
{
    if (f->errors <= ERRORS_A_FILE)
        return;
    struct diag *x = diag_report(f->k->d, DIAG_E0307, name->span, "%u more rows of `%.*s` have errors",
                                 f->errors - ERRORS_A_FILE, SLICE_ARG(f->src->path));
    diag_label(f->k->d, x, "the first %u are shown", ERRORS_A_FILE);
}

void check_rows_file(struct set_build *b, const struct ast_stmt *s)
{
    struct checker *k = b->k;
    struct slice name;
    if (!check_string(k, s->args[0], "the name of a file", &name))
        return;
    struct source *src = check_open(k, s->args[0], b->d->module->folder, name);
    if (!src)
        return;
    struct rows_file f = {.b = b, .k = k, .set = b->set, .src = src};
    reserve(b, count_lines(src->text));
    const char *p = src->text.p, *end = p + src->text.len;
    if (slice_starts(src->text, SLICE("\xef\xbb\xbf"))) /* a byte order mark */
        p += 3;
    while (p < end) {
        const char *nl = memchr(p, '\n', (size_t)(end - p)), *stop = nl ? nl : end;
        f.line++;
        f.line_start = f.line == 1 ? src->text.p : p;
        read_line(&f, p, stop);
        p = stop + 1;
    }
    end_of_file(&f, s->args[0]);
}
