/* The grammar, as in LANGUAGE.md. It knows the one statement form and expressions, and no statement's name: those
 * are schema. No conflicts, no precedence, no GLR. Tokens come balanced and with NL in the right places from
 * compiler/parse_tokens.c.
 *
 * Recovery: after an error the rest of the statement is dropped up to its end or up to its block, whose statements
 * are parsed as ever; so the braces stay in step, and an error in a block's head does not hide those within. */
%code requires {
#include "compiler/parse_state.h"
}
%code {
#include "compiler/ast_build.h"

static int yylex(union parse_value *value, struct span *at, struct parser *p)
{
    struct parse_token t = parse_next(p);
    *value = t.value;
    *at = parse_span(p, t.off, t.off + t.len);
    return t.kind;
}

static void yyerror(struct span *at, struct parser *p, const char *message);

/* From the first part to the last; nothing stands where the part before ended. */
#define YYLLOC_DEFAULT(at, rhs, n)                                          \
    do {                                                                    \
        if (n)                                                              \
            (at) = ast_span_join(YYRHSLOC(rhs, 1), YYRHSLOC(rhs, n));       \
        else                                                                \
            (at) = (struct span){YYRHSLOC(rhs, 0).file, YYRHSLOC(rhs, 0).off + YYRHSLOC(rhs, 0).len, 0}; \
    } while (0)
#define YYMAXDEPTH 10000
}

%define api.pure full
%define api.prefix {weir_yy}
%define api.value.type {union parse_value}
%define api.location.type {struct span}
%define parse.error custom
%define parse.lac full
%locations
%param {struct parser *p}
%expect 0
%initial-action { @$ = parse_span(p, 0, 0); }

%token NL "the end of the statement"
%token LINE "the end of the line" SEMICOLON ";" /* as written; the grammar never sees them */
%token <text> ID "a name"
%token <text> ACL "acl" LET "let" TEMPLATE "template" WHEN "when" IF "if" ELSE "else"
%token <text> AND "and" OR "or" NOT "not" IN "in" TRUE "true" FALSE "false"
%token <text> UNDER "under" LIKE "like" MATCHES "matches" CONTAINS "contains" STARTS_WITH "starts-with" ENDS_WITH "ends-with"
%token EQ "==" NE "!=" LE "<=" GE ">=" LT "<" GT ">" ARROW "->"
%token CALL "( of a call" IDX "[ of an index" /* glued to what stands before */
%token DOT "." LBRACE "{" RBRACE "}" LPAREN "(" RPAREN ")" LBRACKET "[" RBRACKET "]" ASSIGN "=" COLON ":" COMMA ","
%token PIPE "|" PLUS "+" MINUS "-" STAR "*" SLASH "/" PERCENT "%" AT "@" QUESTION "?"
%token <expr> LIT "a literal"
%token <expr> STR "a string" SHEAD "the head of a string" SMID "the middle of a string" STAIL "the end of a string"

%type <block> items block blk
%type <stmt> item stmt tail
%type <list> args args_opt lits elems cargs cargl
%type <expr> slit cond expr disj conj neg cmp pipe conv sum prod unary post prim str list carg
%type <list> interp
%type <type> type sig
%type <types> types
%type <params> params plist param
%type <whens> whens
%type <op> relop def
%type <text> word

%%
file     : items
         ;
items    : %empty                       { $$ = ast_block_new(p); if (!p->top) p->top = $$; }
         | items item                   { $$ = $1; if ($2) vec_add(p->arena, &$$->stmts, $2); }
         ;
item     : stmt NL                      { $$ = $1; $$->told = ast_is_told(p); }
         | error NL                     { yyerrok; $$ = NULL; }
         | error block cond NL          { $$ = NULL; }
         | error block ELSE alt NL      { $$ = NULL; }
         ;
alt      : block | WHEN expr block | WHEN expr block ELSE alt
         ;

word     : ID                           { $$ = $1; }
         | ID DOT ID                    { $$ = (struct slice){$1.p, (size_t)($3.p - $1.p) + $3.len}; }
         ;
