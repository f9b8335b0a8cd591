/* The parser: trees of each form, spans, values of each literal, messages of each kind of mistake and where they are, and
 * that a broken program gives few messages and a tree all the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "compiler/parse.h"

static struct compilation c;
static struct ast_file *file;

static void parse(struct slice text)
{
    compilation_begin(&c);
    struct source *src = source_from_text(&c.sources, SLICE("t.weir"), arena_copy(&c.arena, text));
    file = parse_source(&c, src);
    assert_non_null(file->top);
}

static void end(void)
{
    compilation_end(&c);
}

static void show_messages(void)
{
    struct buf out = {0};
    diag_render(&c.diags, DIAG_TEXT, false, &out);
    print_message("%.*s\n", SLICE_ARG(buf_view(&out)));
    buf_free(&out);
}

/* `text` parses without a message into `tree`. */
static void expect_tree(const char *text, const char *tree)
{
    parse(slice_of(text));
    if (c.diags.list.n)
        show_messages();
    assert_int_equal(c.diags.list.n, 0);
    struct buf out = {0};
    parse_dump_ast(file, &out);
    buf_char(&out, 0);
    assert_string_equal(out.p, tree);
    buf_free(&out);
    end();
}

/* The messages about `text`, one a line: "LINE:COL CODE message". */
static void expect_messages(const char *text, const char *messages)
{
    static const char *const codes[] = {
#define DIAG(code, level, title) [DIAG_##code] = #code,
#include "grammar/diagnostics.def"
#undef DIAG
    };
    parse(slice_of(text));
    struct buf out = {0};
    for (uint32_t i = 0; i < c.diags.list.n; i++) {
        const struct diag *d = c.diags.list.v[i];
        uint32_t line, col;
        source_line_col(&c.arena, file->source, d->primary.span.off, &line, &col);
        buf_printf(&out, "%u:%u %s %.*s\n", line, col, codes[d->code], SLICE_ARG(d->message));
    }
    buf_char(&out, 0);
    assert_string_equal(out.p, messages);
    buf_free(&out);
    end();
}

/* The text of a span of the file at hand. */
static void expect_span(struct span s, const char *text)
{
    struct slice all = file->source->text;
    assert_true(s.off + (size_t)s.len <= all.len);
    assert_true(slice_eq((struct slice){all.p + s.off, s.len}, slice_of(text)));
}

/* --- trees ---------------------------------------------------------------------------------------- */

static void test_statements(void **state)
{
    (void)state;
    expect_tree("", "");
    expect_tree("# only a comment", "");
    expect_tree("\xef\xbb\xbflanguage 1\r\n\r\n", "language 1\n");
    expect_tree("use app if host == \"x\"", "use app if (== host \"x\")\n");
    expect_tree("a 1; b 2;; c { d; e }\n", "a 1\nb 2\nc {\n  d\n  e\n}\n");
    expect_tree("check alive: http { expect status == 200 }", "check alive : http {\n  expect status == 200\n}\n");
    expect_tree("map m: host -> backend { \"a\" -> b; default -> c d }",
                "map m : host -> backend {\n  row \"a\" -> b\n  default -> c d\n}\n");
    expect_tree("var x: list<map<host, int>>? = 3", "var x : list<map<host, int>>? = 3\n");
    expect_tree("[500, 502,] 5xx -> x { y } if z", "row (list 500 502) 500..599 -> x if z {\n  y\n}\n");
    expect_tree("acl f(a: cidr, b: list<int> = []) = a in b", "acl f(a: cidr, b: list<int> = (list)) = (in a b)\n");
    expect_tree("let x: string = 1", "let x : string = 1\n");
    expect_tree("template t(p: path = \"/\") for backend { x p }", "template t(p: path = \"/\") for backend {\n  x p\n}\n");
    expect_tree("template t for backend {}", "template t for backend {\n}\n");
    expect_tree("@name(\"x\", reason: 1)\nuse a", "@name \"x\" reason: 1\nuse a\n");
    expect_tree("when a { b } else when c { d }\nelse { e }", "when a {\n  b\n} else when c {\n  d\n} else {\n  e\n}\n");
    expect_tree("set bytes.in = req.template", "set bytes.in = req.template\n");
    expect_tree("x a(b)(c)[d].e f[g] (h) [i]", "x (index (call (call a b) c) d).e (index f g) h (list i)\n");
}

