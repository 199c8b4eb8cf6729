/* stage.c - see stage.h. */
#include "flow/stage.h"

struct TurnShop {
    const ShopEntry *entry;
    TurnShop *next;
};

const ShopEntry *
stage_shop(StageTurn *turn, int64_t id)
{
    for (const TurnShop *known = turn->shops; known; known = known->next) {
        if (known->entry->shop.id == id)
            return known->entry;
    }
    TurnShop *found = arena_new_of(turn->arena, TurnShop, 1);
    *found = (TurnShop){.entry = shopbook_get(flow_shops(turn->flow), id), .next = turn->shops};
    must(found->entry);
    turn->shops = found;
    return found->entry;
}

void
stage_rest(StageTurn *turn)
{
    for (const TurnShop *shop = turn->shops; shop; shop = shop->next)
        shop_unref(shop->entry);
    turn->shops = NULL;
    arena_reset(turn->arena);
}
