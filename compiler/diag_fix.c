/* Applies safe fixes; see diag_fix.h. */
#include "compiler/diag_fix.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/text_diff.h"

void fix_end(struct fix_set *s)
{
    arena_free(&s->arena);
    *s = (struct fix_set){0};
}

void fix_preload(const struct fix_set *s, struct compilation *c)
{
    for (uint32_t i = 0; i < s->files.n; i++)
        source_from_text(&c->sources, s->files.v[i].path, s->files.v[i].now);
}

/* Files in the order of the compilation's sources, so that both have the same index. */
static void take_files(struct fix_set *s, const struct compilation *c)
{
    for (uint32_t i = s->files.n; i < c->sources.files.n; i++) {
        const struct source *src = c->sources.files.v[i];
        struct fix_file *f = vec_push(&s->arena, &s->files);
        f->path = arena_copy(&s->arena, src->path);
        f->before = f->now = arena_copy(&s->arena, src->text);
    }
}

static bool disk_holds(const struct fix_file *f)
{
    struct buf b = {0};
    bool same = buf_read_file(&b, f->path.p) == 0 && slice_eq(buf_view(&b), f->before);
    buf_free(&b);
    return same;
}

/* What is carried in `weir` itself, comes from a pipe or has changed meanwhile is not edited. */
static bool is_editable(struct fix_file *f)
{
    struct stat st;
    if (f->state == FIX_UNKNOWN)
        f->state = stat(f->path.p, &st) == 0 && S_ISREG(st.st_mode) && disk_holds(f) ? FIX_EDITABLE : FIX_NOT_EDITABLE;
    return f->state == FIX_EDITABLE;
}

/* ---- which fixes --------------------------------------------------------------------------------- */

struct edits {
    VEC(struct diag_edit) v;
};

static bool touches(struct span a, struct span b)
{
    if (a.file != b.file)
        return false;
    if (a.off == b.off)
        return true;
    return a.off < b.off ? a.off + a.len > b.off : b.off + b.len > a.off;
}

static bool is_possible(struct fix_set *s, const struct edits *taken, const struct diag_edit *e)
{
    if (e->at.file >= s->files.n)
        return false;
    struct fix_file *f = &s->files.v[e->at.file];
    if (e->at.off > f->now.len || e->at.len > f->now.len - e->at.off || !is_editable(f))
        return false;
    if (slice_eq((struct slice){f->now.p + e->at.off, e->at.len}, e->text))
        return false; /* changes nothing */
    for (uint32_t i = 0; i < taken->v.n; i++)
        if (touches(taken->v.v[i].at, e->at))
            return false;
    return true;
}

/* Adds all edits of `x`, or none. */
static bool take_fix(struct fix_set *s, struct arena *a, struct edits *taken, const struct diag *x)
{
    if (!x->has_fix || x->applicability != FIX_SAFE)
        return false;
    uint32_t mark = taken->v.n;
    for (uint32_t i = 0; i <= x->more_edits.n; i++) {
        struct diag_edit e = i ? x->more_edits.v[i - 1] : (struct diag_edit){x->fix_at, x->fix_text};
        if (!is_possible(s, taken, &e)) {
            taken->v.n = mark;
            return false;
        }
        vec_add(a, &taken->v, e);
    }
    return true;
}

/* ---- applying ------------------------------------------------------------------------------------ */

static int by_offset(const void *pa, const void *pb)
{
    const struct diag_edit *a = pa, *b = pb;
    if (a->at.file != b->at.file)
        return a->at.file < b->at.file ? -1 : 1;
    return a->at.off < b->at.off ? -1 : a->at.off > b->at.off;
}

/* `n` edits of one file, in order. */
static void edit_file(struct fix_set *s, const struct diag_edit *e, uint32_t n)
{
    struct fix_file *f = &s->files.v[e->at.file];
    struct buf b = {0};
    size_t done = 0;
    for (uint32_t i = 0; i < n; i++) {
        buf_add(&b, f->now.p + done, e[i].at.off - done);
        buf_slice(&b, e[i].text);
        done = e[i].at.off + e[i].at.len;
    }
    buf_slice(&b, slice_from(f->now, done));
    f->now = arena_copy(&s->arena, buf_view(&b));
    buf_free(&b);
}

static void tell(const struct compilation *c, const struct diag *x, struct buf *said)
{
    uint32_t line, col, file = x->primary.span.file < c->sources.files.n ? x->primary.span.file : x->fix_at.file;
    struct source *src = c->sources.files.v[file];
    source_line_col(c->diags.arena, src, file == x->primary.span.file ? x->primary.span.off : x->fix_at.off, &line, &col);
    buf_printf(said, "%.*s:%u:%u: fixed %s: ", SLICE_ARG(src->path), line, col, diag_infos[x->code].code);
    diag_put_text(said, x->message);
    buf_char(said, '\n');
}

uint32_t fix_apply(struct fix_set *s, const struct compilation *c, struct buf *said)
{
    struct edits taken = {0};
    uint32_t n, applied = 0;
    struct diag **v = diag_sorted(&c->diags, &n);
    take_files(s, c);
    for (uint32_t i = 0; i < n; i++)
        if (take_fix(s, c->diags.arena, &taken, v[i])) {
            tell(c, v[i], said);
            applied++;
        }
    if (taken.v.n)
        qsort(taken.v.v, taken.v.n, sizeof *taken.v.v, by_offset);
    for (uint32_t from = 0, to; from < taken.v.n; from = to) {
        for (to = from + 1; to < taken.v.n && taken.v.v[to].at.file == taken.v.v[from].at.file;)
            to++;
        edit_file(s, taken.v.v + from, to - from);
    }
    s->fixed += applied;
    return applied;
}

/* ---- what comes out ------------------------------------------------------------------------------ */

void fix_diff(struct fix_set *s, struct buf *out)
{
    for (uint32_t i = 0; i < s->files.n; i++)
        text_diff(&s->arena, s->files.v[i].path, s->files.v[i].before, s->files.v[i].now, out);
}

/* Writes where the path leads to, so that a link stays one. Returns an errno. */
static int write_file(const struct fix_file *f)
{
    char real[PATH_MAX];
    struct stat st;
    if (!realpath(f->path.p, real) || stat(real, &st) != 0)
        return errno;
    int err = buf_write_file(real, f->now, (int)(st.st_mode & 07777));
    if (err)
        return err;
    if (chown(real, st.st_uid, st.st_gid) != 0 && errno != EPERM)
        return errno;
    return chmod(real, st.st_mode & 07777) == 0 || errno == EPERM ? 0 : errno; /* the umask may have taken some */
}

uint32_t fix_write(struct fix_set *s, struct buf *said, bool *failed)
{
    uint32_t written = 0;
    for (uint32_t i = 0; i < s->files.n; i++) {
        const struct fix_file *f = &s->files.v[i];
        if (slice_eq(f->before, f->now))
            continue;
        int err = disk_holds(f) ? write_file(f) : EBUSY;
        if (err) {
            buf_printf(said, "weir: cannot write %.*s: %s\n", SLICE_ARG(f->path),
                       err == EBUSY ? "it has changed meanwhile" : strerror(err));
            *failed = true;
        } else {
            written++;
        }
    }
    return written;
}
