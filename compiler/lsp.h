/* The language server: editors' buffers in, diagnostics and answers out (LSP 3.17 over JSON-RPC 2.0). It is
 * driven by messages and writes into a buffer; cmd_lsp.c connects that to standard input and output.
 *
 * Every check and every answer makes a compilation of its own over the buffers as they are, and frees it:
 * nothing of one outlives it. The server itself owns documents and, for each program, what was found at its
 * last check. */
#ifndef WEIR_LSP_H
#define WEIR_LSP_H

#include "compiler/compilation.h"
#include "compiler/json.h"
#include "compiler/lsp_text.h"
#include "compiler/name_index.h"

/* A file that is open in the editor. */
struct lsp_doc {
    struct lsp_doc *next;
    struct buf uri, path, text; /* NUL follows the text */
    int64_t version;
    bool has_version;
    bool told; /* its diagnostics of this version were published */
    struct arena roots_arena;
    VEC(struct slice)
    roots; /* the programs that it is part of, by their first file; none: it is no Weir file */
};

/* What the last check of a program found in one of its files. */
struct lsp_findings {
    struct slice path;
    VEC(struct slice) items; /* Diagnostic objects in JSON */
};

struct lsp_program {
    struct lsp_program *next;
    struct buf root; /* path of its first file */
    bool stale, wanted;
    struct arena arena;
    VEC(struct lsp_findings) files; /* all that it reads */
};

/* What was published for a file. */
struct lsp_published {
    struct lsp_published *next;
    struct buf path, uri, items;
};

/* A text that stands in for a file while an edit is tried. */
struct lsp_trial {
    struct slice path, text;
};

struct lsp_message {
    struct lsp_message *next;
    struct arena arena;
    const struct json *json, *id; /* id NULL: a notification */
    struct slice method;          /* p NULL: a response */
    bool cancelled;
};

struct lsp {
    struct buf out; /* messages to send, framed */
    bool initialized, shut_down, exits;
    bool utf8;         /* positions count bytes */
    bool related;      /* the editor shows other places of a diagnostic */
    bool snippets;     /* completions may have places to fill in */
    bool stale;        /* something changed since the last lsp_publish() */
    bool no_files;     /* files that are not open are empty (fuzzing) */
    struct buf folder; /* of the workspace, or empty: importing files are looked for up to there */
    struct lsp_message *queue;
    uint32_t queued;
    struct lsp_doc *docs;
    struct lsp_program *programs;
    struct lsp_published *published;
    const struct lsp_trial *trials;
    uint32_t ntrials;
};

/* ---- lsp.c: messages ---- */

/* Takes in one message body; what is no request is told so. */
void lsp_take(struct lsp *s, struct slice body);
/* Does the next of the queued messages. False where there is none. */
bool lsp_step(struct lsp *s);
void lsp_fault(struct lsp *s, const char *why); /* a message that could not be read */
void lsp_free(struct lsp *s);

enum lsp_error {
    LSP_PARSE_ERROR = -32700,
    LSP_INVALID_REQUEST = -32600,
    LSP_METHOD_NOT_FOUND = -32601,
    LSP_INVALID_PARAMS = -32602,
    LSP_NOT_INITIALIZED = -32002,
    LSP_REQUEST_CANCELLED = -32800,
    LSP_REQUEST_FAILED = -32803,
};
/* Answers `m`, which is a request, with `result` (JSON), or with an error. */
void lsp_reply(struct lsp *s, const struct lsp_message *m, const struct buf *result);
void lsp_reply_error(struct lsp *s, const struct lsp_message *m, enum lsp_error code, struct slice text);
/* Sends a notification. */
void lsp_notify(struct lsp *s, const char *method, const struct buf *params);

/* ---- lsp_docs.c: buffers ---- */

void lsp_did_open(struct lsp *s, const struct json *params);
void lsp_did_change(struct lsp *s, const struct json *params);
void lsp_did_close(struct lsp *s, const struct json *params);
struct lsp_doc *lsp_doc_by_uri(struct lsp *s,
                               const struct json *params); /* of params.textDocument; or NULL */
struct lsp_doc *lsp_doc_by_path(struct lsp *s, struct slice path);
void lsp_doc_free(struct lsp_doc *d);
void *lsp_alloc(size_t size); /* cleared; ends the process where there is no memory */
/* The numbers of a Position. False where it is none. */
bool lsp_read_position(const struct json *j, struct lsp_position *out);
/* The URI of a file: the editor's own where it is open. */
void lsp_uri(struct lsp *s, struct slice path, struct buf *out);

/* ---- lsp_roots.c: which programs a file is part of ---- */

void lsp_find_roots(struct lsp *s, struct lsp_doc *d);

/* ---- lsp_program.c: programs and their checks ---- */

/* A compilation that reads buffers where files are open. */
void lsp_compilation_begin(struct lsp *s, struct compilation *c);
void lsp_all_stale(struct lsp *s);
void lsp_path_changed(struct lsp *s, struct slice path);
bool lsp_is_stale(const struct lsp *s);
/* The first file of a program that read `path` at its last check, or an empty text. */
struct slice lsp_root_of(struct lsp *s, struct slice path);
/* Checks what changed and publishes what is new. */
void lsp_publish(struct lsp *s);
void lsp_program_free(struct lsp_program *p);

/* ---- lsp_diagnostics.c ---- */

/* `x` as a Diagnostic object. */
void lsp_diagnostic(struct lsp *s, const struct diags *d, const struct diag *x, const struct lsp_lines *lines,
                    struct buf *out);
void lsp_code_action(struct lsp *s, const struct lsp_message *m);
void lsp_range(const struct lsp_lines *l, size_t from, size_t to, struct buf *out); /* a Range object */

/* ---- requests: one file each kind ---- */

/* The program around a document, checked, with its names. */
struct lsp_analysis {
    struct compilation c;
    struct name_index names;
    const struct lsp_doc *doc;
    struct slice root;      /* the program's first file; empty: none is known that reads the document */
    struct source *source;  /* of the document, or NULL: the program does not read it */
    struct lsp_lines lines; /* of the document */
    size_t offset;          /* of params.position, where there is one */
};
/* Opens one for the document and position of `m`; answers `m` and returns false where there are none. */
bool lsp_analyse(struct lsp *s, const struct lsp_message *m, struct lsp_analysis *a);
void lsp_analysis_end(struct lsp_analysis *a);
/* The symbol that is declared or used at a.offset, and where; NAME_NONE where there is none. */
uint32_t lsp_symbol_at(const struct lsp_analysis *a, struct span *at);
/* A Location object. */
void lsp_location(struct lsp *s, struct lsp_analysis *a, struct span at, struct buf *out);

void lsp_definition(struct lsp *s, const struct lsp_message *m);
void lsp_references(struct lsp *s, const struct lsp_message *m);
void lsp_symbols(struct lsp *s, const struct lsp_message *m);
void lsp_prepare_rename(struct lsp *s, const struct lsp_message *m);
void lsp_rename(struct lsp *s, const struct lsp_message *m);
void lsp_hover(struct lsp *s, const struct lsp_message *m);
void lsp_completion(struct lsp *s, const struct lsp_message *m);
void lsp_formatting(struct lsp *s, const struct lsp_message *m);

#endif
