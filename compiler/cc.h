/* Running a C compiler: which one, in a folder of its own, never through a shell. */
#ifndef WEIR_CC_H
#define WEIR_CC_H

#include <signal.h>

#include "runtime/base/buf.h"
#include "runtime/base/vec.h"

struct cc {
    struct arena *arena;
    VEC(char *) words;  /* the command as given; the first is resolved where it was found */
    bool found;         /* the first word is a file that can be run */
    const char *target; /* what the words say about the machine it compiles for: "" for the plain names */
};

/* Understands `command` (NULL: $CC, else cc). */
void cc_open(struct cc *cc, struct arena *a, const char *command);
/* Appends what tells this compiler from others and from its own other versions, without running it. */
void cc_identity(const struct cc *cc, struct buf *out);

/* A new folder for one compilation; false with the reason in `why`. cc_folder_end() removes it and what is in
 * it. In between, signals that end the process wait, so that the folder is removed in any case. */
struct cc_folder {
    char path[4096];
    sigset_t signals; /* those that were blocked before */
};
bool cc_folder_begin(struct cc_folder *f, struct buf *why);
void cc_folder_end(struct cc_folder *f);
/* The path of `name` in it, in the arena. */
char *cc_folder_path(const struct cc_folder *f, struct arena *a, const char *name);
bool cc_folder_write(const struct cc_folder *f, struct arena *a, const char *name, struct slice data,
                     struct buf *why);

/* Runs the compiler with `args` (NULL at the end) after its own words. False with its whole output in `why`.
 */
bool cc_run(const struct cc *cc, const struct cc_folder *f, char *const *args, struct buf *why);

#endif
