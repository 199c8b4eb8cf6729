/* sample.h - a mail to look at, of an order that there is, without a row: for the page where mails are chosen.
 *
 * Words and order are the real ones, from the real templates. Links lead nowhere: whoever gets hold of a sample reads no
 * customer's page.
 */
#pragma once

#include "flow/flow.h"
#include "flow/words.h"

typedef struct SampleAsk {
    const ShopEntry *shop;
    Str mail;    /* name of the receipt */
    Str choices; /* the document of mail.sections that is tried; empty: as usual */
    Str locale;  /* empty: the order's */
} SampleAsk;

typedef struct Sample {
    WordsDone words;
    Str order_name;
    bool made_up; /* the shop has no such mail and no order yet */
    Str locale;   /* that it is written in */
} Sample;

/* Fills *ret, in the arena. Prefers the newest order that got this mail, then the newest of the shop, then one that
 * nobody placed. ERR_INPUT: the choices; ERR_NOT_FOUND: there is no such mail. */
bool
sample_make(Flow *flow, Db *db, Arena *arena, const SampleAsk *ask, Sample *ret, GError **error);

/* The words that stand in a locale's mails under a key of i18n/, in the arena; the key itself if there are none. */
Str sample_usual(Flow *flow, Arena *arena, Str locale, Str key);

/* The same mail as it looks to who reads in the dark, or in the light, whatever the reader's own machine prefers. Its
 * links open nothing. */
Str sample_lit(Arena *arena, Str html, bool dark);

/* ---- sample_order.c ------------------------------------------------------------------------------------------------ */

/* What a mail may tell of. */
typedef struct SampleMatter {
    OrderRow order;
    ShipmentRow shipment;
    Refund refund;
} SampleMatter;

/* An order that nobody placed, with amounts in the shop's currency and a state that fits the mail. */
void sample_order(Arena *arena, const ShopEntry *shop, Str mail, int64_t now, SampleMatter *ret);