static void test_lines(void **state)
{
    (void)state;
    expect_tree("use a\n\n  # comment\n  if x\n  and y\n use b", "use a if (and x y)\nuse b\n");
    expect_tree("set x = a\n | lower\n | f(1)", "set x = (| (| a lower) (call f 1))\n");
    expect_tree("let x = 1 +\n 2\nlet y = [\n1,\n2\n]\nz f(\n1)", "let x = (+ 1 2)\nlet y = (list 1 2)\nz (call f 1)\n");
    expect_tree("let x = (a\n or b)", "let x = (or a b)\n");
    expect_tree("var x: list<int>\nuse y", "var x : list<int>\nuse y\n");
    expect_tree("a { b }\nif c", "a if c {\n  b\n}\n");
}

static void test_expressions(void **state)
{
    (void)state;
    expect_tree("let x = a or b or c", "let x = (or a b c)\n");
    expect_tree("let x = (a or b) or c", "let x = (or (or a b) c)\n");
    expect_tree("let x = a and b and c and d and e", "let x = (and a b c d e)\n");
    expect_tree("let x = a and (b or not not c)", "let x = (and a (or b (not (not c))))\n");
    expect_tree("let x = not a == b", "let x = (not (== a b))\n");
    expect_tree("let x = a not in [1]", "let x = (not-in a (list 1))\n");
    expect_tree("let x = 1 + 2 * -3 - 4 % 5 / 6", "let x = (- (+ 1 (* 2 (- 3))) (/ (% 4 5) 6))\n");
    expect_tree("let x = a | s.f | s.g(1) < 2", "let x = (< (| (| a s.f) (call s.g 1)) 2)\n");
    static const char *const ops[] = {"==", "!=", "<", "<=", ">", ">=", "in", "under", "like", "matches", "contains", "starts-with", "ends-with"};
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        char text[64], tree[64];
        snprintf(text, sizeof text, "let x = a %s b", ops[i]);
        snprintf(tree, sizeof tree, "let x = (%s a b)\n", ops[i]);
        expect_tree(text, tree);
    }
}

