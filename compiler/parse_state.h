/* What the scanner (grammar/lexer.l), the token filter, the grammar (grammar/parser.y) and the tree builder share
 * while one source is parsed. Private to them and to the formatter, which reads tokens: everyone else calls parse.h. */
#ifndef WEIR_PARSE_STATE_H
#define WEIR_PARSE_STATE_H

#include "compiler/ast.h"
#include "compiler/compilation.h"

enum {
    PARSE_DEPTH_MAX = 200,  /* open brackets, and the height of an expression */
    PARSE_ERRORS_MAX = 100, /* of one source; then the rest of it is left unread */
};

struct parse_exprs {
    struct ast_expr **v;
    uint32_t n, cap;
};

struct parse_params {
    struct ast_param *v;
    uint32_t n, cap;
};

struct parse_types {
    struct ast_type **v;
    uint32_t n, cap;
};

struct parse_whens {
    struct ast_stmt *first, *last;
    uint32_t n;
};

/* What a token or a symbol of the grammar carries. */
union parse_value {
    struct slice text;
    struct ast_expr *expr;
    struct parse_exprs list;
    struct ast_type *type;
    struct parse_types types;
    struct parse_params params;
    struct parse_whens whens;
    struct ast_block *block;
    struct ast_stmt *stmt;
    int op;
};

struct parse_token {
    int kind;
    bool is_bad; /* an error was reported while it was read */
    uint32_t off, len;
    union parse_value value;
};

/* Something opened and not yet closed: { ( [ or " for the `${` of a string. */
struct parse_open {
    char kind;
    bool is_call;          /* a glued ( or [ */
    uint32_t off, indent;  /* indent: of the line where it stands */
    uint32_t seems_to_end; /* {: first line in it that is indented no deeper; 0: none */
    uint32_t inner;        /* {: the indentation of its first statement on a line of its own, where has_inner */
    bool has_inner;
    struct parse_token head; /* {: the first token of the statement that it belongs to */
};

/* What is done about braces that do not match, in a second reading. */
struct parse_repair {
    enum {
        REPAIR_NONE,
        REPAIR_SKIP,  /* the brace at `at` is left out; of: the } that closed nothing */
        REPAIR_CLOSE, /* a } is supplied before `at`; of: its {, which stands in a line with that indent */
        REPAIR_OPEN,  /* a { is supplied before `at`; of: the } that closed nothing; after: the end of the line before */
        REPAIR_DONE
    } kind;
    uint32_t at, of, after, indent;
    bool has_head; /* OPEN: a statement before it can have the block */
};

struct parser {
    struct arena *arena;
    struct diags *diags;
    struct source *source;
    struct ast_block *top;

    /* the scanner */
    void *scanner;
    uint32_t fed;      /* bytes that it was given */
    uint32_t off, end; /* of the match at hand */
    union parse_value value;
    struct buf text;      /* the piece of a string at hand, escapes resolved */
    uint32_t string_off;  /* its opening quote or the brace before it */
    bool string_goes_on;  /* the piece follows an interpolation */
    uint32_t argument_end; /* where the name in `base(port:80)` ends; a number follows, and no endpoint */
    bool string_is_bad;   /* an escape in it was reported */

    /* the token filter */
    struct parse_token raw; /* read and not yet handed on */
    bool has_raw;
    bool newline, semicolon;     /* came before `raw` */
    uint32_t line_start, indent; /* of the line at hand */
    bool at_line_start;
    struct parse_token last, before; /* handed on last, and before that; kind 0 at the beginning */
    uint32_t joined;             /* end of the operator after which this statement goes on in a new line; 0: none */
    struct parse_open open[PARSE_DEPTH_MAX];
    uint32_t nopen;
    struct parse_open closed_early; /* a { whose } has the indentation of an outer one; kind 0: none */
    uint32_t closed_early_by;
    uint32_t swallowed, swallowed_from; /* the `}` that a string without an end holds, and where its line begins */
    bool gives_up; /* the rest is not read */
    struct parse_token head; /* the first token of the statement at hand */
    struct {
        uint32_t top; /* as parse_open.inner, of the file */
        bool has_top;
        uint32_t deeper, deeper_after, odd_close, doubled_open; /* UINT32_MAX: not seen */
        bool has_head;
        bool indented; /* some line is */
    } layout;
    struct parse_repair repair, proposal; /* to be done in this reading; for the next one */

    uint32_t nerrors;
    bool quiet;      /* an error was reported in this statement: what follows from it is not */
    bool ends_quiet; /* that statement has ended: the next token is of another */
    uint32_t type_depth;
};

/* parse_tokens.c: the tokens that the grammar sees. Brackets are balanced, and statements end in NL, whatever the
 * source holds. */
void parse_begin(struct parser *p, struct compilation *c, struct source *src);
void parse_end(struct parser *p);
struct parse_token parse_next(struct parser *p);

/* parse_repair.c: braces without a partner. parse_repair_next() yields the token that this reading's repair puts before
 * the one at hand, if it is its turn. */
