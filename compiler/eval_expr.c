/* The value of each expression; grammar/ops.def says in words what the operators do. */
#include "compiler/eval_state.h"

#include "runtime/base/norm.h"

static struct eval_value truth(bool b)
{
    return (struct eval_value){.kind = IR_BOOL, .truth = b};
}

static struct eval_value absent(enum ir_kind kind)
{
    return (struct eval_value){.kind = kind, .absent = true};
}

/* A present text; p NULL is absent. */
static struct eval_value text(struct slice s)
{
    return s.p ? (struct eval_value){.kind = IR_STR, .str = s} : absent(IR_STR);
}

static struct eval_value number(int64_t n)
{
    return (struct eval_value){.kind = IR_INT, .num = n};
}

static struct slice present(struct slice s)
{
    return s.p ? s : SLICE("");
}

/* ---- fields ------------------------------------------------------------------------------------ */

static struct slice query_get(struct eval_state *s, struct slice name)
{
    struct slice value = {NULL, 0};
    if (s->query.p && norm_query_get(s->query, name, arena_alloc(s->a, s->query.len + 1), &value))
        return present(value);
    return (struct slice){NULL, 0};
}

/* Cookies as received: edits of the header Cookie do not change them. */
static struct slice cookie_get(struct eval_state *s, struct slice name)
{
    struct slice value;
    for (uint32_t i = 0; i < s->request->nheaders; i++) {
        const struct eval_header *h = &s->request->headers[i];
        if (slice_eq_nocase(h->name, SLICE("cookie")) && norm_cookie_get(h->value, name, &value))
            return present(value);
    }
    return (struct slice){NULL, 0};
}

static struct eval_value field(struct eval_state *s, const struct ir_expr *e)
{
    switch ((enum ir_field)e->field) {
    case IR_FIELD_HOST:
        return text(s->host);
    case IR_FIELD_PATH:
        return text(s->path);
    case IR_FIELD_METHOD:
        return text(s->request->method);
    case IR_FIELD_URI:
        return text(s->uri);
    case IR_FIELD_HEADER:
        return text(eval_header_get(s, e->str));
    case IR_FIELD_QUERY:
        return text(query_get(s, e->str));
    case IR_FIELD_COOKIE:
        return text(cookie_get(s, e->str));
    case IR_FIELD_CLIENT_IP:
        return (struct eval_value){.kind = IR_IP, .ip = s->request->client_ip};
    case IR_FIELD_CLIENT_PORT:
        return number(s->request->client_port);
    case IR_FIELD_TLS_ACTIVE:
        return truth(s->request->tls);
    case IR_FIELD_RANDOM:
        return number(s->request->random);
    case IR_FIELD_HEADERS:
        return eval_header_lines(s, e->str);
    case IR_FIELD_RAW_PATH:
        return text(s->raw_path);
    case IR_FIELD_VERSION:
        return text(s->request->http10 ? SLICE("HTTP/1.0") : SLICE("HTTP/1.1"));
    case IR_FIELD_ID:
        return text(EVAL_ID);
    case IR_FIELD_LISTENER_IP:
        return (struct eval_value){.kind = IR_IP, .ip = s->listener_ip};
    case IR_FIELD_LISTENER_PORT:
        return number(s->listener_port);
    case IR_FIELD_COUNT:
        break;
    }
    return absent((enum ir_kind)e->kind);
}

/* ---- tests ------------------------------------------------------------------------------------- */

static bool equal(const struct eval_value *x, const struct eval_value *y)
{
    switch (x->kind) {
    case IR_BOOL:
        return x->truth == y->truth;
    case IR_INT:
        return x->num == y->num;
    case IR_STR:
        return slice_eq(x->str, y->str);
    case IR_IP:
        return memcmp(&x->ip, &y->ip, sizeof x->ip) == 0;
    case IR_CIDR:
        return memcmp(&x->cidr.addr, &y->cidr.addr, sizeof x->cidr.addr) == 0 && x->cidr.bits == y->cidr.bits;
    case IR_BACKEND:
        return x->backend == y->backend;
    case IR_LIST: /* are not compared */
        break;
    }
    return false;
}

/* A test of two operands, both present. */
static bool compare(enum ir_op op, const struct eval_value *x, const struct eval_value *y)
{
    if (x->kind != y->kind)
        return false;
    if (op == IR_EQ)
        return equal(x, y);
    if (op == IR_LT || op == IR_LE)
        return x->kind == IR_INT && (op == IR_LT ? x->num < y->num : x->num <= y->num);
    if (x->kind != IR_STR)
        return false;
    return op == IR_UNDER         ? eval_under(x->str, y->str)
           : op == IR_STARTS_WITH ? slice_starts(x->str, y->str)
           : op == IR_ENDS_WITH   ? slice_ends(x->str, y->str)
                                  : slice_contains(x->str, y->str);
}

