/* filter.c - finding filters by name: the host's first, then the language's. */
#include "engine/liquid/inside.h"

#include <string.h>

#define ROW(name) extern const LiquidFilter liquid_filter_##name;
#include "engine/liquid/filter/filters.def"
#undef ROW

static const LiquidFilter *const FILTERS[] = {
#define ROW(name) &liquid_filter_##name,
#include "engine/liquid/filter/filters.def"
#undef ROW
};

const LiquidFilter *
filter_escape(void)
{
    return &liquid_filter_escape;
}

static int
name_order(Str name, const char *other)
{
    int order = (uint8_t)name.at[0] - (uint8_t)other[0];
    if (order == 0)
        order = strncmp(name.at, other, name.len);
    return order ? order : other[name.len] ? -1 : 0;
}

const LiquidFilter *
filter_find(const LiquidOptions *options, Str name)
{
    for (const LiquidFilter *const *host = options->filters; host && *host; host++)
        if ((*host)->name[0] == name.at[0] && str_is(name, (*host)->name))
            return *host;
    size_t from = 0, to = G_N_ELEMENTS(FILTERS);
    while (from < to) {
        size_t middle = (from + to) / 2;
        int order = name_order(name, FILTERS[middle]->name);
        if (order == 0)
            return FILTERS[middle];
        if (order < 0)
            to = middle;
        else
            from = middle + 1;
    }
    return NULL;
}

void
filter_guess(const LiquidOptions *options, Guess *guess)
{
    for (const LiquidFilter *const *host = options->filters; host && *host; host++)
        guess_offer(guess, str_of((*host)->name));
    for (size_t i = 0; i < G_N_ELEMENTS(FILTERS); i++)
        guess_offer(guess, str_of(FILTERS[i]->name));
}