static void test_literals(void **state)
{
    (void)state;
    static const struct {
        const char *text, *tree;
    } cases[] = {
        {"42", "42"}, {"1_000_000", "1000000"}, {"9223372036854775807", "9223372036854775807"}, {"1.5", "1.5f"},
        {"true", "true"}, {"false", "false"},
        {"7us", "7us"}, {"250ms", "250000us"}, {"1.5s", "1500000us"}, {"5m", "300000000us"}, {"1h30m", "5400000000us"},
        {"1d2h3m4s5ms6us", "93784005006us"},
        {"3B", "3B"}, {"2kB", "2000B"}, {"16KiB", "16384B"}, {"10MB", "10000000B"}, {"1.5MiB", "1572864B"}, {"1GB", "1000000000B"},
        {"2GiB", "2147483648B"}, {"1TB", "1000000000000B"}, {"1TiB", "1099511627776B"},
        {"10MB/s", "10000000B/s"}, {"5%", "5%"}, {"12.5%", "12.5%"},
        {"100/10s", "100/10000000us"}, {"5/m", "5/60000000us"}, {"200..299", "200..299"}, {"5xx", "500..599"}, {"1xx", "100..199"},
        {"10.0.0.0/8", "10.0.0.0/8"}, {"10.1.2.3/8", "10.1.2.3/8"}, {"10.1.2.3", "10.1.2.3"}, {"2001:db8::/32", "2001:db8::/32"},
        {"::1", "::1"}, {"::ffff:10.0.0.1", "10.0.0.1"}, {"::/0", "::/0"}, {"10.0.0.1..10.0.0.9", "10.0.0.1..10.0.0.9"},
        {"2001:db8::1..2001:db8::f", "2001:db8::1..2001:db8::f"},
        {":443", "*:443"}, {"*:80", "*:80"}, {"10.0.0.1:80", "10.0.0.1:80"}, {"[::1]:443", "[::1]:443"}, {"web.local:80", "web.local:80"},
        {"my_host:8080", "my_host:8080"}, {"3com.example:80", "3com.example:80"}, {"unix:/run/x.sock", "unix:\"/run/x.sock\""},
        {"re\"^/[a-z\\\"]+\\\\$\"", "re\"^/[a-z\\\"]+\\\\\\\\$\""}, {"re\"${x}\"", "re\"${x}\""},
        {"hex\"\"", "hex\"\""}, {"hex\"52 fF\"", "hex\"52ff\""},
        {"\"a#b;c\"", "\"a#b;c\""}, {"\"\"", "\"\""}, {"\"$5 \\${x} \\\" \\\\ \\n\\r\\t\"", "\"$5 ${x} \\\" \\\\ \\n\\u000d\\u0009\""},
        {"\"\\x41\\x7a\\u{e9}\\u{20ac}\\u{1f600}\"", "\"Az\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""}, {"\"\xe2\x82\xac\"", "\"\xe2\x82\xac\""},
        {"a-b_c-9", "a-b_c-9"}, {"f(p:80, q: 1, web.x:80)", "(call f p: 80 q: 1 web.x:80)"}, {"f(a | g(b:1))", "(call f (| a (call g b: 1)))"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[128], tree[128];
        snprintf(text, sizeof text, "let x = %s", cases[i].text);
        snprintf(tree, sizeof tree, "let x = %s\n", cases[i].tree);
        expect_tree(text, tree);
    }
    parse(SLICE("x 10.0.0.1 10.0.0.1/32"));
    assert_false(file->top->stmts.v[0]->args[0]->has_prefix);
    assert_true(file->top->stmts.v[0]->args[1]->has_prefix);
    assert_int_equal(file->top->stmts.v[0]->args[0]->cidr->bits, 128);
    end();
}

static void test_interpolation(void **state)
{
    (void)state;
    expect_tree("x \"a${b}c\"", "x (interpolate \"a\" b \"c\")\n");
    expect_tree("x \"${a}${b}\"", "x (interpolate \"\" a \"\" b \"\")\n");
    expect_tree("x \"p, ${req.header[\"X-F\"] | default(\"no\")}\\n\" y",
                "x (interpolate \"p, \" (| (index req.header \"X-F\") (call default \"no\")) \"\\n\") y\n");
    expect_tree("x \"1${\"2${\"3${a}\"}\"}\"", "x (interpolate \"1\" (interpolate \"2\" (interpolate \"3\" a \"\") \"\") \"\")\n");
    expect_tree("x { y \"${a}\" }", "x {\n  y (interpolate \"\" a \"\")\n}\n");
}

static void test_spans(void **state)
{
    (void)state;
    parse(SLICE("\n  use (a.b | f(1)) x[\"k\"] \"i${j}k\" {\n y\n } if a == 1 and not b # end\nlet v: map<int, x?> = 2"));
    const struct ast_stmt *s = file->top->stmts.v[0];
    expect_span(file->top->span, file->source->text.p);
    expect_span(s->span, "use (a.b | f(1)) x[\"k\"] \"i${j}k\" {\n y\n } if a == 1 and not b");
    expect_span(s->word_span, "use");
    expect_span(s->args[0]->span, "(a.b | f(1))");
    assert_true(s->args[0]->in_parens);
    expect_span(s->args[0]->args[0]->span, "a.b");
    expect_span(ast_op_span(s->args[0]->args[0]), "b");
    expect_span(s->args[0]->args[1]->span, "f(1)");
    expect_span(s->args[1]->span, "x[\"k\"]");
    expect_span(s->args[1]->args[1]->span, "\"k\"");
    expect_span(s->args[2]->span, "\"i${j}k\"");
    expect_span(s->args[2]->args[1]->span, "j");
    expect_span(s->block->span, "{\n y\n }");
    expect_span(s->cond->span, "a == 1 and not b");
    expect_span(ast_op_span(s->cond), "and");
    expect_span(ast_op_span(s->cond->args[0]), "==");
    expect_span(s->cond->args[1]->span, "not b");
    s = file->top->stmts.v[1];
    expect_span(s->word_span, "v");
    expect_span(s->type->span, "map<int, x?>");
    expect_span(s->type->args[1]->span, "x?");
    assert_true(s->type->args[1]->optional);
    end();
}

/* --- messages ------------------------------------------------------------------------------------- */

static void test_syntax_messages(void **state)
{
    (void)state;
    expect_messages("use app if\n", "1:11 E0100 expected a value after `if`, found the end of the line\n");
    expect_messages("set x =\nuse a", "2:5 E0100 expected `and`, `or`, a block `{ … }`, `if` or the end of the line after `use`, found `a`\n");
    expect_messages("use a + 1", "1:7 E0100 an operator cannot stand among arguments\n");
    expect_messages("use a and b", "1:7 E0100 a condition begins with `if`\n");
    expect_messages("use(a)", "1:4 E0100 a statement is a word and its arguments, apart from each other\n");
    expect_messages("use a if b < c < d", "1:16 E0100 comparisons do not chain\n");
    expect_messages("use a if b not == d", "1:12 E0100 `not` cannot stand before `==`\n");
    expect_messages("{ a }", "1:1 E0100 a block without a statement\n");
    expect_messages("if a { b }", "1:1 E0100 a statement cannot begin with `if`\n");
    expect_messages("else { b }", "1:1 E0100 `else` without `when`\n");
    expect_messages("backend let { x }", "1:9 E0100 `let` is a reserved word and cannot be a name\n");
    expect_messages("acl = 3", "1:5 E0100 expected a name after `acl`, found `=`\n");
    expect_messages("acl 3 = 3", "1:5 E0100 expected a name after `acl`, found `3`\n");
    expect_messages("let x: 3 = 3", "1:8 E0100 expected a name after `:`, found `3`\n");
    expect_messages("x f(a b)", "1:7 E0100 expected a comparison, `and`, `or`, `,` or `)` after `a`, found `b`\n");
    expect_messages("when a b", "1:8 E0100 expected a comparison, `and`, `or` or a block `{ … }` after `a`, found `b`\n");
    expect_messages("x \"${a b}\"", "1:8 E0100 expected a comparison, `and`, `or` or the `}` of `${` after `a`, found `b`\n");
    expect_messages("x \"${}\"", "1:6 E0100 expected a value after a string, found a string\n");
    expect_messages("x \"${ {a} }\"", "1:7 E0100 a block cannot stand in a string\n");
    expect_messages("-> x", "1:1 E0100 expected a statement, found `->`\n");
    expect_messages("x -> ", "1:5 E0100 expected a value after `->`, found the end of the line\n");
}

static void test_brackets(void **state)
{
    (void)state;
    expect_messages("use m[host\nuse b\nuse c", "1:6 E0101 `[` is not closed\n");
    expect_messages("use b if (a or b\nuse c", "1:10 E0101 `(` is not closed\n");
    expect_messages("a { use f(x }\nuse c", "1:10 E0101 `(` is not closed\n");
    expect_messages("use f(x", "1:6 E0101 `(` is not closed\n");
    expect_messages("use f(x; y", "1:6 E0101 `(` is not closed\n");
    expect_messages("x \"${f(a}\"", "1:7 E0101 `(` is not closed\n");
    expect_messages("use f(x]", "1:8 E0101 `]` cannot close `(`\n");
    expect_messages("use a[}b]\nuse a({b)", "1:7 E0101 `}` cannot close `[`\n2:7 E0100 a block cannot stand in brackets\n");
    expect_messages("use x)\nuse y]", "1:6 E0101 `)` closes nothing\n2:6 E0101 `]` closes nothing\n");
    expect_messages("a { b }\n}\nc {}", "2:1 E0101 `}` closes nothing\n");
    expect_messages("a {\n  b\n", "1:3 E0101 `{` is not closed\n");
}

/* Where the indentation says that a block ends. */
static void test_unclosed_brace(void **state)
{
    (void)state;
    parse(SLICE("backend a {\n  server x :80\n\nbackend b {\n  server y :80\n}\n"));
    assert_int_equal(c.diags.list.n, 1);
    const struct diag *d = c.diags.list.v[0];
    assert_int_equal(d->code, DIAG_E0101);
    assert_int_equal(d->primary.span.off, 10);
    assert_int_equal(d->secondary.n, 1);
    assert_int_equal(d->secondary.v[0].span.off, 28); /* the second `backend` */
    end();
    parse(SLICE("frontend f {\n  route {\n    use a\n}\n\nbackend b {\n}\n"));
    assert_int_equal(c.diags.list.n, 1);
    d = c.diags.list.v[0];
    assert_int_equal(d->primary.span.off, 21);          /* the brace of `route` */
    assert_int_equal(d->secondary.v[0].span.off, 33);   /* the `}` of the frontend */
    end();
}

static void test_literal_messages(void **state)
{
    (void)state;
    expect_messages("x 10mb", "1:3 E0102 unknown unit in `10mb`\n");
    expect_messages("x 10KB 5sec 1h30x 100/10x 3M", "1:3 E0102 unknown unit in `10KB`\n1:8 E0102 unknown unit in `5sec`\n"
                    "1:13 E0102 unknown unit in `1h30x`\n1:19 E0102 unknown unit in `100/10x`\n1:27 E0102 unknown unit in `3M`\n");
    expect_messages("x 30m1h", "1:3 E0102 the units in `30m1h` must go from large to small, each once\n");
    expect_messages("x 1.5B", "1:3 E0102 `1.5B` is no whole number of bytes\n");
    expect_messages("x 0.5us", "1:3 E0102 `0.5us` is no whole number of microseconds\n");
    expect_messages("x 1__0 10_", "1:3 E0102 `_` stands between digits only\n1:8 E0102 `_` stands between digits only\n");
    expect_messages("x 6xx", "1:3 E0102 `6xx` is no class of status codes\n");
    expect_messages("x 1.2.3", "1:3 E0102 `1.2.3` is neither a number nor an address\n");
    expect_messages("x 300.1.1.1 1:2:3", "1:3 E0102 `300.1.1.1` is no IP address\n1:13 E0102 `1:2:3` is no IP address\n");
    expect_messages("x 10.0.0.300:80", "1:3 E0102 `10.0.0.300` is no IP address\n");
    expect_messages("let x = 10/y", "1:9 E0102 `10/y` is no rate\n");
    expect_messages("x 1 .. 3", "1:5 E0102 a range has both ends and no spaces: `200..299`\n");
    expect_messages("x hex\"5\" hex\"5g\"", "1:3 E0102 an odd number of hex digits: each byte has two\n1:15 E0102 `g` is no hex digit\n");
    expect_messages("x 9223372036854775808", "1:3 E0303 `9223372036854775808` is too large\n");
    expect_messages("x 99999999999999999999d 9999999TiB", "1:3 E0303 `99999999999999999999d` is too large\n1:25 E0303 `9999999TiB` is too large\n");
    expect_messages("x 10.0.0.0/33 ::/129", "1:11 E0303 `/33` is no length of a network\n1:17 E0303 `/129` is no length of a network\n");
    expect_messages("x :0 a.b:65536 *:99999999999", "1:4 E0303 `0` is no port\n1:10 E0303 `65536` is no port\n1:18 E0303 `99999999999` is no port\n");
    expect_messages("x 5..3 10.0.0.2..10.0.0.1", "1:3 E0303 the range `5..3` is empty\n1:8 E0303 the range `10.0.0.2..10.0.0.1` is empty\n");
    expect_messages("x 5/0s", "1:3 E0303 the rate `5/0s` counts in no time\n");
}

static void test_conditions(void **state)
{
    (void)state;
    expect_messages("use a if host = \"x\"", "1:15 E0103 `=` sets a value; conditions compare with `==`\n");
    parse(SLICE("use a if h = 1"));
    const struct diag *d = c.diags.list.v[0];
    assert_true(d->has_fix && d->applicability == FIX_SAFE && slice_eq(d->fix_text, SLICE("==")));
    expect_span(d->fix_at, "=");
    assert_int_equal(file->top->stmts.v[0]->cond->op, AST_EQ);
    end();
    expect_messages("use a if x and y or z", "1:18 E0104 `or` is mixed with `and`: add parentheses\n");
    expect_messages("use a if (x and y) or z", "");
    parse(SLICE("use a if p or x and y and z or q or r and s"));
    assert_int_equal(c.diags.list.n, 1);
    d = c.diags.list.v[0];
    assert_true(slice_eq(d->helps.v[0], SLICE("either `(p or x) and y and (z or q or r) and s`")));
    assert_true(slice_eq(d->helps.v[1], SLICE("or `p or (x and y and z) or q or (r and s)`")));
    assert_true(slice_eq(d->fix_text, SLICE("p or (x and y and z) or q or (r and s)")));
    end();
}

static void test_strings_and_characters(void **state)
{
    (void)state;
    expect_messages("x \"abc\ny", "1:3 E0105 the string does not end on its line\n");
    expect_messages("x \"a\\n", "1:3 E0105 the string does not end on its line\n");
    expect_messages("x \"abc\\", "1:3 E0105 the string does not end on its line\n");
    expect_messages("x re\"abc\ny hex\"00", "1:3 E0105 the regular expression does not end on its line\n2:3 E0105 the string of hex digits does not end on its line\n");
    expect_messages("a { b \"c }\nx", "1:7 E0105 the string does not end on its line\n");
    expect_messages("a { b \"${c\" }\nx", "1:7 E0105 the string does not end on its line\n");
    expect_messages("a { b \"${c }\nx", "1:7 E0105 the string does not end on its line\n");
    expect_messages("a \"${\nb\n}\"", "1:3 E0105 the string does not end on its line\n3:1 E0101 `}` closes nothing\n");
    expect_messages("x \"a\\qb\\xg\\u{110000}\\u{d800}\\u1\"", "1:5 E0105 unknown escape `\\q` in a string\n1:8 E0105 unknown escape `\\x` in a string\n"
                    "1:11 E0105 unknown escape `\\u{110000}` in a string\n1:21 E0105 unknown escape `\\u{d800}` in a string\n"
                    "1:29 E0105 unknown escape `\\u` in a string\n");
    expect_messages("use a if b && !c || d", "1:12 E0106 `&&` has no meaning here\n");
    expect_messages("use \xe2\x82\xac", "1:5 E0106 `\xe2\x82\xac` has no meaning here\n");
    expect_messages("use 'a'\nuse \x01", "1:5 E0106 `'` has no meaning here\n2:5 E0106 the byte 0x01 has no meaning here\n");
    expect_messages("use \"\xff\xfe\"", "1:6 E0106 the byte 0xff is not UTF-8 text\n");
    expect_messages("# \xed\xa0\x80", "1:3 E0106 the byte 0xed is not UTF-8 text\n");
    expect_messages("x \"${a;b}\"", "1:7 E0106 `;` has no meaning in a string's `${…}`\n");
    parse((struct slice){"use a\0b\nuse c", 13});
    assert_int_equal(c.diags.list.n, 1);
    assert_int_equal(c.diags.list.v[0]->code, DIAG_E0106);
    end();
}

/* Text that repeats `part`, `n` times, behind `head`. */
static void expect_too_deep(const char *head, const char *part, int n)
{
    struct buf b = {0};
    buf_str(&b, head);
    for (int i = 0; i < n; i++)
        buf_str(&b, part);
    parse(buf_view(&b));
    assert_in_range(c.diags.list.n, 1, 2);
    assert_int_equal(c.diags.list.v[c.diags.list.n - 1]->code, DIAG_E0107);
    struct buf out = {0};
    parse_dump_ast(file, &out);
    buf_free(&out);
    buf_free(&b);
    end();
}

static void test_depth(void **state)
{
    (void)state;
    enum { MANY = 100000 };
    expect_too_deep("let x = ", "(", MANY);
    expect_too_deep("let x = ", "[", MANY);
    expect_too_deep("", "a {\n", MANY);
    expect_too_deep("let x = a", "[b", MANY);
    expect_too_deep("let x = ", "\"${", MANY);
    expect_too_deep("let x = ", "not ", MANY);
    expect_too_deep("let x = ", "- ", MANY);
    expect_too_deep("let x = 1", " + 1", MANY);
    expect_too_deep("let x = a", ".b", MANY);
    expect_too_deep("let x = a", " | b", MANY);
    expect_too_deep("let x = a", "()", MANY);
    expect_too_deep("let x: ", "a<", MANY);
    expect_too_deep("when a { b }", " else when a { b }", MANY);
    expect_too_deep("when { b }", " else when a { b }", MANY);
    struct buf b = {0}; /* wide is not deep */
    buf_str(&b, "let x = a");
    for (int i = 0; i < MANY; i++)
        buf_str(&b, " or a");
    parse(buf_view(&b));
    assert_int_equal(c.diags.list.n, 0);
    assert_int_equal(file->top->stmts.v[0]->tail_expr->nargs, MANY + 1);
    buf_free(&b);
    end();
}

static void test_many_errors(void **state)
{
    (void)state;
    struct buf b = {0};
    for (int i = 0; i < 5000; i++)
        buf_str(&b, "use a + 1\n");
    parse(buf_view(&b));
    assert_in_range(c.diags.errors, 50, 200);
    buf_free(&b);
    end();
}

/* --- recovery ------------------------------------------------------------------------------------- */

/* What comes after a mistake, and what is in a block with a mistake in its head, is understood. */
static void test_recovery(void **state)
{
    (void)state;
    expect_messages("frontend f x= {\n  use a + 1\n  route { use b if }\n}\nbackend b = = { server s :80 }\nuse c)\n",
                    "1:15 E0100 expected a value after `=`, found `{`\n2:9 E0100 an operator cannot stand among arguments\n"
                    "3:19 E0100 expected a value after `if`, found the end of the line\n5:11 E0100 `==` is one sign of two characters\n"
                    "6:6 E0101 `)` closes nothing\n");
    parse(SLICE("a {\n  b +\n  c 10mb\n  d\n}\ne"));
    struct buf out = {0};
    parse_dump_ast(file, &out);
    assert_true(slice_eq(buf_view(&out), SLICE("a {\n  d\n}\ne\n")));
    buf_free(&out);
    end();
    parse(SLICE("a 10mb \"\\q\"\nb"));
    assert_int_equal(file->top->stmts.n, 2);
    assert_int_equal(file->top->stmts.v[0]->args[0]->kind, AST_ERROR);
    expect_span(file->top->stmts.v[0]->args[0]->span, "10mb");
    assert_int_equal(file->top->stmts.v[0]->args[1]->kind, AST_ERROR);
    end();
}

static const char program[] = "language 1\n"
                              "\n"
                              "check alive: http {\n"
                              "  get    \"/healthz\"\n"
                              "  expect status == 200\n"
                              "}\n"
                              "\n"
                              "map tenants: host -> backend { file \"tenants.map\" }\n"
                              "acl office = client.ip in [10.20.0.0/16, 127.0.0.0/8]\n"
                              "\n"
                              "backend app {\n"
                              "  check  alive every 2s\n"
                              "  server app1 127.0.0.1:8081\n"
                              "}\n"
                              "\n"
                              "frontend web {\n"
                              "  listen 127.0.0.1:8080\n"
                              "  on request {\n"
                              "    set req.header[\"X-Client\"] = \"office ${client.ip}\" if office\n"
                              "  }\n"
                              "  route {\n"
                              "    reply 403 { body \"closed\\n\" } if path under \"/admin\" and not (office or host == \"a\")\n"
                              "    when method in [GET, HEAD] {\n"
                              "      use tenants[host]\n"
                              "    } else {\n"
                              "      redirect to \"/v2${req.uri}\" 307\n"
                              "    }\n"
                              "    use app\n"
                              "  }\n"
                              "}\n";

/* One mistake anywhere, of each kind: at most three messages, and never none where a bracket went missing. */
static void test_one_mistake(void **state)
{
    (void)state;
    parse(SLICE(program));
    assert_int_equal(c.diags.list.n, 0);
    end();
    char text[sizeof program + 1];
    size_t n = sizeof program - 1, worst = 0;
    static const char added[] = "{}()[]\"=|,.:;!$@+ \n";
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < sizeof added; k++) {
            struct slice mutant = {text, k ? n + 1 : n - 1};
            memcpy(text, program, i);
            if (k)
                text[i] = added[k - 1];
            memcpy(text + i + (k > 0), program + i + (k == 0), n - i - (k == 0));
            parse(mutant);
            if (c.diags.list.n > 3) {
                print_message("%.*s\n", SLICE_ARG(mutant));
                show_messages();
            }
            assert_true(c.diags.list.n <= 3);
            worst = c.diags.list.n > worst ? c.diags.list.n : worst;
            bool in_string = i > 0 && program[i - 1] == '$'; /* "$x}" is a string */
            if (k == 0 && !in_string && strchr("{}()[]\"", program[i]))
                assert_int_not_equal(c.diags.errors, 0);
            end();
        }
    }
    assert_true(worst > 0);
}

