/* Replays access logs through both programs of a comparison and weighs its classes: which share of real
 * requests ends otherwise, and in which class. traffic_log.c reads lines, traffic.c replays. */
#ifndef WEIR_TRAFFIC_H
#define WEIR_TRAFFIC_H

#include "compiler/diff.h"
#include "compiler/options.h"

struct traffic_options {
    const struct option_texts *files; /* "-": standard input */
    const char *format;               /* NULL: told by each file's lines */
    const char *host;                 /* of requests whose line names none; or NULL */
    const char *frontend;             /* that received them, where the lines do not say; or NULL */
};

/* Fills in d->traffic and the counts of frontends and classes. False, with the reason as lines in `why`,
 * where a log cannot be read or does not say what the rules need. What is said although all went well goes to
 * `why`, too. */
bool traffic_replay(struct diff *d, const struct traffic_options *o, struct buf *why);

#endif
