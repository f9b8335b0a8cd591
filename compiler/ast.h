/* The syntax tree: what a Weir file says, before any name is looked up. The parser builds it, the checker reads it,
 * and nobody else sees it. Statement words are not interpreted here: they are schema data (statements.def).
 *
 * Ownership: everything lives in the compilation's arena; slices point into the arena or into the source. */
#ifndef WEIR_AST_H
#define WEIR_AST_H

#include "compiler/diag.h"
#include "runtime/base/ip.h"

enum ast_kind {
    AST_ERROR, /* reported already: silences what would follow from it */
    AST_NAME,  /* text */
    AST_BOOL,  /* num: 0, 1 */
    AST_INT,   /* num */
    AST_FLOAT, /* real */
    AST_DURATION,  /* num: microseconds */
    AST_SIZE,      /* num: bytes */
    AST_PERCENT,   /* real */
    AST_BANDWIDTH, /* num: bytes a second */
    AST_RATE,      /* rate: num times in per_us microseconds */
    AST_RANGE,     /* range: lo..hi, inclusive; 5xx is 500..599 */
    AST_CIDR,      /* cidr; one address where its bits are 128 and `has_prefix` is false */
    AST_IP_RANGE,  /* ips */
    AST_ENDPOINT,  /* endpoint: :80 *:80 10.0.0.1:80 [::1]:443 web.local:80 unix:/path */
    AST_REGEX,     /* text: between the quotes of re"…", as written but for \" */
    AST_HEX,       /* text: the bytes */
    AST_STRING,    /* text: constant, escapes resolved */
    AST_INTERP,    /* args: string, expression, string, … string, in turn; strings may be empty */
    AST_LIST,      /* args */
    AST_MEMBER,    /* args[0].text */
    AST_INDEX,     /* args[0][args[1]] */
    AST_CALL,      /* args[0](args[1], …) */
    AST_NAMED,     /* text: args[0], an argument given by name */
    AST_NOT,       /* args[0] */
    AST_AND,       /* args: two or more, flattened unless in parentheses */
    AST_OR,        /* args: two or more, flattened unless in parentheses */
    AST_COMPARE,   /* args[0] op args[1] */
    AST_ARITH,     /* args[0] op args[1] */
    AST_NEGATE,    /* - args[0] */
    AST_PIPE,      /* args[0] | args[1], where args[1] is a NAME, MEMBER or CALL */
};

enum ast_op {
    AST_OP_NONE,
    AST_EQ, AST_NE, AST_LT, AST_LE, AST_GT, AST_GE,
    AST_IN, AST_NOT_IN,
    AST_UNDER, AST_LIKE, AST_MATCHES, AST_CONTAINS, AST_STARTS_WITH, AST_ENDS_WITH,
    AST_ADD, AST_SUB, AST_MUL, AST_DIV, AST_MOD,
};

/* What a name means in a copy of a tree: where a template or a call is expanded, names of the copy are those of the
 * file that it comes from, and parameters are their arguments. Made by the checker. */
struct ast_binding {
    const void *module;           /* the file whose names count */
    const struct ast_expr *value; /* of a parameter: its argument, itself bound; NULL: a name of the file */
    const struct ast_type *type;  /* that the parameter was declared with */
    const void *frame;            /* the expansions around the argument */
    bool unknown;                 /* nothing is known of the value: what depends on it says nothing */
};

struct ast_ip_range {
    struct ip_addr first, last; /* both included */
};

struct ast_endpoint {
    struct ip_addr addr; /* where host.p is NULL; all zero: any address */
    struct slice host;   /* a name, or the path of unix: */
    uint16_t port;
    bool is_unix;
};

/* A file of a million rules has ten million of these, and reading it costs what filling them costs: what few kinds need
 * shares its room, and what is large is pointed to. */
struct ast_expr {
    uint8_t kind;    /* enum ast_kind */
    uint8_t op;      /* enum ast_op */
    bool in_parens : 1;  /* was written in parentheses */
    bool has_prefix : 1; /* CIDR: a /n was written */
    uint8_t depth;       /* height of the tree below: bounded, so that passes may recurse */
    uint32_t nargs;
    union {
        struct ast_expr **args;
        const struct ast_binding *bound; /* of a NAME, which has no args: in a copy; else NULL */
    };
    struct span span;     /* all of it, parentheses around it included */
    uint32_t op_off;      /* see ast_op_span() */
    union {
        uint32_t op_len;
        struct slice text;
        int64_t num;
        double real;
        struct { int64_t num, per_us; } rate;
        struct { int64_t lo, hi; } range;
        const struct ip_prefix *cidr;
        const struct ast_ip_range *ips;
        const struct ast_endpoint *endpoint;
    };
};

/* Of COMPARE, ARITH, AND, OR: the (first) operator; of MEMBER: the name after the dot. */
static inline struct span ast_op_span(const struct ast_expr *e)
{
    return (struct span){e->span.file, e->op_off, e->kind == AST_MEMBER ? (uint32_t)e->text.len : e->op_len};
}

struct ast_type {
    struct slice name; /* p NULL: reported already */
    struct span span;
    bool optional; /* T? */
    uint32_t nargs;
    struct ast_type **args;
};

struct ast_param {
    struct slice name;
    struct span span;
    struct ast_type *type;
    struct ast_expr *value; /* or NULL */
};

enum ast_stmt_kind {
    AST_STMT_WORD,       /* word args tail block if */
    AST_STMT_ROW,        /* args tail block if: a line that begins with a literal */
    AST_STMT_ACL,        /* acl word(params): type = tail_expr */
    AST_STMT_LET,        /* the same */
    AST_STMT_WHEN,       /* when cond block else other */
    AST_STMT_TEMPLATE,   /* template word(params) args: type block */
    AST_STMT_ANNOTATION, /* @word(args): belongs to the next statement */
};

enum ast_tail {
    AST_TAIL_NONE,
    AST_TAIL_TYPE,        /* : type */
    AST_TAIL_TYPE_ARROW,  /* : type -> to */
    AST_TAIL_TYPE_ASSIGN, /* : type = tail_expr */
    AST_TAIL_ARROW,       /* -> tail_args */
    AST_TAIL_ASSIGN,      /* = tail_expr */
    AST_TAIL_RELOP,       /* tail_op tail_expr, as in `expect status == 200` */
};

struct ast_block {
    struct span span; /* with both braces */
    VEC(struct ast_stmt *) stmts;
};

struct ast_stmt {
    bool told;       /* something in it, outside its block, was reported: what follows from that is not */
    uint8_t kind;    /* enum ast_stmt_kind */
    uint8_t tail;    /* enum ast_tail */
    uint8_t tail_op; /* enum ast_op */
    struct slice word;
    struct span span, word_span; /* span: from the word to the end of the statement */
    uint32_t nargs, ntail_args;
    struct ast_expr **args, **tail_args;
    struct ast_type *type, *to;
    struct ast_expr *tail_expr;
    struct ast_block *block; /* or NULL */
    struct ast_expr *cond;   /* after `if`, or of `when`; or NULL */
    /* WHEN: the block after else, or one WHEN statement; both NULL without else */
    struct ast_block *else_block;
    struct ast_stmt *else_when;
    uint32_t nparams;
    struct ast_param *params;
};

struct ast_file {
    struct source *source;
    struct ast_block *top; /* the statements of the file */
};

#endif
