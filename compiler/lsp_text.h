/* Texts as editors see them: positions of lines and characters, edits of ranges, and files by URI. */
#ifndef WEIR_LSP_TEXT_H
#define WEIR_LSP_TEXT_H

#include "runtime/base/buf.h"
#include "runtime/base/vec.h"

/* Line and character from 0. Characters count UTF-16 units, or bytes where UTF-8 was agreed on (LSP 3.17,
 * Position). */
struct lsp_position {
    uint32_t line, character;
};

/* Where the lines of a text begin. Lines end in \n, \r\n or \r. */
struct lsp_lines {
    struct slice text;
    bool utf8;
    VEC(uint32_t) starts;
};

void lsp_lines_make(struct arena *a, struct slice text, bool utf8, struct lsp_lines *out);
/* Of byte `off`; one within a character is that of the character, one beyond the text that of its end. */
struct lsp_position lsp_position_of(const struct lsp_lines *l, size_t off);
/* The byte at `at`; beyond a line's end it is that end, beyond the last line the end of the text. */
size_t lsp_offset_of(const struct lsp_lines *l, struct lsp_position at);

/* The path that a file: URI names, without `.`, `..` and empty parts; another URI is its own path. False for
 * one that names no file: a NUL, an escape that is none. */
bool lsp_path_of_uri(struct slice uri, struct buf *path);
void lsp_uri_of_path(struct slice path, struct buf *uri);
/* `path` without `.`, `..` and empty parts. */
void lsp_path_clean(struct slice path, struct buf *out);
/* The beginning of `path` up to its last slash, that included. */
struct slice lsp_folder_of(struct slice path);

#endif
