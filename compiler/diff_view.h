/* What the forms of a diff say alike: a class of requests in words. For diff_*.c alone. */
#ifndef WEIR_DIFF_VIEW_H
#define WEIR_DIFF_VIEW_H

#include "compiler/diff.h"

enum {
    DIFF_SHOWN = 50, /* kinds of a frontend in forms for people */
    DIFF_ALIKE = 10
}; /* classes of one kind */

struct diff_view {
    struct slice before,
        after; /* what the rules do; where that reads the same, what becomes of the request */
    struct slice old_outcome,
        new_outcome;                   /* of the request, with the changes of headers where those differ */
    struct slice old_rule, new_rule;   /* `edge.route[3] at site.weir:12: use app if …` */
    struct slice old_place, new_place; /* `edge.route[3] at site.weir:12` */
    struct slice when;                 /* the conditions of both */
    struct slice hosts;
    struct slice alike;   /* `9 more classes like this`; p NULL: there are none */
    struct slice request; /* arguments of `weir explain`; p NULL: no request is confirmed */
    struct slice traffic; /* `12.4 % of 1,203,441 requests`; p NULL: no log is replayed */
};

void diff_describe(struct arena *a, const struct diff *d, const struct diff_frontend *f,
                   const struct diff_class *x, struct diff_view *out);
const char *diff_verdict_text(enum diff_verdict v);
/* Of the whole. */
enum diff_verdict diff_verdict(const struct diff *d);
/* Which requests a class is about, by the conditions of the rules; see diff_when.c. The rules may be NULL. */
struct slice diff_when(struct arena *a, const struct diff_frontend *f, const struct diff_class *x,
                       const struct ir_rule *old, const struct ir_rule *new);
/* Appends not more of a text than people read. */
void diff_put_cut(struct slice s, size_t most, struct buf *out);
/* The next class after `*at` that is like `x`, which moves on; NULL where there is none. */
const struct diff_class *diff_next_alike(const struct diff_frontend *f, const struct diff_class *x,
                                         uint32_t *at);
/* `"a.example": use p1 → use p2 (edge.route[7] at new.weir:9)` */
struct slice diff_describe_alike(struct arena *a, const struct diff *d, const struct diff_frontend *f,
                                 const struct diff_class *x);
/* The classes that are shown: the first of each kind. */
uint32_t diff_kinds(const struct diff_frontend *f);
/* Whether there is something to say of the frontend by itself: that the objects do not say, nor
 * diff_unchanged(). */
bool diff_tells_frontend(const struct diff *d, const struct diff_frontend *f);
/* `v1` and `v2`: every request ends as before; p NULL: there are no such frontends. */
struct slice diff_unchanged(struct arena *a, const struct diff *d);

/* What the whole comparison says, in one line. */
void diff_summary(const struct diff *d, struct buf *out);
/* `12 kinds of requests end otherwise` */
void diff_frontend_says(const struct diff_frontend *f, struct buf *out);

/* What the logs say of the whole, a sentence each. */
struct diff_lines {
    VEC(struct slice) v;
};
void diff_traffic_lines(struct arena *a, const struct diff *d, struct diff_lines *out);
/* Requests that end otherwise, in no class, of a frontend; p NULL: none. */
struct slice diff_unclassed(struct arena *a, const struct diff *d, const struct diff_frontend *f);

/* 1,203,441 */
void diff_put_number(uint64_t n, struct buf *out);
/* `12.4 %` */
void diff_put_share(uint64_t n, uint64_t of, struct buf *out);
/* `1 object`, `12 objects` */
void diff_put_count(uint64_t n, const char *one, const char *many, struct buf *out);

#endif
