/* Access logs of one JSON object a line; which members count is grammar/traffic_fields.def. See
 * traffic_log.h. */
#include "compiler/json.h"
#include "compiler/traffic_log.h"

enum what { HOST, METHOD, TARGET, LINE, CLIENT, PORT, SCHEME, FRONTEND, AGENT, REFERER, HEADERS, WHATS };

static const struct {
    enum what what;
    const char *name;
} fields[] = {
#define TRAFFIC_FIELD(what, name) {what, name},
#include "grammar/traffic_fields.def"
};

static bool fits(enum what what, const struct json *x)
{
    return what == HEADERS ? x->kind == JSON_OBJECT
           : what == PORT  ? x->kind == JSON_NUMBER || x->kind == JSON_STRING
                           : x->kind == JSON_STRING && x->text.len > 0 && !slice_eq(x->text, SLICE("-"));
}

/* The first member for each thing, of the line itself or of its `request`. */
static void find_all(const struct json *object, const struct json *found[WHATS])
{
    const struct json *nested = json_member(object, "request");
    const struct json *in[2] = {object, nested && nested->kind == JSON_OBJECT ? nested : NULL};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        for (uint32_t k = 0; k < 2 && !found[fields[i].what]; k++) {
            const struct json *x = json_member(in[k], fields[i].name);
            if (x && fits(fields[i].what, x))
                found[fields[i].what] = x;
        }
}

/* `{"X-Version": "2"}`, and `{"X-Version": ["2"]}` as Caddy writes it. */
static void take_headers(const struct json *object, struct traffic_line *out)
{
    out->all_headers = true;
    for (uint32_t i = 0; i < object->items.n; i++) {
        const struct json *x = &object->items.v[i], *values = x;
        uint32_t n = 1;
        if (x->kind == JSON_ARRAY) {
            values = x->items.v;
            n = x->items.n;
        }
        bool host = slice_eq_nocase(x->name, SLICE("host"));
        for (uint32_t k = 0; k < n; k++)
            if (values[k].kind == JSON_STRING && !host)
                traffic_take_header(x->name, values[k].text, out);
            else if (values[k].kind == JSON_STRING && !out->host.p)
                out->host = values[k].text;
    }
}

static void take_port(const struct json *x, struct traffic_line *out)
{
    uint32_t n = 0;
    for (size_t i = 0; i < x->text.len && n <= UINT16_MAX; i++) {
        if (x->text.p[i] < '0' || x->text.p[i] > '9')
            return;
        n = n * 10 + (uint32_t)(x->text.p[i] - '0');
    }
    out->has_port = x->text.len > 0 && n <= UINT16_MAX;
    out->port = out->has_port ? (uint16_t)n : 0;
}

const char *traffic_read_json(struct slice line, struct arena *a, struct traffic_line *out)
{
    const struct json *found[WHATS] = {NULL};
    const struct json *object = json_read(a, line);
    if (!object || object->kind != JSON_OBJECT)
        return "it is not one JSON object";
    find_all(object, found);
    if (found[HOST])
        out->host = found[HOST]->text;
    const char *why = NULL;
    if (found[TARGET]) {
        out->method = found[METHOD] ? found[METHOD]->text : SLICE("GET");
        why = !traffic_is_method(out->method) ? "the method is not a word"
                                              : traffic_take_target(found[TARGET]->text, out);
    } else if (found[LINE]) {
        why = traffic_take_request(found[LINE]->text, out);
    } else {
        return "it has no member that names the target of a request";
    }
    if (found[CLIENT])
        traffic_take_client(found[CLIENT]->text, out);
    if (found[PORT])
        take_port(found[PORT], out);
    if (found[SCHEME]) {
        out->has_tls = true;
        out->tls = slice_eq_nocase(found[SCHEME]->text, SLICE("https"));
    }
    if (found[FRONTEND])
        out->frontend = found[FRONTEND]->text;
    if (found[HEADERS])
        take_headers(found[HEADERS], out);
    if (found[AGENT] && !found[HEADERS])
        traffic_take_header(SLICE("User-Agent"), found[AGENT]->text, out);
    if (found[REFERER] && !found[HEADERS])
        traffic_take_header(SLICE("Referer"), found[REFERER]->text, out);
    return why;
}
