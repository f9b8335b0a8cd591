/* What the parts of the formatter share about one source: its tokens with what stands between them, the tree of
 * statements and blocks, and where lines are to end. Private to fmt*.c.
 *
 * The passes: fmt_read() makes tokens and tree, fmt_break() decides where lines end, fmt_align() which columns meet, and
 * fmt.c writes. Each pass sets fields of tokens; none changes their order. */
#ifndef WEIR_FMT_STATE_H
#define WEIR_FMT_STATE_H

#include "compiler/parse_state.h"
#include "parser.h"

enum {
    FMT_WIDTH = 100,   /* columns of a line */
    FMT_INDENT = 2,    /* of what stands in a block or in a bracket */
    FMT_CONTINUE = 4,  /* of a statement's further lines */
    FMT_SAME_LINE = -1,
};
#define FMT_NONE UINT32_MAX

struct fmt_comment {
    struct slice text; /* from `#` on, without white space at its end */
    bool own_line;     /* nothing stands before it in its line */
    bool after_blank;  /* an empty line stands before it */
    uint32_t pad;      /* fmt_align: spaces before it beyond two */
};

struct fmt_token {
    int kind;          /* of parser.h; 0: the end of the file */
    struct slice text;
    uint32_t width;    /* columns */
    uint32_t flat;     /* column of its end, were all of the file one line */
    uint32_t comment, ncomments; /* what stands before it: in fmt.comments */
    uint32_t partner;  /* of a bracket or of a string's first or last piece */
    bool newline;      /* a line ends before it */
    bool blank;        /* an empty line stands before it, after its comments */
    bool glued;        /* no space before it */
    bool in_type;      /* between the angle brackets of a type */
    bool ends;         /* it is a statement's last */
    bool broken;       /* of an opening bracket: each element has a line of its own */
    bool keeps_blank;  /* empty lines before it are kept */
    int line;          /* fmt_break: the indentation of the line that it begins, or FMT_SAME_LINE */
    uint32_t pad;      /* fmt_align: spaces before it beyond the usual */
};

struct fmt_stmt {
    uint32_t first, end; /* tokens [first, end) */
    struct fmt_block *blocks, *last_block; /* in their order, by `next` */
    bool is_exploded;    /* fmt_break: its blocks have lines of their own */
};

struct fmt_block {
    uint32_t open, close; /* the braces; of the file: FMT_NONE and the end */
    bool one_line;        /* written on one line, and may stay so */
    struct fmt_block *next;
    VEC(struct fmt_stmt) stmts;
};

struct fmt {
    struct arena *arena;
    struct source *source;
    VEC(struct fmt_token) tokens;
    VEC(struct fmt_comment) comments;
    struct fmt_block top;
};

/* Reads `src`, which has no syntax errors. */
void fmt_read(struct fmt *f, struct compilation *c, struct source *src);
void fmt_break(struct fmt *f);
void fmt_align(struct fmt *f);

static inline struct fmt_token *fmt_at(const struct fmt *f, uint32_t i)
{
    return &f->tokens.v[i];
}

/* Columns of the tokens [first, end) on one line. */
static inline uint32_t fmt_flat_width(const struct fmt *f, uint32_t first, uint32_t end)
{
    return end > first ? fmt_at(f, end - 1)->flat - fmt_at(f, first)->flat + fmt_at(f, first)->width : 0;
}

/* The token after `i` that stands in no bracket and no string that `i` opens. */
static inline uint32_t fmt_next(const struct fmt *f, uint32_t i)
{
    const struct fmt_token *t = fmt_at(f, i);
    return t->partner != FMT_NONE && t->partner > i ? t->partner : i + 1;
}

static inline bool fmt_opens(int kind)
{
    return kind == CALL || kind == IDX || kind == LPAREN || kind == LBRACKET;
}

#endif
