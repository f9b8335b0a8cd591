/* Messages of the Language Server Protocol as they come over a stream of bytes (LSP 3.17, base protocol): a
 * head of lines `Name: value`, an empty line, a body of Content-Length bytes. Whatever comes, the reader
 * finds its way back to the next head, and holds no more than one message and what was read beyond it. */
#ifndef WEIR_LSP_MESSAGE_H
#define WEIR_LSP_MESSAGE_H

#include "runtime/base/buf.h"

enum {
    LSP_HEAD_MAX = 8 << 10,
    LSP_BODY_MAX = 32 << 20,
};

struct lsp_reader {
    struct buf in;
    size_t at;   /* bytes of `in` that were taken */
    size_t skip; /* bytes of a body that is too long, still to be thrown away */
    bool lost;   /* a fault was told, and no message has come since */
};

enum lsp_read { LSP_READ_MORE, LSP_READ_MESSAGE, LSP_READ_BAD };

void lsp_reader_add(struct lsp_reader *r, const void *p, size_t n);
/* MESSAGE: `*body` is the next one, good until the next call. BAD: what came was no message, `*why` says why;
 * told once for faults in a row. MORE: nothing whole is there. */
enum lsp_read lsp_reader_next(struct lsp_reader *r, struct slice *body, const char **why);
void lsp_reader_free(struct lsp_reader *r);

#endif