static void test_tokens(void **state)
{
    (void)state;
    parse(SLICE("use a[1] \"x${y}\"\n"));
    struct buf out = {0};
    parse_dump_tokens(&c, file->source, &out);
    buf_char(&out, 0);
    assert_string_equal(out.p, "1:1\ta name\tuse\n1:5\ta name\ta\n1:6\t[ of an index\t[\n1:7\ta literal\t1\n1:8\t]\t]\n"
                               "1:10\tthe head of a string\t\"x${\n1:14\ta name\ty\n1:15\tthe end of a string\t}\"\n"
                               "1:17\tthe end of the statement\n2:1\tend of file\n");
    buf_free(&out);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statements),       cmocka_unit_test(test_lines),
        cmocka_unit_test(test_expressions),      cmocka_unit_test(test_literals),
        cmocka_unit_test(test_interpolation),    cmocka_unit_test(test_spans),
        cmocka_unit_test(test_syntax_messages),  cmocka_unit_test(test_brackets),
        cmocka_unit_test(test_unclosed_brace),   cmocka_unit_test(test_literal_messages),
        cmocka_unit_test(test_conditions),       cmocka_unit_test(test_strings_and_characters),
        cmocka_unit_test(test_depth),            cmocka_unit_test(test_many_errors),
        cmocka_unit_test(test_recovery),         cmocka_unit_test(test_one_mistake),
        cmocka_unit_test(test_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
