/* api_spec.h - how the description of the API is written: what its two files share. */
#pragma once

#include "base/json_write.h"
#include "feature/api/api_inside.h"

typedef struct Spec {
    Arena *arena;
    JsonWriter *out;
    const char *const *currencies;
    size_t currency_count;
} Spec;

/* Each a member of the object that is open. The last two leave theirs open: json_put_end. */
void spec_put_str(JsonWriter *out, const char *key, const char *text);
void spec_put_int(JsonWriter *out, const char *key, int64_t number);
void spec_put_help(JsonWriter *out, const char *help); /* description; none where it is empty */
void spec_put_object(JsonWriter *out, const char *key);
void spec_put_array(JsonWriter *out, const char *key);

/* The value {"$ref": "#/components/KIND/NAME"}. */
void spec_put_ref(Spec *spec, const char *kind, const char *name);

/* The member "schemas", whole. */
void spec_put_schemas(Spec *spec);
