/* liquid_shop.c - the table of the shop's filters. */
#include "engine/liquid_shop/liquid_shop.h"

#define ROW(name) extern const LiquidFilter liquid_shop_filter_##name;
#include "engine/liquid_shop/filters.def"
#undef ROW

static const LiquidFilter *const FILTERS[] = {
#define ROW(name) &liquid_shop_filter_##name,
#include "engine/liquid_shop/filters.def"
#undef ROW
    NULL,
};

const LiquidFilter *const *
liquid_shop_filters(void)
{
    return FILTERS;
}