void parse_layout_begin(struct parser *p);
void parse_note_layout(struct parser *p, const struct parse_token *t);
void parse_note_close(struct parser *p, const struct parse_open *o, const struct parse_token *t);
void parse_note_open(struct parser *p, const struct parse_token *t);
void parse_propose_close(struct parser *p, const struct parse_open *o, uint32_t ends);
void parse_propose_open(struct parser *p, uint32_t off);
bool parse_repair_next(struct parser *p, bool at_brace, struct parse_token *out);
/* Label of an unclosed brace: the indentation says that its block ends before the word at `at`. */
void parse_say_end(struct parser *p, struct diag *d, uint32_t at);
void parse_report_repair(struct parser *p, const struct parse_repair *r);

/* grammar/lexer.l: the next token as written, value in p->value, place in p->off and p->end. 0 at the end. */
int parse_scan(struct parser *p);
void *parse_scanner_new(struct parser *p);
void parse_scanner_free(void *scanner);

/* grammar/parser.y */
int parse_grammar(struct parser *p);
const char *parse_token_name(int kind); /* as written, or a capital name */

/* parse_literal.c: the value of the lexeme at hand. After an error: AST_ERROR. */
struct slice parse_lexeme(const struct parser *p);
struct ast_expr *parse_int(struct parser *p);
struct ast_expr *parse_float(struct parser *p);
struct ast_expr *parse_percent(struct parser *p);
struct ast_expr *parse_duration(struct parser *p);
struct ast_expr *parse_size(struct parser *p);
struct ast_expr *parse_bandwidth(struct parser *p);
struct ast_expr *parse_rate(struct parser *p);
struct ast_expr *parse_range(struct parser *p);
struct ast_expr *parse_status_class(struct parser *p);
struct ast_expr *parse_hex(struct parser *p);
struct ast_expr *parse_regex(struct parser *p);
struct ast_expr *parse_unknown_literal(struct parser *p);
/* parse_address.c */
struct ast_expr *parse_cidr(struct parser *p);
struct ast_expr *parse_ip_range(struct parser *p);
struct ast_expr *parse_endpoint(struct parser *p);
struct ast_expr *parse_unix(struct parser *p);
/* parse_string.c: strings in pieces */
void parse_string_begin(struct parser *p, bool goes_on);
void parse_string_add(struct parser *p, struct slice s);
void parse_string_escape(struct parser *p);
struct ast_expr *parse_string_piece(struct parser *p); /* the piece up to p->off */
struct ast_expr *parse_string_plain(struct parser *p); /* a whole string without escapes */
struct ast_expr *parse_string_unclosed(struct parser *p, const char *what);
/* True where the word at hand, up to its `:`, names an argument: `base(port:80)`. */
bool parse_names_argument(struct parser *p, uint32_t *word_len);
/* True where a `}` goes on with the string around it. */
bool parse_in_interpolation(const struct parser *p);
/* The same, and where the string around begins. */
bool parse_open_string(const struct parser *p, uint32_t *off);
/* A character that no token begins with; returns the token that was meant, or 0. */
int parse_odd_character(struct parser *p);

/* Messages. `quiet` statements report nothing more; diag functions take what comes back. */
struct span parse_span(const struct parser *p, uint32_t off, uint32_t end);
/* `s`, shortened where a message would become unreadable. */
struct slice parse_clip(struct parser *p, struct slice s);
struct diag *parse_report(struct parser *p, enum diag_code code, struct span at, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void parse_too_deep(struct parser *p, struct span at);

/* parse_syntax.c: what the grammar could go on with, as bits, and the message where it cannot. */
enum parse_expect {
    EXPECT_NAME = 1 << 0,
    EXPECT_VALUE = 1 << 1, /* a literal, a string, a list */
    EXPECT_EXPR = 1 << 2,  /* what only expressions begin with: not - ( */
    EXPECT_BLOCK = 1 << 3,
    EXPECT_IF = 1 << 4,
    EXPECT_END = 1 << 5, /* of the statement */
    EXPECT_ARROW = 1 << 6,
    EXPECT_ASSIGN = 1 << 7,
    EXPECT_COLON = 1 << 8,
    EXPECT_COMPARE = 1 << 9,
    EXPECT_ARITH = 1 << 10,
    EXPECT_PIPE = 1 << 11,
    EXPECT_LOGIC = 1 << 12,
    EXPECT_COMMA = 1 << 13,
    EXPECT_PAREN = 1 << 14,   /* ) */
    EXPECT_BRACKET = 1 << 15, /* ] */
    EXPECT_BRACE = 1 << 16,   /* } */
    EXPECT_STRING_END = 1 << 17,
    EXPECT_DEFINITION = 1 << 18, /* acl, let, template, when, @: a statement can begin */
    EXPECT_GT = 1 << 19,
    EXPECT_CALL = 1 << 20,
    EXPECT_ELSE = 1 << 21,
};
void parse_syntax_error(struct parser *p, int kind, struct span at, uint32_t expected);

#endif
