/* Words that the forms of explanations share. For explain_*.c and commands that print places of rules. */
#ifndef WEIR_EXPLAIN_RENDER_H
#define WEIR_EXPLAIN_RENDER_H

#include "compiler/explain.h"

/* `edge.route[3] at site.weir:12` */
void explain_name(const struct ir_program *p, const struct ir_rule *r, struct buf *out);
/* That, and `: use app if …`; a long condition is cut. */
void explain_rule_text(const struct ir_program *p, const struct ir_rule *r, struct buf *out);
/* `use app`, `redirect 301 URL`, `reply 404` */
void explain_outcome(const struct eval_result *r, struct buf *out);
/* The lines `request` and `frontend`. */
void explain_request_text(const struct explain *e, struct buf *out);

/* `{"name":…,"file":…,"line":…`, left open for more. */
void explain_rule_json(const struct ir_program *p, const struct ir_rule *r, struct buf *out);
/* `,"request":{…}` */
void explain_request_json(const struct explain *e, struct buf *out);

#endif