static bool like(const struct ir_expr *e, struct slice subject)
{
    bool is_host = e->args[0]->op == IR_FIELD && e->args[0]->field == IR_FIELD_HOST;
    return eval_glob(e->str, subject, is_host ? '.' : '/');
}

static bool same_key(const struct eval_value *x, const struct eval_value *y)
{
    if (x->kind != y->kind)
        return false;
    return x->kind == IR_STR   ? slice_eq(x->str, y->str)
           : x->kind == IR_IP  ? memcmp(&x->ip, &y->ip, sizeof x->ip) == 0
           : x->kind == IR_INT ? x->num == y->num
                               : false;
}

static const struct ir_row *find(struct eval_state *s, const struct ir_set *set, const struct eval_value *key)
{
    if (set->rows.n < EVAL_LARGE_SET)
        return eval_set_find(set, key);
    for (uint32_t i = 0; i < EVAL_FOUND; i++)
        if (s->found[i].set == set && same_key(&s->found[i].key, key))
            return s->found[i].row;
    struct eval_found *x = &s->found[s->nfound++ % EVAL_FOUND];
    *x = (struct eval_found){set, *key, eval_set_find(set, key)};
    return x->row;
}

/* A test of one operand and what the operator holds itself. */
static bool test(struct eval_state *s, const struct ir_expr *e)
{
    struct eval_value x = eval_expr(s, e->args[0]);
    if (x.absent)
        return false;
    if (e->op == IR_IN)
        return find(s, e->set, &x) != NULL;
    if (x.kind != IR_STR)
        return false;
    return e->op == IR_LIKE ? like(e, x.str) : eval_regex(e->str, x.str);
}

static bool junction(struct eval_state *s, const struct ir_expr *e)
{
    bool all = e->op == IR_AND;
    for (uint32_t i = 0; i < e->nargs; i++)
        if (eval_expr(s, e->args[i]).truth != all)
            return !all;
    return all;
}

/* ---- values ------------------------------------------------------------------------------------ */

static struct eval_value lookup(struct eval_state *s, const struct ir_expr *e)
{
    struct eval_value key = eval_expr(s, e->args[0]);
    const struct ir_row *row = key.absent ? NULL : find(s, e->set, &key);
    if (!row && e->set->has_default)
        row = &e->set->fallback;
    if (!row)
        return absent(e->set->value_kind);
    switch (e->set->value_kind) {
    case IR_BACKEND:
        return (struct eval_value){.kind = IR_BACKEND, .backend = row->backend};
    case IR_STR:
        return text(present(row->str));
    case IR_BOOL:
        return truth(row->num != 0);
    case IR_INT:
        return number(row->num);
    case IR_IP:
        return (struct eval_value){.kind = IR_IP, .ip = row->ip};
    case IR_CIDR:
    case IR_LIST:
        break; /* no map holds one */
    }
    return absent(e->set->value_kind);
}

static struct slice recased(struct arena *a, struct slice in, bool upper)
{
    char *out = arena_alloc(a, in.len + 1);
    for (size_t i = 0; i < in.len; i++) {
        char c = in.p[i];
        bool letter = upper ? c >= 'a' && c <= 'z' : c >= 'A' && c <= 'Z';
        out[i] = letter ? (char)(c ^ 0x20) : c;
    }
    return (struct slice){out, in.len};
}

/* The greatest magnitude is 2^63, and only below zero. */
static struct eval_value to_int(struct slice s)
{
    bool minus = s.len > 0 && s.p[0] == '-';
    uint64_t magnitude = 0, limit = (uint64_t)INT64_MAX + minus;
    if (s.len == minus)
        return absent(IR_INT);
    for (size_t i = minus; i < s.len; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return absent(IR_INT);
        uint64_t digit = (uint64_t)(s.p[i] - '0');
        if (magnitude > (limit - digit) / 10)
            return absent(IR_INT);
        magnitude = magnitude * 10 + digit;
    }
    return number((int64_t)(minus ? 0 - magnitude : magnitude));
}

/* In numbers of 128 bits, where nothing overflows. */
static struct eval_value arithmetic(enum ir_op op, int64_t x, int64_t y)
{
    __int128 a = x, b = y;
    if ((op == IR_DIV || op == IR_MOD) && (y == 0 || a / b > INT64_MAX))
        return absent(IR_INT);
    __int128 r = op == IR_ADD ? a + b : op == IR_SUB ? a - b : op == IR_MUL ? a * b : op == IR_DIV ? a / b : a % b;
    return r < INT64_MIN || r > INT64_MAX ? absent(IR_INT) : number((int64_t)r);
}

