/* The words of the language in one table; see lsp_schema.h. */
#include "compiler/lsp_schema.h"

#define S(text) {(text), sizeof(text) - 1}

const struct lsp_word lsp_words[] = {
#define STATEMENT(id, word, contexts, min, max, parts, usage, doc)                                           \
    {LSP_STATEMENT, S(word), S(""), (contexts), (parts), usage, doc},
#include "grammar/statements.def"
#define OPTION(statement, word, argument, doc) {LSP_OPTION, S(word), S(statement), 0, 0, argument, doc},
#include "grammar/options.def"
#define SETTING(id, statement, word, contexts, type, fallback, min, max, doc)                                \
    {LSP_SETTING, S(word), S(statement), (contexts) | IN_DEFAULTS, 0, #type, doc},
#include "grammar/settings.def"
#undef SETTING
#define OPTIONAL_0
#define OPTIONAL_1 "?"
#define KEYED_0 LSP_FIELD
#define KEYED_1 LSP_KEYED_FIELD
#define FIELD(id, text, type, optional, keyed, doc)                                                          \
    {KEYED_##keyed, S(text), S(#type), 0, 0, "" OPTIONAL_##optional, doc},
#include "grammar/fields.def"
#undef FIELD
#define CONVERTER(id, text, from, arguments, to, doc)                                                        \
    {LSP_CONVERTER, S(text), S(from), 0, 0, arguments " -> " to, doc},
#include "grammar/names.def"
#define MATCH_EXACT "equal keys"
#define MATCH_LONGEST "the longest key that matches"
#define KEY_KIND(id, text, match, doc) {LSP_KEY_TYPE, S(text), S(""), 0, 0, MATCH_##match, doc},
#include "grammar/key_kinds.def"
#undef KEY_KIND
#define TYPE(id, text, use, doc) {LSP_TYPE, S(text), S(#use), 0, 0, "", doc},
#include "grammar/types.def"
#undef TYPE
    {LSP_TEST, S("in"), S(""), 0, 0, "VALUE in LIST", "the value is a member: of a list, a range, a network, a map"},
    {LSP_TEST, S("under"), S(""), 0, 0, "path under \"/PREFIX\"", "the path is the prefix, or goes on with `/` after it"},
    {LSP_TEST, S("like"), S(""), 0, 0, "host like \"*.PATTERN\"", "`*` is one or more bytes within a label or segment, `**` one or more bytes"},
    {LSP_TEST, S("matches"), S(""), 0, 0, "TEXT matches re\"…\"", "the regular expression matches anywhere; `^` and `$` are the ends"},
    {LSP_TEST, S("contains"), S(""), 0, 0, "TEXT contains \"…\"", "the bytes are somewhere in the text"},
    {LSP_TEST, S("starts-with"), S(""), 0, 0, "TEXT starts-with \"…\"", "the text begins with the bytes"},
    {LSP_TEST, S("ends-with"), S(""), 0, 0, "TEXT ends-with \"…\"", "the text ends with the bytes"},
    {LSP_LOGIC, S("and"), S(""), 0, 0, "A and B", "both hold; mixed with `or` it needs parentheses"},
    {LSP_LOGIC, S("or"), S(""), 0, 0, "A or B", "one of both holds; mixed with `and` it needs parentheses"},
    {LSP_LOGIC, S("not"), S(""), 0, 0, "not A", "does not hold"},
    {LSP_LOGIC, S("if"), S(""), 0, 0, "… if CONDITION", "the rule applies where the condition holds"},
    {LSP_LOGIC, S("exists"), S(""), 0, 0, "exists(VALUE)", "the value is there"},
};
const uint32_t lsp_nwords = sizeof lsp_words / sizeof *lsp_words;

unsigned lsp_context_within(unsigned context, struct slice word, struct slice kind)
{
    static const struct {
        unsigned context;
        struct slice word, kind; /* kind "": any */
        unsigned within;         /* 0: the same as outside */
    } blocks[] = {
        {IN_FILE, S("backend"), S(""), IN_BACKEND},
        {IN_FILE, S("frontend"), S(""), IN_FRONTEND},
        {IN_FILE, S("defaults"), S("backend"), IN_BACKEND},
        {IN_FILE, S("defaults"), S("frontend"), IN_FRONTEND},
        {IN_FILE, S("defaults"), S(""), IN_DEFAULTS},
        {IN_FILE, S("check"), S("tcp"), IN_TCP_CHECK},
        {IN_FILE, S("check"), S("http"), IN_HTTP_CHECK},
        {IN_FILE, S("map"), S(""), IN_MAP},
        {IN_FILE, S("list"), S(""), IN_LIST},
        {IN_FRONTEND, S("on"), S("request"), IN_ON_REQUEST},
        {IN_FRONTEND, S("route"), S(""), IN_ROUTE},
        {IN_ON_REQUEST | IN_ROUTE, S("when"), S(""), 0},
        {IN_ON_REQUEST | IN_ROUTE, S("else"), S(""), 0},
        {IN_ON_REQUEST | IN_ROUTE, S("reply"), S(""), IN_REPLY},
    };
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        if (blocks[i].context & context && slice_eq(blocks[i].word, word) &&
            (!blocks[i].kind.len || slice_eq(blocks[i].kind, kind)))
            return blocks[i].within ? blocks[i].within : context;
    return 0;
}
