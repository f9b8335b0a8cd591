/* Messages of the language server: reads them, queues them, and gives each to what answers it. A request can
 * be cancelled while it waits in the queue. */
#include "compiler/lsp.h"

#include <stdlib.h>

typedef void request_fn(struct lsp *s, const struct lsp_message *m);

/* ---- out --------------------------------------------------------------------------------------- */

static void send(struct lsp *s, const struct buf *body)
{
    buf_printf(&s->out, "Content-Length: %zu\r\n\r\n", body->len);
    buf_slice(&s->out, buf_view(body));
}

/* An id is a number or a text; reading has made sure of it. */
static void put_id(const struct lsp_message *m, struct buf *out)
{
    if (m->id->kind == JSON_NUMBER)
        buf_slice(out, m->id->text);
    else
        buf_json(out, m->id->text);
}

void lsp_reply(struct lsp *s, const struct lsp_message *m, const struct buf *result)
{
    struct buf b = {0};
    buf_str(&b, "{\"jsonrpc\":\"2.0\",\"id\":");
    put_id(m, &b);
    buf_printf(&b, ",\"result\":%.*s}", SLICE_ARG(buf_view(result)));
    send(s, &b);
    buf_free(&b);
}

static void send_error(struct lsp *s, const struct lsp_message *m, enum lsp_error code, struct slice text)
{
    struct buf b = {0};
    buf_str(&b, "{\"jsonrpc\":\"2.0\",\"id\":");
    if (m)
        put_id(m, &b);
    else
        buf_str(&b, "null");
    buf_printf(&b, ",\"error\":{\"code\":%d,\"message\":", code);
    buf_json(&b, text);
    buf_str(&b, "}}");
    send(s, &b);
    buf_free(&b);
}

void lsp_reply_error(struct lsp *s, const struct lsp_message *m, enum lsp_error code, struct slice text)
{
    send_error(s, m, code, text);
}

void lsp_fault(struct lsp *s, const char *why)
{
    send_error(s, NULL, LSP_PARSE_ERROR, slice_of(why));
}

void lsp_notify(struct lsp *s, const char *method, const struct buf *params)
{
    struct buf b = {0};
    buf_printf(&b, "{\"jsonrpc\":\"2.0\",\"method\":\"%s\",\"params\":%.*s}", method,
               SLICE_ARG(buf_view(params)));
    send(s, &b);
    buf_free(&b);
}

/* ---- the beginning and the end ----------------------------------------------------------------- */

static bool is_true(const struct json *j)
{
    return j && j->kind == JSON_BOOL && j->num;
}

static const struct json *path_in(const struct json *j, const char *const *names)
{
    for (; *names; names++)
        j = json_member(j, *names);
    return j;
}
#define IN(j, ...) path_in((j), (const char *const[]){__VA_ARGS__, NULL})

static void read_capabilities(struct lsp *s, const struct json *params)
{
    const struct json *c = json_member(params, "capabilities"),
                      *encodings = IN(c, "general", "positionEncodings");
    for (uint32_t i = 0; encodings && encodings->kind == JSON_ARRAY && i < encodings->items.n; i++)
        s->utf8 |= slice_eq(encodings->items.v[i].text, SLICE("utf-8"));
    s->related = is_true(IN(c, "textDocument", "publishDiagnostics", "relatedInformation"));
    s->snippets = is_true(IN(c, "textDocument", "completion", "completionItem", "snippetSupport"));
    const struct json *folders = json_member(params, "workspaceFolders"),
                      *root = json_member(params, "rootUri");
    if (folders && folders->kind == JSON_ARRAY && folders->items.n)
        root = json_member(&folders->items.v[0], "uri");
    if (root && root->kind == JSON_STRING)
        lsp_path_of_uri(root->text, &s->folder);
}

static void initialize(struct lsp *s, const struct lsp_message *m)
{
    struct buf b = {0};
    if (s->initialized) {
        lsp_reply_error(s, m, LSP_INVALID_REQUEST, SLICE("the server is initialized already"));
        return;
    }
    s->initialized = true;
    read_capabilities(s, json_member(m->json, "params"));
    buf_printf(&b,
               "{\"capabilities\":{\"positionEncoding\":\"%s\","
               "\"textDocumentSync\":{\"openClose\":true,\"change\":2,\"save\":{\"includeText\":false}},"
               "\"completionProvider\":{\"triggerCharacters\":[\".\",\"|\",\"@\"]},\"hoverProvider\":true,"
               "\"definitionProvider\":true,\"referencesProvider\":true,\"documentSymbolProvider\":true,"
               "\"documentFormattingProvider\":true,"
               "\"renameProvider\":{\"prepareProvider\":true},"
               "\"codeActionProvider\":{\"codeActionKinds\":[\"quickfix\"]}},"
               "\"serverInfo\":{\"name\":\"weir\",\"version\":\"%s\"}}",
               s->utf8 ? "utf-8" : "utf-16", WEIR_VERSION);
    lsp_reply(s, m, &b);
    buf_free(&b);
}

static void shut_down(struct lsp *s, const struct lsp_message *m)
{
    struct buf b = {0};
    buf_str(&b, "null");
    s->shut_down = true;
    lsp_reply(s, m, &b);
    buf_free(&b);
}

/* ---- who does what ----------------------------------------------------------------------------- */

static const struct {
    const char *method;
    request_fn *run;
} requests[] = {
    {"initialize", initialize},
    {"shutdown", shut_down},
    {"textDocument/completion", lsp_completion},
    {"textDocument/hover", lsp_hover},
    {"textDocument/definition", lsp_definition},
    {"textDocument/references", lsp_references},
    {"textDocument/documentSymbol", lsp_symbols},
    {"textDocument/prepareRename", lsp_prepare_rename},
    {"textDocument/rename", lsp_rename},
    {"textDocument/codeAction", lsp_code_action},
    {"textDocument/formatting", lsp_formatting},
};

