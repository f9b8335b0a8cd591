/* Writes SARIF 2.1.0; see diag_sarif.h. Section numbers are those of the OASIS standard. Columns count Unicode code points
 * (`columnKind`, 3.14.17); a byte that is no UTF-8 counts as one, as it does where a reader replaces it. */
#include "compiler/diag_sarif.h"

#include "compiler/explain_code.h"
#include "runtime/base/hash.h"

/* ---- places -------------------------------------------------------------------------------------- */

static bool is_plain(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || memchr("-._~/!$&'()*+,;=@", c, 17);
}

/* A path as a URI reference (RFC 3986): relative paths to where the command ran, which is the root of a repository. */
static void put_artifact(struct buf *out, struct slice path)
{
    bool absolute = path.len && path.p[0] == '/';
    while (slice_starts(path, SLICE("./")))
        path = slice_from(path, 2);
    buf_str(out, "\"artifactLocation\":{\"uri\":\"");
    buf_str(out, absolute ? "file://" : "");
    for (size_t i = 0; i < path.len; i++)
        if (is_plain((unsigned char)path.p[i]))
            buf_char(out, path.p[i]);
        else
            buf_printf(out, "%%%02X", (unsigned char)path.p[i]);
    buf_str(out, absolute ? "\"}" : "\",\"uriBaseId\":\"%SRCROOT%\"}");
}

/* Code points in `s`. */
static uint32_t count_characters(struct slice s)
{
    uint32_t n = 0;
    for (; s.len; n++) {
        const unsigned char *p = (const unsigned char *)s.p;
        size_t len = p[0] < 0xc2 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 1;
        for (size_t i = 1; i < len; i++)
            if (i >= s.len || (p[i] & 0xc0) != 0x80)
                len = 1;
        s = slice_from(s, len);
    }
    return n;
}

static void put_point(struct buf *out, struct arena *a, struct source *src, uint32_t off, const char *which)
{
    uint32_t line, bytes;
    source_line_col(a, src, off, &line, &bytes);
    struct slice before = {src->text.p + src->line_starts.v[line - 1], bytes - 1};
    if (line == 1 && slice_starts(before, SLICE("\xef\xbb\xbf")))
        before = slice_from(before, 3); /* a byte order mark is no part of the text */
    buf_printf(out, "\"%sLine\":%u,\"%sColumn\":%u", which, line, which, count_characters(before) + 1);
}

/* 3.30 */
static void put_region(struct buf *out, struct arena *a, struct source *src, struct span at, const char *name)
{
    buf_printf(out, "\"%s\":{", name);
    put_point(out, a, src, at.off, "start");
    buf_char(out, ',');
    put_point(out, a, src, at.off + at.len, "end");
    buf_char(out, '}');
}

static void put_physical(struct buf *out, struct arena *a, struct source *src, struct span at)
{
    buf_str(out, "\"physicalLocation\":{");
    put_artifact(out, src->path);
    buf_char(out, ',');
    put_region(out, a, src, at, "region");
    buf_char(out, '}');
}

static struct source *source_at(const struct compilation *c, struct span at)
{
    return at.file < c->sources.files.n ? c->sources.files.v[at.file] : NULL;
}

/* ---- a result (3.27) ----------------------------------------------------------------------------- */

/* `"text":"…"` of printable text. */
static void put_text(struct buf *out, const struct buf *text)
{
    buf_str(out, "\"text\":");
    buf_json(out, buf_view(text));
}

/* The message with all that the excerpt would say. */
static void put_message(struct buf *out, const struct diag *x)
{
    struct buf text = {0};
    diag_put_text(&text, x->message);
    if (x->primary.text.len) {
        buf_str(&text, ": ");
        diag_put_text(&text, x->primary.text);
    }
    for (uint32_t i = 0; i < x->notes.n; i++) {
        buf_str(&text, "\nNote: ");
        diag_put_text(&text, x->notes.v[i]);
    }
    for (uint32_t i = 0; i < x->helps.n; i++) {
        buf_str(&text, "\nHelp: ");
        diag_put_text(&text, x->helps.v[i]);
    }
    buf_str(out, "\"message\":{");
    put_text(out, &text);
    buf_char(out, '}');
    buf_free(&text);
}

