/* Loading plans: from a file's bytes, or from what is linked in, to verified tables and code; their states.
 * See plan_load.h. */
#include "runtime/plan_load.h"

#include <assert.h>

#include "runtime/base/elf.h"
#include "runtime/base/fault.h"
#include "runtime/base/manifest_digest.h"
#include "runtime/plan_bind.h"
#include "runtime/plan_map.h"
#include "runtime/route.h"

_Static_assert(PLAN_DIGEST_TEXT == 33, "as manifest_digest() writes it");

const char *plan_state_text(enum plan_state s)
{
    static const char *const texts[] = {
#define PLAN_STATE(id, text, doc) text,
#include "grammar/plan_states.def"
#undef PLAN_STATE
    };
    return texts[s];
}

void plan_move(struct plan *p, enum plan_state to)
{
    int from = atomic_load_explicit(&p->state, memory_order_relaxed);
    assert(p->magic == PLAN_MAGIC);
    /* One step at a time; a plan that was never published goes at once. */
    assert((int)to == from + 1 || (to == PLAN_GONE && from < PLAN_ACTIVE));
    (void)from;
    atomic_store_explicit(&p->state, (int)to, memory_order_relaxed);
}

static struct plan *begin(const uint8_t *tables, size_t size, struct slice manifest, struct buf *why)
{
    const char *wrong = route_tables_verify(tables, size);
    if (wrong) {
        buf_printf(why, "the plan is refused: %s", wrong);
        return NULL;
    }
    struct plan *p = fault_calloc(1, sizeof *p);
    if (!p) {
        buf_str(why, "out of memory");
        return NULL;
    }
    p->magic = PLAN_MAGIC;
    atomic_store_explicit(&p->state, PLAN_LOADED, memory_order_relaxed);
    p->tables = tables;
    p->head = (const void *)tables;
    if (manifest_digest(manifest, p->digest))
        return p;
    buf_str(why, "the plan is refused: its manifest has no digest");
    free(p);
    return NULL;
}

struct plan *plan_load(struct slice file, struct buf *why)
{
    struct plan_map m;
    struct slice manifest = {0};
    if (!plan_map_open(file, &m, why))
        return NULL;
    elf_section(file, WEIR_SECTION_MANIFEST, &manifest, NULL);
    struct plan *p = begin(m.tables, m.tables_size, manifest, why);
    if (!p) {
        plan_map_close(m.base, m.size);
        return NULL;
    }
    p->map = m.base;
    p->map_size = m.size;
    p->pred = m.pred;
    p->value = m.value;
    return p;
}

struct plan *plan_load_builtin(const struct weir_builtin *b, struct buf *why)
{
    struct plan *p = begin(b->tables, b->tables_size, (struct slice){b->manifest, b->manifest_size}, why);
    if (p) {
        p->pred = b->pred;
        p->value = b->value;
    }
    return p;
}

void plan_unload(struct plan **pp)
{
    struct plan *p = *pp;
    *pp = NULL;
    if (!p)
        return;
    plan_move(p, PLAN_GONE);
    plan_unbind(p);
    if (p->map)
        plan_map_close(p->map, p->map_size);
    p->magic = 0;
    free(p);
}
