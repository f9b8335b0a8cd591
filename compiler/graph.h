/* A frontend's decisions as a picture: rules in order, grouped by the conditions that neighbours have in common, and
 * what each leads to. The bytes are the same wherever it is drawn.
 *   graph.c          rules become a tree
 *   graph_outcome.c  what they lead to, in words
 *   graph_prune.c    what is too much to look at is summarised
 *   graph_place.c    where everything is
 *   graph_svg.c      the SVG
 * Everything lives in the arena; the program outlives the graph. */
#ifndef WEIR_GRAPH_H
#define WEIR_GRAPH_H

#include "compiler/ir.h"
#include "runtime/base/buf.h"

enum {
    GRAPH_NO_COLOR = UINT32_MAX,
    GRAPH_DEPTH_MAX = 3,       /* of groups */
    GRAPH_COLUMNS = 60,        /* of a line of conditions */
    GRAPH_OUTCOME_COLUMNS = 42, /* of a line of an outcome */
};

struct graph_line {
    struct slice text;
    uint32_t color; /* of a swatch before it, or GRAPH_NO_COLOR */
    bool dim;
};
typedef VEC(struct graph_line) graph_lines;

enum graph_outcome_kind { GRAPH_USE, GRAPH_MAP, GRAPH_REDIRECT, GRAPH_REPLY, GRAPH_REFUSE, GRAPH_EDIT, GRAPH_MANY };

/* What a rule, or rules that are not shown, lead to. */
struct graph_outcome {
    enum graph_outcome_kind kind;
    uint32_t color;   /* USE: the backend's */
    struct slice key; /* neighbours with the same one share a box; empty: none does */
    graph_lines lines;
};

enum graph_kind {
    GRAPH_RULE,
    GRAPH_GROUP, /* rules that have conditions in common */
    GRAPH_MORE,  /* rules that are not shown */
};

enum graph_subject { GRAPH_HOST, GRAPH_PATH, GRAPH_OTHER };

/* One of the conditions that all have to hold. */
struct graph_part {
    struct slice text;
    uint64_t hash, shape; /* of the text; of it without its constants */
    enum graph_subject subject;
};
typedef VEC(struct graph_part) graph_parts;

struct graph_box {
    int x, y, w, h;
};

struct graph_node;
typedef VEC(struct graph_node *) graph_nodes;

struct graph_node {
    enum graph_kind kind;
    uint32_t depth;
    const struct ir_rule *rule; /* RULE */
    struct slice label;         /* RULE: `route[3]`, or its name */
    graph_parts parts;          /* RULE: those that no group around it says; GROUP: the one it has in common */
    graph_lines lines;          /* in words, as they are drawn */
    struct graph_outcome outcome; /* RULE, MORE */
    graph_nodes kids;             /* GROUP; MORE: what it stands for */
    uint32_t rules;               /* in it */
    uint64_t shape;               /* equal for nodes that differ in constants and backends alone */
    struct graph_box box;         /* of the condition */
};

struct graph_backend {
    const struct ir_backend *ir;
    uint32_t rules; /* that lead to it, maps included */
};

/* An outcome's box, beside one row or several. */
struct graph_target {
    const struct graph_outcome *outcome;
    struct graph_box box;
    graph_nodes rows;
};

struct graph {
    struct arena *a;
    const struct ir_program *p;
    const struct ir_frontend *f;
    uint32_t *colors;               /* by ir_backend.index: place in `backends`, or GRAPH_NO_COLOR */
    VEC(struct graph_backend) backends; /* in the order in which rules lead to them */
    graph_nodes phases[2];          /* on request, route */
    uint32_t hidden;                /* rules that are not shown */
    /* places, in pixels */
    int width, height, rail, rail_end;
    int section[2]; /* of a phase's title, 0: none */
    int legend, legend_width; /* where it begins; of one entry */
    VEC(struct graph_target) targets;
};

/* Sizes that placing and writing share. Letters are of one width, at most 0.604 of their size in the fonts that are
 * named: a line of n letters of 12 pixels takes graph_text(n). */
enum {
    GRAPH_MARGIN = 28,
    GRAPH_LINE = 17,
    GRAPH_PAD = 12,  /* left and right of a text in its box */
    GRAPH_PAD_Y = 8, /* above and below */
    GRAPH_SWATCH = 16,
    GRAPH_TITLE = 22, /* its baseline, from the margin */
    GRAPH_START = 92, /* where the rail begins */
    GRAPH_LABEL_MAX = 18, /* letters of a rule's name */
    GRAPH_LEGEND_LINE = 26,
    GRAPH_LEGEND_MAX = 30, /* backends in it */
};

static inline int graph_text(uint32_t letters)
{
    return (int)(letters * 29 + 3) / 4;
}

static inline int graph_height(uint32_t lines)
{
    return (int)lines * GRAPH_LINE + 2 * GRAPH_PAD_Y;
}

/* The tree of `f`, summarised and placed. */
void graph_build(struct arena *a, const struct ir_program *p, const struct ir_frontend *f, struct graph *out);
void graph_svg(const struct graph *g, struct buf *out);

/* ---- between the parts ---- */

void graph_prune(struct graph *g);
void graph_place(struct graph *g);
/* Fills node->outcome, and counts backends. */
void graph_outcome_of(struct graph *g, struct graph_node *node);
/* Of rules that are not shown. */
void graph_outcome_many(struct graph *g, struct graph_node *const *nodes, uint32_t n, struct graph_outcome *out);
/* Adds the text in lines of at most `columns`, `most` of them; what is over ends in "…". */
void graph_wrap(struct arena *a, graph_lines *lines, struct slice text, uint32_t columns, uint32_t most, bool dim);
/* Characters that are seen. */
uint32_t graph_columns(struct slice text);

#endif