stmt     : word args_opt tail blk cond    {
               $$ = $3; $$->kind = AST_STMT_WORD; $$->span = @$; $$->word = $1; $$->word_span = @1;
               $$->args = $2.v; $$->nargs = $2.n; $$->block = $4; $$->cond = $5; }
         | lits tail blk cond           {
               $$ = $2; $$->kind = AST_STMT_ROW; $$->span = @$; $$->word_span = $1.v[0]->span;
               $$->args = $1.v; $$->nargs = $1.n; $$->block = $3; $$->cond = $4; }
         | whens                        { $$ = $1.first; $$->span = @$; }
         | whens ELSE block             { $$ = $1.first; $$->span = @$; $1.last->else_block = $3; }
         | TEMPLATE ID params args_opt sig block {
               $$ = ast_stmt_new(p, AST_STMT_TEMPLATE); $$->span = @$; $$->word = $2; $$->word_span = @2;
               $$->params = $3.v; $$->nparams = $3.n; $$->args = $4.v; $$->nargs = $4.n; $$->block = $6;
               $$->type = $5; $$->tail = $5 ? AST_TAIL_TYPE : AST_TAIL_NONE; }
         | def ID params sig "=" expr   {
               $$ = ast_stmt_new(p, $1); $$->span = @$; $$->word = $2; $$->word_span = @2;
               $$->params = $3.v; $$->nparams = $3.n; $$->type = $4; $$->tail_expr = $6;
               $$->tail = $4 ? AST_TAIL_TYPE_ASSIGN : AST_TAIL_ASSIGN; }
         | "@" ID CALL cargs ")"        {
               $$ = ast_stmt_new(p, AST_STMT_ANNOTATION); $$->span = @$; $$->word = $2; $$->word_span = @2;
               $$->args = $4.v; $$->nargs = $4.n; }
         ;
whens    : WHEN expr block              { $$ = ast_when(p, (struct parse_whens){0}, @$, @1, $2, $3); }
         | whens ELSE WHEN expr block   { $$ = ast_when(p, $1, ast_span_join(@3, @5), @3, $4, $5); }
         ;
def      : ACL                          { $$ = AST_STMT_ACL; }
         | LET                          { $$ = AST_STMT_LET; }
         ;
lits     : slit                         { $$ = ast_exprs(p, (struct parse_exprs){0}, $1); }
         | lits slit                    { $$ = ast_exprs(p, $1, $2); }
         ;
slit     : LIT | str | list
         ;
args_opt : %empty                       { $$ = (struct parse_exprs){0}; }
         | args
         ;
args     : post                         { $$ = ast_exprs(p, (struct parse_exprs){0}, $1); }
         | args post                    { $$ = ast_exprs(p, $1, $2); }
         ;
tail     : %empty                       { $$ = ast_stmt_new(p, AST_STMT_WORD); }
         | ":" type                     { $$ = ast_stmt_new(p, AST_STMT_WORD); $$->tail = AST_TAIL_TYPE; $$->type = $2; }
         | ":" type ARROW type          { $$ = ast_stmt_new(p, AST_STMT_WORD); $$->tail = AST_TAIL_TYPE_ARROW; $$->type = $2; $$->to = $4; }
         | ":" type "=" expr            { $$ = ast_stmt_new(p, AST_STMT_WORD); $$->tail = AST_TAIL_TYPE_ASSIGN; $$->type = $2; $$->tail_expr = $4; }
         | ARROW args                   { $$ = ast_stmt_new(p, AST_STMT_WORD); $$->tail = AST_TAIL_ARROW; $$->tail_args = $2.v; $$->ntail_args = $2.n; }
         | "=" expr                     { $$ = ast_stmt_new(p, AST_STMT_WORD); $$->tail = AST_TAIL_ASSIGN; $$->tail_expr = $2; }
         | relop pipe                   { $$ = ast_stmt_new(p, AST_STMT_WORD); $$->tail = AST_TAIL_RELOP; $$->tail_op = (uint8_t)$1; $$->tail_expr = $2; }
         ;
blk      : %empty                       { $$ = NULL; }
         | block
         ;
cond     : %empty                       { $$ = NULL; }
         | IF expr                      { $$ = $2; }
         ;
block    : lbrace items "}"             { $$ = $2; $$->span = @$; }
         ;
lbrace   : "{"                          { yyerrok; }
         ;

params   : %empty                       { $$ = (struct parse_params){0}; }
         | CALL ")"                     { $$ = (struct parse_params){0}; }
         | CALL plist ")"               { $$ = $2; }
         ;
plist    : param
         | plist "," param              { $$ = $1; vec_add(p->arena, &$$, $3.v[0]); }
         ;
