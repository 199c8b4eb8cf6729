/* early.h - deliveries that came before what they speak of: a refund before its order, a scan before its parcel, a
 * merge before one of the two. They are kept as `early` and read again as soon as that is known; nothing is lost and nothing is guessed.
 */
#pragma once

#include "flow/learn.h"

typedef enum EarlyNoun { EARLY_ORDER, EARLY_SHIPMENT, EARLY_CUSTOMER, EARLY_PRODUCT } EarlyNoun;

/* The inbox row that is being learned waits for this one. */
bool early_wait(const Learn *learn, EarlyNoun noun, Str foreign_id, GError **error);

/* It has come: whoever waited is read again. */
bool early_wake(const Learn *learn, EarlyNoun noun, Str foreign_id, GError **error);
