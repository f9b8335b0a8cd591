/* A plan of tables alone, for tests that lower programs which need no generated code. */
#ifndef WEIR_TEST_TABLE_PLAN_H
#define WEIR_TEST_TABLE_PLAN_H

#include "runtime/route.h"

static inline bool table_plan_pred(const struct weir_abi *abi, const struct weir_facts *f, const uint8_t *t, uint32_t shape,
                                   uint32_t args)
{
    (void)abi, (void)f, (void)t, (void)shape, (void)args;
    return false;
}

static inline struct weir_str table_plan_value(const struct weir_abi *abi, const struct weir_facts *f, const uint8_t *t,
                                               uint32_t shape, uint32_t args)
{
    (void)abi, (void)f, (void)t, (void)shape, (void)args;
    return (struct weir_str){NULL, 0};
}

static inline struct route_plan table_plan(const uint8_t *tables)
{
    return (struct route_plan){tables, table_plan_pred, table_plan_value};
}

#endif
