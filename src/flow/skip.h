/* skip.h - is a message still news when it could leave?
 *
 * A receipt names one word of skips.def. It is looked at when the words are written and again when the message is
 * claimed: so a mail that says "shipped" never leaves after it is known that the parcel has arrived.
 */
#pragma once

#include "flow/reason.h"
#include "model.h"

typedef struct SkipFacts {
    bool order_cancelled;
    bool order_delivered;   /* all that ships of it */
    bool with_cancellation; /* the refund that it tells of is the cancellation's: refund.sql */
    ShipmentState shipment; /* of the one that the message tells of */
} SkipFacts;

/* REASON_NONE if it is still news. An empty or unknown word skips nothing. */
Reason skip_reason(Str skip, const SkipFacts *facts);

/* The words of skips.def, separated by spaces: for the field of a step. */
extern const char skip_choices[];