param    : ID ":" type                  { $$ = (struct parse_params){0}; vec_add(p->arena, &$$, ((struct ast_param){$1, @1, $3, NULL})); }
         | ID ":" type "=" expr         { $$ = (struct parse_params){0}; vec_add(p->arena, &$$, ((struct ast_param){$1, @1, $3, $5})); }
         ;
sig      : %empty                       { $$ = NULL; }
         | ":" type                     { $$ = $2; }
         ;
type     : ID                           { $$ = ast_type_new(p, $1, @1); }
         | ID type_lt types GT          { $$ = ast_type_args(p, @$, $1, $3); }
         | type "?"                     { $$ = $1; $$->optional = true; $$->span = @$; }
         ;
type_lt  : LT                           { if (!ast_type_open(p, @1)) YYABORT; }
         ;
types    : type                         { $$ = (struct parse_types){0}; vec_add(p->arena, &$$, $1); }
         | types "," type               { $$ = $1; vec_add(p->arena, &$$, $3); }
         ;

expr     : disj                         { $$ = $1; ast_check_mix(p, $$); }
         ;
disj     : conj
         | disj OR conj                 { $$ = ast_chain(p, AST_OR, @2, $1, $3); }
         ;
conj     : neg
         | conj AND neg                 { $$ = ast_chain(p, AST_AND, @2, $1, $3); }
         ;
neg      : cmp
         | NOT neg                      { $$ = ast_unary(p, AST_NOT, @$, $2); }
         ;
cmp      : pipe
         | pipe relop pipe              { $$ = ast_binary(p, AST_COMPARE, $2, @2, $1, $3); }
         | pipe "=" pipe                { $$ = ast_assign_in_condition(p, @2, $1, $3); }
         ;
relop    : EQ                           { $$ = AST_EQ; }
         | NE                           { $$ = AST_NE; }
         | LT                           { $$ = AST_LT; }
         | LE                           { $$ = AST_LE; }
         | GT                           { $$ = AST_GT; }
         | GE                           { $$ = AST_GE; }
         | IN                           { $$ = AST_IN; }
         | NOT IN                       { $$ = AST_NOT_IN; }
         | UNDER                        { $$ = AST_UNDER; }
         | LIKE                         { $$ = AST_LIKE; }
         | MATCHES                      { $$ = AST_MATCHES; }
         | CONTAINS                     { $$ = AST_CONTAINS; }
         | STARTS_WITH                  { $$ = AST_STARTS_WITH; }
         | ENDS_WITH                    { $$ = AST_ENDS_WITH; }
         ;
pipe     : sum
         | pipe "|" conv                { $$ = ast_binary(p, AST_PIPE, AST_OP_NONE, @2, $1, $3); }
         ;
conv     : ID                           { $$ = ast_name(p, $1, @1); }
         | ID CALL cargs ")"            { $$ = ast_call(p, @$, ast_name(p, $1, @1), $3); }
         | ID DOT ID                    { $$ = ast_member(p, ast_name(p, $1, @1), $3, @3); }
         | ID DOT ID CALL cargs ")"     { $$ = ast_call(p, @$, ast_member(p, ast_name(p, $1, @1), $3, @3), $5); }
         ;
sum      : prod
         | sum "+" prod                 { $$ = ast_binary(p, AST_ARITH, AST_ADD, @2, $1, $3); }
         | sum "-" prod                 { $$ = ast_binary(p, AST_ARITH, AST_SUB, @2, $1, $3); }
         ;
prod     : unary
         | prod "*" unary               { $$ = ast_binary(p, AST_ARITH, AST_MUL, @2, $1, $3); }
         | prod "/" unary               { $$ = ast_binary(p, AST_ARITH, AST_DIV, @2, $1, $3); }
         | prod "%" unary               { $$ = ast_binary(p, AST_ARITH, AST_MOD, @2, $1, $3); }
         ;
unary    : post
         | "-" unary                    { $$ = ast_unary(p, AST_NEGATE, @$, $2); }
         ;
post     : prim
         | post DOT ID                  { $$ = ast_member(p, $1, $3, @3); }
         | post IDX expr "]"            { $$ = ast_binary(p, AST_INDEX, AST_OP_NONE, @2, $1, $3); $$->span = @$; }
         | post CALL cargs ")"          { $$ = ast_call(p, @$, $1, $3); }
         ;
