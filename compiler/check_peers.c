/* Words that people bring along from other programs: what a message about an unknown word adds. The table is
 * grammar/peer_words.def. */
#include "compiler/check_state.h"

#include <string.h>

static const struct {
    enum peer_word kind;
    struct slice word;
    const char *whose, *here;
} words[] = {
#define PEER_WORD(kind, word, whose, here) {PEER_##kind, SLICE(word), whose, here},
#include "grammar/peer_words.def"
#undef PEER_WORD
};

/* The word that `here` is, where it is nothing but one word in backquotes. */
static struct slice only_word(const char *here)
{
    size_t n = strcspn(here + 1, "` [\"");
    bool only = here[0] == '`' && here[1 + n] == '`' && here[2 + n] == '\0';
    return only ? (struct slice){here + 1, n} : (struct slice){0};
}

bool check_peer_word(struct checker *k, struct diag *x, enum peer_word kind, struct slice word)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].kind == kind && slice_eq(words[i].word, word)) {
            diag_help(k->d, x, "%s's `%.*s` is %s", words[i].whose, SLICE_ARG(word), words[i].here);
            struct slice is = only_word(words[i].here);
            if (is.p)
                diag_fix(x, FIX_MAYBE, x->primary.span, is);
            return true;
        }
    return false;
}
