/* What would change from one program to another, exactly: classes of requests whose outcome differs, each
 * with a request that was evaluated under both programs, and then the objects that changed. diff.c compares
 * frontends, diff_objects.c objects, diff_render.c writes. "Equivalent" is only said where it was proved. */
#ifndef WEIR_DIFF_H
#define WEIR_DIFF_H

#include "compiler/an_witness.h"

enum diff_verdict { DIFF_EQUIVALENT, DIFF_DIFFERENT, DIFF_UNKNOWN };

enum { DIFF_SAMPLES = 6, DIFF_HOSTS = 5 };

/* Requests that one rule decided, and another does now. */
struct diff_class {
    uint64_t requests;  /* of the logs that are replayed: of the first of a kind, for all of the kind */
    uint64_t top;       /* how many of them are like `often` */
    struct slice often; /* the most frequent one, as an argument of `weir explain` */
    const struct an_item *old_item, *new_item; /* what decides */
    bool edits;                                /* the same decision, with other changes of headers */
    bool any;                                  /* all hosts alike */
    uint32_t others;    /* of the cells of hosts that no condition names: how many are among it */
    uint32_t of_others; /* and of how many */
    struct slice other; /* a host of these cells */
    uint64_t named;     /* bits of the first 64 hosts in `names` of the frontend */
    uint32_t nhosts;    /* named hosts */
    struct slice hosts[DIFF_HOSTS];
    struct an_sample samples[DIFF_SAMPLES];
    uint32_t nsamples;
    struct diff_class
        *like;       /* an earlier class of the same kind: of another host, with other names; or with the same
                      * changes of headers, decided by another rule. NULL: this is the first of its kind */
    uint32_t alike;  /* of the first: how many are like it */
    uint32_t number; /* in the order in which they were found */
    bool confirmed;  /* of the first: `request` shows the difference */
    struct eval_request request;
    struct eval_result before, after;
};

struct diff_frontend {
    struct slice name;
    const struct ir_frontend *old, *new; /* one may be NULL */
    struct an_side sides[2];
    enum diff_verdict verdict;
    bool exceeded; /* the search was not finished */
    const struct slice
        *names; /* all hosts that conditions name, where classes may be of hosts without a name */
    uint32_t nnames;
    VEC(struct diff_class *) classes;
    uint32_t unconfirmed;         /* classes for which no request was found */
    uint64_t requests, differing; /* of the logs that are replayed */
    uint64_t unclassed;           /* of those that differ: in no class */
    struct slice unclassed_as;    /* the most frequent of them, as an argument of `weir explain` */
    uint64_t unclassed_top;
};

/* What the logs of --traffic hold. */
struct diff_traffic {
    uint64_t lines, requests, differing, unclassed;
    uint64_t unread;           /* lines that say no request */
    struct slice why;          /* of the first of them: `access.log:17: it holds no request` */
    uint64_t elsewhere;        /* requests to frontends that are not compared */
    struct slice elsewhere_as; /* one of them */
    VEC(struct slice) assumed; /* what the rules read and the logs do not say, and what was taken for it */
    bool evaluated;            /* no compiled plan decided, but the evaluator */
};

/* A change of an object, told in words. */
struct diff_change {
    enum { DIFF_ADDED, DIFF_REMOVED, DIFF_CHANGED } what;
    struct slice object; /* `backend app`, `server app/a1` */
    VEC(struct slice) details;
};

struct diff {
    struct arena *a;
    const struct ir_program *old, *new;
    bool same_digest;
    VEC(struct diff_frontend *) frontends;
    VEC(struct diff_change) objects;
    const struct diff_traffic *traffic; /* NULL: no log is replayed */
};

struct diff_options {
    const char *frontend; /* NULL: all */
    double seconds;       /* for each frontend */
};

/* Compares. Everything lives in the arena `a`, which must outlive the result, as must the programs. */
void diff_programs(struct arena *a, const struct ir_program *old, const struct ir_program *new,
                   const struct diff_options *o, struct diff *out);
void diff_compare_frontends(struct diff *d, struct diff_frontend *f, double seconds);
void diff_compare_objects(struct diff *d);

/* A request that the logs hold shows what the class says. */
bool diff_confirm(struct diff *d, const struct diff_frontend *f, struct diff_class *x,
                  const struct eval_request *q);
/* Puts the classes in the order in which people want them. */
void diff_sort(struct diff *d);

/* Nothing differs, and that is proved. */
bool diff_is_equivalent(const struct diff *d);
/* Whether anything is known to differ. */
bool diff_is_different(const struct diff *d);

struct diff_names {
    const char *old, *new; /* of the files */
};

void diff_text(const struct diff *d, const struct diff_names *n, struct buf *out);
void diff_json(const struct diff *d, const struct diff_names *n, struct buf *out);
void diff_markdown(const struct diff *d, const struct diff_names *n, struct buf *out);
void diff_html(const struct diff *d, const struct diff_names *n, struct buf *out);

#endif
