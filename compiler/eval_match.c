/* Keys and patterns, by looking at each key in turn: the evaluator's meaning of grammar/key_kinds.def, of
 * `like` and of `under`. */
#include "compiler/eval_state.h"

#include "compiler/regex.h"
#include "compiler/regex_derivative.h"

bool eval_under(struct slice path, struct slice prefix)
{
    if (prefix.len == 0)
        return path.len > 0 && path.p[0] == '/';
    if (!slice_starts(path, prefix))
        return false;
    return path.len == prefix.len || prefix.p[prefix.len - 1] == '/' || path.p[prefix.len] == '/';
}

/* For each byte of the glob, which beginnings of the text it may have matched so far: reach[i] is about
 * text[0..i). */
bool eval_glob(struct slice glob, struct slice text, char separator)
{
    struct arena tmp = {0};
    bool *reach = arena_array(&tmp, bool, text.len + 1);
    reach[0] = true;
    for (size_t g = 0; g < glob.len; g++) {
        bool star = glob.p[g] == '*', deep = star && g + 1 < glob.len && glob.p[g + 1] == '*';
        bool *after = arena_array(&tmp, bool, text.len + 1);
        for (size_t i = 0; i < text.len; i++) {
            bool takes = deep || (star ? text.p[i] != separator : text.p[i] == glob.p[g]);
            after[i + 1] = takes && (reach[i] || (star && after[i]));
        }
        reach = after;
        g += deep;
    }
    bool matched = reach[text.len];
    arena_free(&tmp);
    return matched;
}

/* How well a key matches: 0 not at all; the greater, the better. */
static uint64_t host_pattern_rank(struct slice key, struct slice host)
{
    bool deep = slice_starts(key, SLICE("**.")), one = slice_starts(key, SLICE("*."));
    if (!deep && !one)
        return slice_eq(key, host) ? UINT64_MAX : 0;
    struct slice suffix = slice_from(key, deep ? 2 : 1);
    if (host.len <= suffix.len || !slice_ends(host, suffix))
        return 0;
    if (one && memchr(host.p, '.', host.len - suffix.len))
        return 0;
    return suffix.len * 2 + one;
}

bool eval_regex(struct slice regex, struct slice text)
{
    struct arena tmp = {0};
    uint32_t off;
    const char *why;
    struct regex_node *tree = regex_parse(&tmp, regex, &off, &why);
    bool holds = tree && regex_derivative_matches(tree, text);
    arena_free(&tmp);
    return holds;
}

static uint64_t text_rank(enum ir_key_kind kind, struct slice key, struct slice text)
{
    switch (kind) {
    case IR_KEY_STRING:
    case IR_KEY_HOST:
    case IR_KEY_METHOD:
        return slice_eq(key, text);
    case IR_KEY_HOST_PATTERN:
        return host_pattern_rank(key, text);
    case IR_KEY_PATH:
        return eval_under(text, key) ? key.len + 1 : 0;
    case IR_KEY_PREFIX:
        return slice_starts(text, key) ? key.len + 1 : 0;
    case IR_KEY_SUFFIX:
        return slice_ends(text, key) ? key.len + 1 : 0;
    case IR_KEY_REGEX:
        return eval_regex(key, text);
    case IR_KEY_INT:
    case IR_KEY_CIDR:
    case IR_KEY_RANGE:
        return 0;
    }
    return 0;
}

static uint64_t key_rank(enum ir_key_kind kind, const struct ir_key *key, const struct eval_value *v)
{
    switch (v->kind) {
    case IR_STR:
        return text_rank(kind, key->str, v->str);
    case IR_INT:
        return kind == IR_KEY_RANGE ? key->range.lo <= v->num && v->num <= key->range.hi
                                    : kind == IR_KEY_INT && key->num == v->num;
    case IR_IP:
        return kind == IR_KEY_CIDR && ip_in_prefix(&v->ip, &key->cidr) ? key->cidr.bits + 1u : 0;
    case IR_CIDR:
        return kind == IR_KEY_CIDR && v->cidr.bits >= key->cidr.bits && ip_in_prefix(&v->cidr.addr, &key->cidr)
                   ? key->cidr.bits + 1u
                   : 0;
    case IR_BOOL:
    case IR_BACKEND:
    case IR_LIST:
        return 0;
    }
    return 0;
}

/* Of rows that match equally well, the first one. */
const struct ir_row *eval_set_find(const struct ir_set *set, const struct eval_value *key)
{
    const struct ir_row *best = NULL;
    uint64_t best_rank = 0;
    for (uint32_t i = 0; i < set->rows.n; i++) {
        uint64_t rank = key_rank(set->key_kind, &set->rows.v[i].key, key);
        if (rank > best_rank) {
            best_rank = rank;
            best = &set->rows.v[i];
        }
    }
    return best;
}