/* What GitHub tells alerts apart by: it stays the same when lines above come and go. */
static void put_fingerprint(struct buf *out, struct sarif *s, struct slice path, const struct diag *x, struct slice line)
{
    struct buf key = {0};
    buf_printf(&key, "%s\n%.*s\n", diag_infos[x->code].code, SLICE_ARG(path));
    for (size_t i = 0; i < line.len; i++)
        if (line.p[i] != ' ' && line.p[i] != '\t' && line.p[i] != '\r')
            buf_char(&key, line.p[i]);
    struct slice hash =
        arena_printf(&s->arena, "%016llx", (unsigned long long)XXH3_64bits(buf_view(&key).p, key.len));
    uint32_t times = ++*strmap_put(&s->lines, &s->arena, hash, 0, NULL);
    buf_printf(out, "\"partialFingerprints\":{\"primaryLocationLineHash\":\"%.*s:%u\"}", SLICE_ARG(hash), times);
    buf_free(&key);
}

static struct slice line_at(struct arena *a, struct source *src, uint32_t off)
{
    uint32_t line, col;
    source_line_col(a, src, off, &line, &col);
    const char *p = src->text.p + src->line_starts.v[line - 1], *end = src->text.p + src->text.len;
    const char *nl = memchr(p, '\n', (size_t)(end - p));
    return (struct slice){p, (size_t)((nl ? nl : end) - p)};
}

static void put_related(struct buf *out, const struct compilation *c, const struct diag *x)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < x->secondary.n; i++) {
        struct source *src = source_at(c, x->secondary.v[i].span);
        struct buf text = {0};
        if (!src)
            continue;
        buf_str(out, n ? ",{" : ",\"relatedLocations\":[{");
        buf_printf(out, "\"id\":%u,", ++n);
        put_physical(out, c->diags.arena, src, x->secondary.v[i].span);
        diag_put_text(&text, x->secondary.v[i].text);
        buf_str(out, ",\"message\":{");
        put_text(out, &text);
        buf_str(out, "}}");
        buf_free(&text);
    }
    buf_str(out, n ? "]" : "");
}

/* 3.55; only fixes that may be applied without being looked at. All edits of one fix are of one file. */
static void put_fix(struct buf *out, const struct compilation *c, const struct diag *x)
{
    struct source *src = source_at(c, x->fix_at);
    if (!x->has_fix || x->applicability != FIX_SAFE || !src)
        return;
    struct buf text = {0};
    if (x->helps.n)
        diag_put_text(&text, x->helps.v[x->helps.n - 1]);
    else
        buf_str(&text, "apply the fix");
    buf_str(out, ",\"fixes\":[{\"description\":{");
    put_text(out, &text);
    buf_str(out, "},\"artifactChanges\":[{");
    put_artifact(out, src->path);
    buf_str(out, ",\"replacements\":[");
    for (uint32_t i = 0; i <= x->more_edits.n; i++) {
        struct diag_edit e = i ? x->more_edits.v[i - 1] : (struct diag_edit){x->fix_at, x->fix_text};
        buf_str(out, i ? ",{" : "{");
        put_region(out, c->diags.arena, src, e.at, "deletedRegion");
        buf_str(out, ",\"insertedContent\":{\"text\":");
        buf_json(out, e.text.p ? e.text : SLICE(""));
        buf_str(out, "}}");
    }
    buf_str(out, "]}]}]");
    buf_free(&text);
}

