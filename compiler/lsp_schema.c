/* The words of the language in one table; see lsp_schema.h. */
#include "compiler/lsp_schema.h"

#define S(text)                                                                                              \
    {                                                                                                        \
        (text), sizeof(text) - 1                                                                             \
    }

const struct lsp_word lsp_words[] = {
#define STATEMENT(id, word, contexts, min, max, parts, usage, doc)                                           \
    {LSP_STATEMENT, false, S(word), S(""), (contexts), (parts), usage, doc, #id},
#define LATER_STATEMENT(id, word, contexts, min, max, parts, usage, doc)                                     \
    {LSP_STATEMENT, true, S(word), S(""), (contexts), (parts), usage, doc, #id},
#define LATER(word, contexts, doc) {LSP_STATEMENT, true, S(word), S(""), (contexts), 0, word, doc, ""},
#include "grammar/statements.def"
#define OPTION(statement, word, argument, doc)                                                               \
    {LSP_OPTION, false, S(word), S(statement), ~0ull, 0, argument, doc, NULL},
#define LATER_OPTION(statement, word, argument, doc)                                                         \
    {LSP_OPTION, true, S(word), S(statement), ~0ull, 0, argument, doc, NULL},
#include "grammar/options.def"
/* What a backend or frontend has, one of connections has too. */
#define WITH_TCP(contexts)                                                                                   \
    ((contexts) | IN_DEFAULTS | ((contexts)&IN_BACKEND ? IN_TCP_BACKEND : 0) |                               \
     ((contexts)&IN_FRONTEND ? IN_TCP_FRONTEND : 0))
#define SETTING(id, statement, word, contexts, type, fallback, min, max, doc)                                \
    {LSP_SETTING, false, S(word), S(statement), WITH_TCP(contexts), 0, #type, doc, NULL},
#include "grammar/settings.def"
#undef SETTING
#define OPTIONAL_0
#define OPTIONAL_1 "?"
#define KEYED_0    LSP_FIELD
#define KEYED_1    LSP_KEYED_FIELD
#define FIELD(id, text, type, optional, keyed, phase, doc)                                                   \
    {KEYED_##keyed, false, S(text), S(#type), ~0ull, 0, "" OPTIONAL_##optional, doc, #phase},
#define LATER_FIELD(text, type, optional, keyed, phase, doc)                                                 \
    {KEYED_##keyed, true, S(text), S(#type), ~0ull, 0, "" OPTIONAL_##optional, doc, #phase},
#include "grammar/fields.def"
#undef FIELD
#define CONVERTER(id, text, from, arguments, to, doc)                                                        \
    {LSP_CONVERTER, false, S(text), S(from), 0, 0, arguments " -> " to, doc, NULL},
#include "grammar/names.def"
#define MATCH_EXACT                    "equal keys"
#define MATCH_LONGEST                  "the longest key that matches"
#define MATCH_INTERVAL                 "the range that holds it"
#define MATCH_FIRST                    "the first row that matches"
#define KEY_KIND(id, text, match, doc) {LSP_KEY_TYPE, false, S(text), S(""), 0, 0, MATCH_##match, doc, NULL},
#include "grammar/key_kinds.def"
#undef KEY_KIND
#define LATER_VALUE              false
#define LATER_CONST              false
#define LATER_LATER              true
#define TYPE(id, text, use, doc) {LSP_TYPE, LATER_##use, S(text), S(""), 0, 0, "", doc, NULL},
#include "grammar/types.def"
#undef TYPE
    {LSP_TEST, false, S("in"), S(""), 0, 0, "VALUE in LIST",
     "the value is a member: of a list, a range, a network, a map", NULL},
    {LSP_TEST, false, S("under"), S(""), 0, 0, "path under \"/PREFIX\"",
     "the path is the prefix, or goes on with `/` after it", NULL},
    {LSP_TEST, false, S("like"), S(""), 0, 0, "host like \"*.PATTERN\"",
     "`*` is one or more bytes within a label or segment, `**` one or more bytes", NULL},
    {LSP_TEST, false, S("matches"), S(""), 0, 0, "TEXT matches re\"…\"",
     "the regular expression matches anywhere; `^` and `$` are the ends", NULL},
    {LSP_TEST, false, S("contains"), S(""), 0, 0, "TEXT contains \"…\"",
     "the bytes are somewhere in the text", NULL},
    {LSP_TEST, false, S("starts-with"), S(""), 0, 0, "TEXT starts-with \"…\"",
     "the text begins with the bytes", NULL},
    {LSP_TEST, false, S("ends-with"), S(""), 0, 0, "TEXT ends-with \"…\"", "the text ends with the bytes",
     NULL},
    {LSP_LOGIC, false, S("and"), S(""), 0, 0, "A and B", "both hold; mixed with `or` it needs parentheses",
     NULL},
    {LSP_LOGIC, false, S("or"), S(""), 0, 0, "A or B",
     "one of both holds; mixed with `and` it needs parentheses", NULL},
    {LSP_LOGIC, false, S("not"), S(""), 0, 0, "not A", "does not hold", NULL},
    {LSP_LOGIC, false, S("if"), S(""), 0, 0, "… if CONDITION", "the rule applies where the condition holds",
     NULL},
    {LSP_LOGIC, false, S("exists"), S(""), 0, 0, "exists(VALUE)", "the value is there", NULL},
};
const uint32_t lsp_nwords = sizeof lsp_words / sizeof *lsp_words;

const struct lsp_form lsp_forms[] = {
#define FORM(statement, pattern, options, block) {#statement, S(pattern), S(options), block},
#include "grammar/forms.def"
#undef FORM
};
const uint32_t lsp_nforms = sizeof lsp_forms / sizeof *lsp_forms;

const struct lsp_word *lsp_statement(uint64_t context, struct slice word)
{
    for (uint32_t i = 0; i < lsp_nwords; i++)
        if (lsp_words[i].kind == LSP_STATEMENT && lsp_words[i].where & context &&
            slice_eq(lsp_words[i].text, word))
            return &lsp_words[i];
    return NULL;
}

bool lsp_is_there(uint64_t context, const char *phase)
{
    static const struct {
        uint64_t context;
        const char *phase;
    } order[] = {
        {IN_ON_CONNECTION, "CONNECTION"},
        {IN_ON_TLS, "TLS"},
        {IN_ON_REQUEST, "REQUEST"},
        {IN_ROUTE | IN_TCP_ROUTE, "ROUTE"},
        {IN_BACKEND_REQUEST, "BACKEND"},
        {IN_ON_RESPONSE, "RESPONSE"},
        {IN_ON_LOG, "LOG"},
    };
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        if (strcmp(order[i].phase, phase) == 0)
            return true;
        if (order[i].context & context)
            return false;
    }
    return true;
}

uint64_t lsp_context_within(uint64_t context, struct slice word, struct slice kind)
{
    static const struct {
        uint64_t context;
        struct slice word, kind; /* kind "": any */
        uint64_t within;         /* 0: the same as outside */
    } blocks[] = {
        {IN_FILE, S("backend"), S("tcp"), IN_TCP_BACKEND},
        {IN_FILE, S("backend"), S(""), IN_BACKEND},
        {IN_FILE, S("frontend"), S("tcp"), IN_TCP_FRONTEND},
        {IN_FILE, S("frontend"), S(""), IN_FRONTEND},
        {IN_FILE, S("defaults"), S("backend"), IN_BACKEND},
        {IN_FILE, S("defaults"), S("frontend"), IN_FRONTEND},
        {IN_FILE, S("defaults"), S(""), IN_DEFAULTS},
        {IN_FILE, S("check"), S("http"), IN_HTTP_CHECK},
        {IN_FILE, S("check"), S("tcp"), IN_TCP_CHECK},
        {IN_FILE, S("check"), S("tls"), IN_TLS_CHECK},
        {IN_FILE, S("check"), S("agent"), IN_AGENT_CHECK},
        {IN_FILE, S("check"), S("exec"), IN_EXEC_CHECK},
        {IN_FILE, S("check"), S("grpc"), IN_GRPC_CHECK},
        {IN_FILE, S("map"), S(""), IN_MAP},
        {IN_FILE, S("list"), S(""), IN_LIST},
        {IN_FRONTEND | IN_TCP_FRONTEND, S("on"), S("connection"), IN_ON_CONNECTION},
        {IN_FRONTEND | IN_TCP_FRONTEND, S("on"), S("tls"), IN_ON_TLS},
        {IN_FRONTEND, S("on"), S("request"), IN_ON_REQUEST},
        {IN_FRONTEND | IN_BACKEND, S("on"), S("response"), IN_ON_RESPONSE},
        {IN_FRONTEND | IN_TCP_FRONTEND, S("on"), S("log"), IN_ON_LOG},
        {IN_BACKEND, S("on"), S("request"), IN_BACKEND_REQUEST},
        {IN_FRONTEND, S("route"), S(""), IN_ROUTE},
        {IN_TCP_FRONTEND, S("route"), S(""), IN_TCP_ROUTE},
        {IN_RULES, S("when"), S(""), 0},
        {IN_RULES, S("else"), S(""), 0},
        {IN_RULES, S("reply"), S(""), IN_REPLY},
    };
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        if (blocks[i].context & context && slice_eq(blocks[i].word, word) &&
            (!blocks[i].kind.len || slice_eq(blocks[i].kind, kind)))
            return blocks[i].within ? blocks[i].within : context;
    const struct lsp_word *w = lsp_statement(context, word);
    for (uint32_t i = 0; w && i < lsp_nforms; i++)
        if (lsp_forms[i].block && strcmp(lsp_forms[i].id, w->id) == 0)
            return lsp_forms[i].block;
    return 0;
}