prim     : ID                           { $$ = ast_name(p, $1, @1); }
         | LIT
         | TRUE                         { $$ = ast_leaf(p, AST_BOOL, @1); $$->num = 1; }
         | FALSE                        { $$ = ast_leaf(p, AST_BOOL, @1); }
         | str
         | list
         | "(" expr ")"                 { $$ = ast_parens(p, @$, $2); }
         ;
str      : STR
         | interp STAIL                 { $$ = ast_node(p, AST_INTERP, @$, ast_exprs(p, $1, $2)); }
         ;
interp   : SHEAD expr                   { $$ = ast_exprs(p, ast_exprs(p, (struct parse_exprs){0}, $1), $2); }
         | interp SMID expr             { $$ = ast_exprs(p, ast_exprs(p, $1, $2), $3); }
         ;
list     : "[" "]"                      { $$ = ast_node(p, AST_LIST, @$, (struct parse_exprs){0}); }
         | "[" elems "]"                { $$ = ast_node(p, AST_LIST, @$, $2); }
         | "[" elems "," "]"            { $$ = ast_node(p, AST_LIST, @$, $2); }
         ;
elems    : expr                         { $$ = ast_exprs(p, (struct parse_exprs){0}, $1); }
         | elems "," expr               { $$ = ast_exprs(p, $1, $3); }
         ;
cargs    : %empty                       { $$ = (struct parse_exprs){0}; }
         | cargl
         ;
cargl    : carg                         { $$ = ast_exprs(p, (struct parse_exprs){0}, $1); }
         | cargl "," carg               { $$ = ast_exprs(p, $1, $3); }
         ;
carg     : expr
         | ID ":" expr                  { $$ = ast_unary(p, AST_NAMED, @$, $3); if ($$->kind == AST_NAMED) $$->text = $1; }
         ;
%%

/* What each token means to a reader who asks what could stand here. */
static const uint32_t meaning[YYNTOKENS] = {
    [YYSYMBOL_NL] = EXPECT_END,
    [YYSYMBOL_ID] = EXPECT_NAME,
    [YYSYMBOL_LIT] = EXPECT_VALUE,
    [YYSYMBOL_STR] = EXPECT_VALUE,
    [YYSYMBOL_SMID] = EXPECT_STRING_END,
    [YYSYMBOL_STAIL] = EXPECT_STRING_END,
    [YYSYMBOL_LPAREN] = EXPECT_EXPR,
    [YYSYMBOL_ACL] = EXPECT_DEFINITION,
    [YYSYMBOL_ELSE] = EXPECT_ELSE,
    [YYSYMBOL_IF] = EXPECT_IF,
    [YYSYMBOL_AND] = EXPECT_LOGIC,
    [YYSYMBOL_EQ] = EXPECT_COMPARE,
    [YYSYMBOL_GT] = EXPECT_GT,
    [YYSYMBOL_ARROW] = EXPECT_ARROW,
    [YYSYMBOL_CALL] = EXPECT_CALL,
    [YYSYMBOL_LBRACE] = EXPECT_BLOCK,
    [YYSYMBOL_RBRACE] = EXPECT_BRACE,
    [YYSYMBOL_RPAREN] = EXPECT_PAREN,
    [YYSYMBOL_RBRACKET] = EXPECT_BRACKET,
    [YYSYMBOL_ASSIGN] = EXPECT_ASSIGN,
    [YYSYMBOL_COLON] = EXPECT_COLON,
    [YYSYMBOL_COMMA] = EXPECT_COMMA,
    [YYSYMBOL_PIPE] = EXPECT_PIPE,
    [YYSYMBOL_PLUS] = EXPECT_ARITH,
};

static int yyreport_syntax_error(const yypcontext_t *context, struct parser *p)
{
    yysymbol_kind_t expected[YYNTOKENS];
    int n = yypcontext_expected_tokens(context, expected, YYNTOKENS);
    uint32_t mask = 0;
    for (int i = 0; i < n; i++)
        mask |= meaning[expected[i]];
    parse_syntax_error(p, p->last.kind, *yypcontext_location(context), mask);
    return 0;
}

/* Called for one reason: the parser's stack is full. */
static void yyerror(struct span *at, struct parser *p, const char *message)
{
    (void)message;
    parse_too_deep(p, *at);
}

int parse_grammar(struct parser *p)
{
    return yyparse(p);
}

const char *parse_token_name(int kind)
{
    return yysymbol_name(YYTRANSLATE(kind));
}
