/* Writing an explanation, as text or JSON; see explain.h. */
#include "compiler/explain_render.h"

#include "compiler/explain_part.h"
#include "compiler/ir_print.h"

static const char *verb_of(enum ir_action_kind kind)
{
    return kind == IR_SET_HEADER ? "set" : kind == IR_ADD_HEADER ? "add" : "delete";
}

void explain_outcome(const struct eval_result *r, struct buf *out)
{
    switch (r->outcome) {
    case EVAL_USE:
        buf_printf(out, "use %.*s", SLICE_ARG(r->backend->name));
        break;
    case EVAL_REDIRECT:
        buf_printf(out, "redirect %u %.*s", r->status, SLICE_ARG(r->value));
        break;
    case EVAL_REPLY:
    case EVAL_BAD_REQUEST:
        buf_printf(out, "reply %u", r->status);
        break;
    }
}

static bool has_place(const struct ir_program *p, const struct ir_rule *r)
{
    return r->pos.line > 0 && r->pos.file < p->sources.n;
}

void explain_name(const struct ir_program *p, const struct ir_rule *r, struct buf *out)
{
    buf_slice(out, r->label);
    if (has_place(p, r))
        buf_printf(out, " at %.*s:%u", SLICE_ARG(p->sources.v[r->pos.file].path), r->pos.line);
}

void explain_rule_text(const struct ir_program *p, const struct ir_rule *r, struct buf *out)
{
    explain_name(p, r, out);
    buf_str(out, ": ");
    ir_print_action(r, out);
    if (!r->guard)
        return;
    buf_str(out, " if ");
    explain_part_print(&(struct explain_part){.e = r->guard}, out);
}

static void add_from(const struct explain *e, struct buf *out)
{
    char ip[IP_TEXT_MAX];
    buf_add(out, ip, ip_format(&e->request.client_ip, ip));
}

/* ---- text -------------------------------------------------------------------------------------- */

void explain_request_text(const struct explain *e, struct buf *out)
{
    buf_printf(out, "  request   %.*s", SLICE_ARG(e->request.method));
    if (e->host.p) {
        buf_str(out, ", host ");
        ir_print_text(e->host, out);
        buf_str(out, ", path ");
        ir_print_text(e->path, out);
        if (e->uri.len > e->path.len) {
            buf_str(out, ", query ");
            ir_print_text(slice_from(e->uri, e->path.len + 1), out);
        }
    }
    buf_str(out, ", from ");
    add_from(e, out);
    if (e->draws) {
        buf_str(out, ", random ");
        ir_print_percent(e->request.random, out);
    }
    buf_str(out, e->request.tls ? ", over TLS\n" : "\n");
    buf_printf(out, "  frontend  %.*s", SLICE_ARG(e->frontend->name));
    if (e->frontend_note.p)
        buf_printf(out, " (%.*s)", SLICE_ARG(e->frontend_note));
    buf_char(out, '\n');
}

static void text_edits(const struct explain *e, struct buf *out)
{
    const struct eval_result *r = &e->result;
    for (uint32_t i = 0; i < r->edits.n; i++) {
        const struct eval_edit *x = &r->edits.v[i];
        buf_printf(out, "  header    %s %.*s", verb_of(x->kind), SLICE_ARG(x->name));
        if (x->kind != IR_DEL_HEADER)
            buf_printf(out, ": %.*s", SLICE_ARG(x->value));
        buf_str(out, " (");
        explain_name(e->p, x->rule, out);
        buf_str(out, ")\n");
    }
}

static void text_reply(const struct explain *e, struct buf *out)
{
    const struct eval_result *r = &e->result;
    for (uint32_t i = 0; i < r->reply_headers.n; i++)
        buf_printf(out, "  answers   %.*s: %.*s\n", SLICE_ARG(r->reply_headers.v[i].name),
                   SLICE_ARG(r->reply_headers.v[i].value));
    if (r->outcome == EVAL_REPLY && r->value.p) {
        buf_str(out, "  body      ");
        ir_print_text(r->value, out);
        buf_char(out, '\n');
    }
}

/* `edge.route[0] at site.weir:11 would have decided, with reply 403` */
static void text_near(const struct explain *e, struct buf *out)
{
    if (e->near.n == 0)
        return;
    buf_str(out, "\nnear misses: rules that one condition alone kept from applying, the nearest first\n");
    for (uint32_t i = 0; i < e->near.n; i++) {
        const struct explain_miss *x = &e->near.v[i];
        buf_str(out, "  ");
        explain_name(e->p, x->rule, out);
        buf_str(out, ": ");
        ir_print_action(x->rule, out);
        buf_printf(out, "\n    would have %s if %.*s%s", ir_rule_decides(x->rule) ? "decided" : "applied",
                   SLICE_ARG(x->test), x->lookup ? " had a row" : "");
        buf_printf(out, x->got.len ? "; %.*s\n" : "\n", SLICE_ARG(x->got));
    }
    if (e->misses > e->near.n)
        buf_printf(out, "  … and %u more\n", e->misses - e->near.n);
}

static void text_rules(const struct explain *e, struct buf *out)
{
    if (e->passed_over == 0)
        return;
    if (e->rules.n == 0) {
        buf_printf(out, "\n%u rules before it did not apply, %u of them by more than one condition; --all shows them\n",
                   e->passed_over, e->passed_over - e->misses);
        return;
    }
    buf_str(out, "\nrules before it that did not apply:\n");
    for (uint32_t i = 0; i < e->rules.n; i++) {
        const struct explain_rule *r = &e->rules.v[i];
        buf_str(out, "  ");
        explain_name(e->p, r->rule, out);
        buf_str(out, ": ");
        ir_print_action(r->rule, out);
        buf_printf(out, "\n    %.*s\n", SLICE_ARG(r->why));
    }
}

