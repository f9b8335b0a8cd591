/* Plans from files to something that workers can run: loading, binding to the registry, unloading. Control
 * thread. */
#ifndef WEIR_PLAN_LOAD_H
#define WEIR_PLAN_LOAD_H

#include "runtime/base/buf.h"
#include "runtime/plan.h"
#include "runtime/registry_set.h"

/* Moves to the next state; asserts that it is one that may follow. */
void plan_move(struct plan *p, enum plan_state to);
const char *plan_state_text(enum plan_state s);

/* Checks and maps the bytes of a plan file (not needed afterwards). A LOADED plan, or NULL with the reason in
 * `why`. */
struct plan *plan_load(struct slice file, struct buf *why);
/* The same for what is linked into the executable. */
struct plan *plan_load_builtin(const struct weir_builtin *b, struct buf *why);

/* Resolves names of servers, finds or adds the plan's objects in the registry, opens listeners that are not
 * open yet: the plan is WARM. Where that fails, nothing has changed but for objects that the next sweep
 * frees, and `why` says what. */
bool plan_bind(struct plan *p, struct registry *r, struct buf *why);

/* The plan listens no more: closes the listeners that no other plan has. Done once every worker has adopted a
 * newer one. */
void plan_release_listeners(struct plan *p);

/* GONE: lets go of the registry's objects and frees everything of the plan. It is LOADED, WARM (never
 * published) or COLD. NULL is fine. Sets `*p` to NULL. */
void plan_unload(struct plan **p);

#endif