static void request(struct lsp *s, const struct lsp_message *m)
{
    bool first = slice_eq(m->method, SLICE("initialize"));
    if (m->cancelled) {
        lsp_reply_error(s, m, LSP_REQUEST_CANCELLED, SLICE("cancelled"));
        return;
    }
    if (!s->initialized && !first) {
        lsp_reply_error(s, m, LSP_NOT_INITIALIZED, SLICE("`initialize` comes first"));
        return;
    }
    if (s->shut_down) {
        lsp_reply_error(s, m, LSP_INVALID_REQUEST, SLICE("the server has shut down"));
        return;
    }
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        if (slice_eq(m->method, slice_of(requests[i].method))) {
            requests[i].run(s, m);
            return;
        }
    lsp_reply_error(s, m, LSP_METHOD_NOT_FOUND, SLICE("no such method"));
}

/* Files changed on disk, or a buffer was written: programs may be other ones now. */
static void look_again(struct lsp *s)
{
    for (struct lsp_doc *d = s->docs; d; d = d->next)
        lsp_find_roots(s, d);
    lsp_all_stale(s);
}

static void notification(struct lsp *s, const struct lsp_message *m)
{
    const struct json *params = json_member(m->json, "params");
    if (slice_eq(m->method, SLICE("exit"))) {
        s->exits = true;
        return;
    }
    if (!s->initialized || s->shut_down)
        return;
    if (slice_eq(m->method, SLICE("textDocument/didOpen")))
        lsp_did_open(s, params);
    else if (slice_eq(m->method, SLICE("textDocument/didChange")))
        lsp_did_change(s, params);
    else if (slice_eq(m->method, SLICE("textDocument/didClose")))
        lsp_did_close(s, params);
    else if (slice_eq(m->method, SLICE("textDocument/didSave")) ||
             slice_eq(m->method, SLICE("workspace/didChangeWatchedFiles")))
        look_again(s);
}

/* ---- in ---------------------------------------------------------------------------------------- */

static void message_free(struct lsp_message *m)
{
    struct arena a = m->arena; /* `m` lies in it */
    arena_free(&a);
}

static bool same_id(const struct json *a, const struct json *b)
{
    return a && b && a->kind == b->kind && slice_eq(a->text, b->text);
}

static void cancel(struct lsp *s, const struct json *id)
{
    for (struct lsp_message *m = s->queue; m; m = m->next)
        if (m->method.p && same_id(m->id, id))
            m->cancelled = true;
}

/* Whether `id` can be sent back as it is: a whole number or a text. */
static bool is_id(const struct json *id)
{
    if (id->kind == JSON_STRING)
        return true;
    if (id->kind != JSON_NUMBER || !id->text.len)
        return false;
    for (size_t i = 0; i < id->text.len; i++) {
        bool digit = id->text.p[i] >= '0' && id->text.p[i] <= '9';
        if (!digit && !(i == 0 && id->text.p[0] == '-' && id->text.len > 1))
            return false;
    }
    return id->text.len < 20;
}

static struct lsp_message *read_message(struct slice body)
{
    struct arena a = {0};
    struct lsp_message *m = arena_new(&a, struct lsp_message);
    m->json = json_read(&a, arena_copy(&a, body)); /* texts may point into what is read */
    const struct json *method = json_member(m->json, "method");
    m->id = json_member(m->json, "id");
    if (method && method->kind == JSON_STRING)
        m->method = method->text;
    m->arena = a;
    return m;
}

static void enqueue(struct lsp *s, struct lsp_message *m)
{
    struct lsp_message **end = &s->queue;
    while (*end)
        end = &(*end)->next;
    *end = m;
    s->queued++;
}

void lsp_take(struct lsp *s, struct slice body)
{
    struct lsp_message *m = read_message(body);
    bool response = m->json && (json_member(m->json, "result") || json_member(m->json, "error"));
    if (!m->json) {
        send_error(s, NULL, LSP_PARSE_ERROR, SLICE("the message is not JSON"));
    } else if (m->json->kind != JSON_OBJECT || (m->id && !is_id(m->id)) || (!m->method.p && !response)) {
        if (!response)
            send_error(s, NULL, LSP_INVALID_REQUEST, SLICE("the message is no request"));
    } else if (slice_eq(m->method.p ? m->method : SLICE(""), SLICE("$/cancelRequest"))) {
        cancel(s, IN(m->json, "params", "id"));
    } else if (m->method.p) {
        enqueue(s, m);
        return;
    }
    message_free(m);
}

bool lsp_step(struct lsp *s)
{
    struct lsp_message *m = s->queue;
    if (!m)
        return false;
    s->queue = m->next;
    s->queued--;
    if (m->id)
        request(s, m);
    else
        notification(s, m);
    message_free(m);
    return true;
}

void lsp_free(struct lsp *s)
{
    while (s->queue) {
        struct lsp_message *m = s->queue;
        s->queue = m->next;
        message_free(m);
    }
    while (s->docs) {
        struct lsp_doc *d = s->docs;
        s->docs = d->next;
        lsp_doc_free(d);
    }
    while (s->programs) {
        struct lsp_program *p = s->programs;
        s->programs = p->next;
        lsp_program_free(p);
    }
    while (s->published) {
        struct lsp_published *p = s->published;
        s->published = p->next;
        buf_free(&p->path);
        buf_free(&p->uri);
        buf_free(&p->items);
        free(p);
    }
    buf_free(&s->folder);
    buf_free(&s->out);
}