static void put_result(struct sarif *s, const struct compilation *c, const struct diag *x, struct slice path)
{
    struct buf *out = &s->results;
    struct source *src = source_at(c, x->primary.span);
    bool error = diag_level(&c->diags, x->code) == DIAG_ERROR;
    buf_printf(out, "%s{\"ruleId\":\"%s\",\"ruleIndex\":%d,\"level\":\"%s\",", out->len ? ",\n" : "",
               diag_infos[x->code].code, (int)x->code, error ? "error" : "warning");
    put_message(out, x);
    buf_str(out, ",\"locations\":[{");
    if (src) {
        put_physical(out, c->diags.arena, src, x->primary.span);
    } else { /* code scanning shows nothing that has no place */
        buf_str(out, "\"physicalLocation\":{");
        put_artifact(out, path);
        buf_str(out, ",\"region\":{\"startLine\":1}}");
    }
    buf_str(out, "}],");
    put_fingerprint(out, s, src ? src->path : path, x,
                    src ? line_at(c->diags.arena, src, x->primary.span.off) : SLICE(""));
    put_related(out, c, x);
    put_fix(out, c, x);
    buf_char(out, '}');
}

void sarif_add(struct sarif *s, const struct compilation *c, struct slice path)
{
    uint32_t n;
    struct diag **v = diag_sorted(&c->diags, &n);
    for (uint32_t i = 0; i < n; i++)
        put_result(s, c, v[i], path);
}

void sarif_failed(struct sarif *s, struct slice path, struct slice why)
{
    struct buf text = {0};
    diag_put_text(&text, why);
    buf_str(&s->notices, s->notices.len ? ",{" : "{");
    buf_str(&s->notices, "\"level\":\"error\",\"message\":{");
    put_text(&s->notices, &text);
    buf_str(&s->notices, "},\"locations\":[{\"physicalLocation\":{");
    put_artifact(&s->notices, path);
    buf_str(&s->notices, "}}]}");
    buf_free(&text);
}

/* ---- the document -------------------------------------------------------------------------------- */

/* A rule (3.49) for each code, in the order of enum diag_code. */
static void put_rule(struct buf *out, struct arena *a, enum diag_code code)
{
    const struct diag_info *info = &diag_infos[code];
    struct slice summary = explain_code_summary(a, code);
    struct buf help = {0};
    explain_code(code, &help);
    buf_printf(out, "%s{\"id\":\"%s\",\"shortDescription\":{\"text\":", code ? ",\n" : "", info->code);
    buf_json(out, slice_of(info->title));
    buf_str(out, "},\"fullDescription\":{\"text\":");
    buf_json(out, summary.len ? summary : slice_of(info->title));
    buf_str(out, "},\"help\":{");
    put_text(out, &help);
    buf_printf(out, "},\"defaultConfiguration\":{\"level\":\"%s\"}}", info->level == DIAG_ERROR ? "error" : "warning");
    buf_free(&help);
}

void sarif_end(struct sarif *s, struct buf *out)
{
    buf_str(out, "{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[{\n"
                 "\"tool\":{\"driver\":{\"name\":\"weir\",\"version\":\"" WEIR_VERSION "\",\"semanticVersion\":\"" WEIR_VERSION
                 "\",\"rules\":[\n");
    for (int code = 0; code < DIAG_CODES; code++)
        put_rule(out, &s->arena, (enum diag_code)code);
    buf_printf(out, "]}},\n\"columnKind\":\"unicodeCodePoints\",\n\"invocations\":[{\"executionSuccessful\":%s",
               s->notices.len ? "false" : "true");
    if (s->notices.len)
        buf_printf(out, ",\"toolExecutionNotifications\":[%.*s]", SLICE_ARG(buf_view(&s->notices)));
    buf_str(out, "}],\n\"results\":[\n");
    buf_slice(out, buf_view(&s->results));
    buf_str(out, "]}]}\n");
    buf_free(&s->results);
    buf_free(&s->notices);
    arena_free(&s->arena);
    *s = (struct sarif){0};
}