static struct eval_value to_text(struct eval_state *s, const struct eval_value *v)
{
    char ip[IP_TEXT_MAX];
    switch (v->kind) {
    case IR_STR:
        return *v;
    case IR_INT:
        return text(arena_printf(s->a, "%lld", (long long)v->num));
    case IR_BOOL:
        return text(v->truth ? SLICE("true") : SLICE("false"));
    case IR_IP:
        return text(arena_copy(s->a, (struct slice){ip, ip_format(&v->ip, ip)}));
    case IR_CIDR:
        return text(arena_copy(s->a, (struct slice){ip, ip_prefix_format(&v->cidr, ip)}));
    case IR_BACKEND:
        return text(v->backend->name);
    case IR_LIST: /* has no text */
        break;
    }
    return absent(IR_STR);
}

/* Texts may hold any byte, NUL included. */
static struct eval_value concat(struct eval_state *s, const struct ir_expr *e)
{
    struct slice *parts = arena_array(s->a, struct slice, e->nargs + 1);
    size_t total = 0, at = 0;
    for (uint32_t i = 0; i < e->nargs; i++) {
        struct eval_value v = eval_expr(s, e->args[i]);
        if (!v.absent && v.kind == IR_STR)
            parts[i] = v.str;
        total += parts[i].len;
    }
    char *out = arena_alloc(s->a, total + 1);
    for (uint32_t i = 0; i < e->nargs; i++) {
        if (parts[i].len)
            memcpy(out + at, parts[i].p, parts[i].len);
        at += parts[i].len;
    }
    return text((struct slice){out, total});
}

static struct eval_value unary(struct eval_state *s, const struct ir_expr *e)
{
    struct eval_value x = eval_expr(s, e->args[0]);
    if (x.absent)
        return absent((enum ir_kind)e->kind);
    if (e->op == IR_TO_STR)
        return to_text(s, &x);
    if (x.kind != IR_STR)
        return absent((enum ir_kind)e->kind);
    return e->op == IR_TO_INT ? to_int(x.str) : text(recased(s->a, x.str, e->op == IR_UPPER));
}

/* A converter of an absent value is absent; a text that is not there is among no lines. */
static struct eval_value converted(struct eval_state *s, const struct ir_expr *e)
{
    struct eval_value args[3];
    for (uint32_t i = 0; i < e->nargs; i++) {
        args[i] = eval_expr(s, e->args[i]);
        if (args[i].absent)
            return e->op == IR_AMONG ? truth(false) : absent((enum ir_kind)e->kind);
    }
    return eval_convert(s->a, e, args);
}

struct eval_value eval_expr(struct eval_state *s, const struct ir_expr *e)
{
    struct eval_value x, y;
    switch ((enum ir_op)e->op) {
    case IR_CONST_BOOL:
        return truth(e->num != 0);
    case IR_CONST_INT:
        return number(e->num);
    case IR_CONST_STR:
        return text(present(e->str));
    case IR_CONST_IP:
        return (struct eval_value){.kind = IR_IP, .ip = e->ip};
    case IR_CONST_CIDR:
        return (struct eval_value){.kind = IR_CIDR, .cidr = e->cidr};
    case IR_FIELD:
        return field(s, e);
    case IR_AND:
    case IR_OR:
        return truth(junction(s, e));
    case IR_NOT:
        return truth(!eval_expr(s, e->args[0]).truth);
    case IR_EQ:
    case IR_LT:
    case IR_LE:
    case IR_UNDER:
    case IR_STARTS_WITH:
    case IR_ENDS_WITH:
    case IR_CONTAINS:
        x = eval_expr(s, e->args[0]);
        y = eval_expr(s, e->args[1]);
        return truth(!x.absent && !y.absent && compare((enum ir_op)e->op, &x, &y));
    case IR_IN:
    case IR_LIKE:
    case IR_MATCHES:
        return truth(test(s, e));
    case IR_EXISTS:
        return truth(!eval_expr(s, e->args[0]).absent);
    case IR_LOOKUP:
        return lookup(s, e);
    case IR_DEFAULT:
        x = eval_expr(s, e->args[0]);
        return x.absent ? eval_expr(s, e->args[1]) : x;
    case IR_LOWER:
    case IR_UPPER:
    case IR_TO_INT:
    case IR_TO_STR:
        return unary(s, e);
    case IR_CONCAT:
        return concat(s, e);
    case IR_ADD:
    case IR_SUB:
    case IR_MUL:
    case IR_DIV:
    case IR_MOD:
        x = eval_expr(s, e->args[0]);
        y = eval_expr(s, e->args[1]);
        return x.absent || y.absent ? absent(IR_INT) : arithmetic((enum ir_op)e->op, x.num, y.num);
    case IR_LENGTH:
    case IR_HASH:
    case IR_BASE64:
    case IR_BASE64_DECODE:
    case IR_URL_DECODE:
    case IR_PART:
    case IR_REPLACE:
    case IR_MASK:
    case IR_LINES:
    case IR_NTH:
    case IR_AMONG:
        return converted(s, e);
    }
    return absent((enum ir_kind)e->kind);
}
