/* How the grammar's actions build the tree. Private to the parser. */
#ifndef WEIR_AST_BUILD_H
#define WEIR_AST_BUILD_H

#include "compiler/parse_state.h"

/* From the beginning of `a` to the end of `b`, which lies behind it. */
static inline struct span ast_span_join(struct span a, struct span b)
{
    return (struct span){a.file, a.off, b.off + b.len - a.off};
}

struct ast_expr *ast_leaf(struct parser *p, enum ast_kind kind, struct span at);
struct ast_expr *ast_name(struct parser *p, struct slice text, struct span at);
/* A node over its operands; one that would be too high becomes AST_ERROR, reported. Takes over `args`. */
struct ast_expr *ast_node(struct parser *p, enum ast_kind kind, struct span at, struct parse_exprs args);
struct ast_expr *ast_unary(struct parser *p, enum ast_kind kind, struct span at, struct ast_expr *arg);
struct ast_expr *ast_binary(struct parser *p, enum ast_kind kind, enum ast_op op, struct span op_at, struct ast_expr *left,
                            struct ast_expr *right);
struct ast_expr *ast_member(struct parser *p, struct ast_expr *of, struct slice name, struct span name_at);
struct ast_expr *ast_call(struct parser *p, struct span at, struct ast_expr *callee, struct parse_exprs args);
struct ast_expr *ast_parens(struct parser *p, struct span at, struct ast_expr *e);
/* `left and right`, `left or right`: one node for a chain. */
struct ast_expr *ast_chain(struct parser *p, enum ast_kind kind, struct span op_at, struct ast_expr *left, struct ast_expr *right);
/* Reports a chain that mixes `and` with `or`. */
void ast_check_mix(struct parser *p, struct ast_expr *e);
/* `a = b` in a condition: reported, and taken as ==. */
struct ast_expr *ast_assign_in_condition(struct parser *p, struct span op_at, struct ast_expr *left, struct ast_expr *right);
/* Whether something in the statement that ends here was reported that leaves in doubt what it says. */
bool ast_is_told(const struct parser *p);

struct parse_exprs ast_exprs(struct parser *p, struct parse_exprs list, struct ast_expr *e);

struct ast_type *ast_type_new(struct parser *p, struct slice name, struct span at);
bool ast_type_open(struct parser *p, struct span at);
struct ast_type *ast_type_args(struct parser *p, struct span at, struct slice name, struct parse_types args);

struct ast_block *ast_block_new(struct parser *p);
struct ast_stmt *ast_stmt_new(struct parser *p, enum ast_stmt_kind kind);
struct parse_whens ast_when(struct parser *p, struct parse_whens chain, struct span at, struct span word_at, struct ast_expr *cond,
                            struct ast_block *block);

#endif