void explain_text(const struct explain *e, struct buf *out)
{
    const struct eval_result *r = &e->result;
    explain_outcome(r, out);
    buf_char(out, '\n');
    if (r->rule) {
        buf_str(out, "  rule      ");
        explain_rule_text(e->p, r->rule, out);
        buf_char(out, '\n');
    }
    if (r->outcome == EVAL_BAD_REQUEST)
        buf_printf(out, "  refused   before any rule: %s\n", r->refused);
    explain_request_text(e, out);
    text_edits(e, out);
    text_reply(e, out);
    text_near(e, out);
    text_rules(e, out);
}

/* ---- JSON -------------------------------------------------------------------------------------- */

static void json_member(struct buf *out, const char *name, struct slice value)
{
    buf_printf(out, ",\"%s\":", name);
    buf_json(out, value);
}

void explain_rule_json(const struct ir_program *p, const struct ir_rule *r, struct buf *out)
{
    buf_str(out, "{\"name\":");
    buf_json(out, r->label);
    if (has_place(p, r)) {
        json_member(out, "file", p->sources.v[r->pos.file].path);
        buf_printf(out, ",\"line\":%u", r->pos.line);
    }
}

static void json_outcome(const struct explain *e, struct buf *out)
{
    const struct eval_result *r = &e->result;
    struct buf outcome = {0};
    explain_outcome(r, &outcome);
    buf_str(out, "{\"outcome\":");
    buf_json(out, buf_view(&outcome));
    buf_free(&outcome);
    if (r->outcome == EVAL_USE)
        json_member(out, "backend", r->backend->name);
    else
        buf_printf(out, ",\"status\":%u", r->status);
    if (r->outcome == EVAL_REDIRECT)
        json_member(out, "location", r->value);
    if (r->outcome == EVAL_REPLY && r->value.p)
        json_member(out, "body", r->value);
    if (r->outcome == EVAL_BAD_REQUEST)
        json_member(out, "refused", slice_of(r->refused));
    if (r->rule) {
        buf_str(out, ",\"rule\":");
        explain_rule_json(e->p, r->rule, out);
        buf_char(out, '}');
    }
}

void explain_request_json(const struct explain *e, struct buf *out)
{
    struct buf from = {0};
    char ip[IP_TEXT_MAX];
    add_from(e, &from);
    buf_str(out, ",\"request\":{\"method\":");
    buf_json(out, e->request.method);
    if (e->host.p) {
        json_member(out, "host", e->host);
        json_member(out, "path", e->path);
        json_member(out, "uri", e->uri);
    }
    json_member(out, "from", buf_view(&from));
    buf_printf(out, ",\"port\":%u,\"tls\":%s", e->request.client_port, e->request.tls ? "true" : "false");
    json_member(out, "listener", (struct slice){ip, ip_format(&e->request.listener_ip, ip)});
    buf_printf(out, ",\"listener-port\":%u", e->request.listener_port);
    from.len = 0;
    if (e->draws) {
        ir_print_percent(e->request.random, &from);
        json_member(out, "random", buf_view(&from));
    }
    buf_char(out, '}');
    buf_free(&from);
}

static void json_headers(const struct explain *e, struct buf *out)
{
    const struct eval_result *r = &e->result;
    buf_str(out, ",\"headers\":[");
    for (uint32_t i = 0; i < r->edits.n; i++) {
        buf_printf(out, "%s{\"edit\":\"%s\"", i ? "," : "", verb_of(r->edits.v[i].kind));
        json_member(out, "name", r->edits.v[i].name);
        if (r->edits.v[i].kind != IR_DEL_HEADER)
            json_member(out, "value", r->edits.v[i].value);
        buf_str(out, ",\"rule\":");
        explain_rule_json(e->p, r->edits.v[i].rule, out);
        buf_str(out, "}}");
    }
    buf_str(out, "],\"reply_headers\":[");
    for (uint32_t i = 0; i < r->reply_headers.n; i++) {
        buf_str(out, i ? ",{\"name\":" : "{\"name\":");
        buf_json(out, r->reply_headers.v[i].name);
        json_member(out, "value", r->reply_headers.v[i].value);
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

static void json_near(const struct explain *e, struct buf *out)
{
    buf_printf(out, ",\"near_misses\":%u,\"near\":[", e->misses);
    for (uint32_t i = 0; i < e->near.n; i++) {
        const struct explain_miss *x = &e->near.v[i];
        struct buf action = {0};
        ir_print_action(x->rule, &action);
        buf_str(out, i ? "," : "");
        explain_rule_json(e->p, x->rule, out);
        json_member(out, "action", buf_view(&action));
        json_member(out, x->lookup ? "row_in" : "if", x->test);
        json_member(out, "got", x->got);
        buf_char(out, '}');
        buf_free(&action);
    }
    buf_char(out, ']');
}

void explain_json(const struct explain *e, struct buf *out)
{
    json_outcome(e, out);
    explain_request_json(e, out);
    json_member(out, "frontend", e->frontend->name);
    if (e->frontend_note.p)
        json_member(out, "frontend_note", e->frontend_note);
    json_headers(e, out);
    json_near(e, out);
    buf_printf(out, ",\"passed_over\":%u,\"rules\":[", e->passed_over);
    for (uint32_t i = 0; i < e->rules.n; i++) {
        buf_str(out, i ? "," : "");
        explain_rule_json(e->p, e->rules.v[i].rule, out);
        json_member(out, "why", e->rules.v[i].why);
        buf_char(out, '}');
    }
    buf_str(out, "]}\n");
}
