/* feature.c - the list of rooms. */
#include "feature/feature.h"

#define ROW(name) extern const Feature feature_##name;
#include "feature/features.def"
#undef ROW

static const struct {
    const char *name;
    const Feature *feature;
} features[] = {
#define ROW(name) {#name, &feature_##name},
#include "feature/features.def"
#undef ROW
};

const Feature *
feature_nth(size_t n, const char **ret_name)
{
    if (n >= G_N_ELEMENTS(features))
        return NULL;
    *ret_name = features[n].name;
    return features[n].feature;
}
