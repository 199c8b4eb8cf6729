/* shop_filters.c - the table of them. */
#include "engine/liquid_shop/shop_filters.h"

static const LiquidFilter *const FILTERS[] = {
    NULL,
};

const LiquidFilter *const *
shop_filters(void)
{
    return FILTERS;
}
