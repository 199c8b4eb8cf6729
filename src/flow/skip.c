/* skip.c - see skip.h. */
#include "flow/skip.h"

typedef enum Skip {
#define ROW(skip, word, help) skip,
#include "flow/skips.def"
#undef ROW
    SKIP_COUNT
} Skip;

static const char *const words[SKIP_COUNT] = {
#define ROW(skip, word, help) [skip] = word,
#include "flow/skips.def"
#undef ROW
};

const char skip_choices[] =
#define ROW(skip, word, help) word " "
#include "flow/skips.def"
#undef ROW
    ;

/* It is there, or on its way to nowhere: what was said before it left or on the way is over. */
static bool
way_has_ended(ShipmentState state)
{
    switch (state) {
    case SHIPMENT_DELIVERED:
    case SHIPMENT_RETURNING:
    case SHIPMENT_RETURNED:
    case SHIPMENT_DAMAGED:
    case SHIPMENT_LOST:
    case SHIPMENT_EXPIRED:
    case SHIPMENT_CANCELLED:
        return true;
    default:
        return false;
    }
}

static bool
skip_holds(Skip skip, const SkipFacts *facts)
{
    switch (skip) {
    case SKIP_CANCELLED:
        return facts->order_cancelled;
    case SKIP_ARRIVED:
        return way_has_ended(facts->shipment);
    case SKIP_COMPLETE:
        return facts->order_delivered;
    case SKIP_WITH_CANCELLATION:
        return facts->with_cancellation;
    case SKIP_UNLESS_IN_TRANSIT:
        return facts->shipment != SHIPMENT_IN_TRANSIT;
    case SKIP_UNLESS_DELAYED:
        return facts->shipment != SHIPMENT_DELAYED;
    case SKIP_UNLESS_OUT_FOR_DELIVERY:
        return facts->shipment != SHIPMENT_OUT_FOR_DELIVERY;
    case SKIP_UNLESS_PICKUP:
        return facts->shipment != SHIPMENT_PICKUP;
    case SKIP_COUNT:
        break;
    }
    return false;
}

Reason
skip_reason(Str skip, const SkipFacts *facts)
{
    for (int i = 0; i < SKIP_COUNT; i++)
        if (str_is(skip, words[i]) && skip_holds((Skip)i, facts))
            return i == SKIP_CANCELLED ? REASON_CANCELLED : REASON_OVERTAKEN;
    return REASON_NONE;
}
