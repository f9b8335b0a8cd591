/* A small reader of JSON (RFC 8259) for what `weir` itself writes (manifests) and what editors send. */
#ifndef WEIR_JSON_H
#define WEIR_JSON_H

#include "runtime/base/vec.h"

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
    enum json_kind kind;
    struct slice name;      /* of a member of an object */
    struct slice text;      /* STRING, without escapes; NUMBER, as written */
    uint64_t num;           /* NUMBER: where it is an integer from 0 to 2^64 - 1, else 0; BOOL: 0 or 1 */
    VEC(struct json) items; /* of an ARRAY or an OBJECT */
};

/* NULL where `text` is not one JSON value. Everything is in the arena. */
const struct json *json_read(struct arena *a, struct slice text);
/* The member `name`, or NULL; also where `object` is NULL or no object. */
const struct json *json_member(const struct json *object, const char *name);

#endif
