/* demo.h - a shop to look around in: Skerry & Fell, which sells what one needs outdoors and at home. About 2,000
 * customers of 30 countries, 60 products with pictures drawn by the program, 5,000 orders of the last 14 months with seasons and
 * people who come back, parcels in every state, some of them late.
 *
 * The same day gives the same shop. Its mails stay on the catcher's page, whatever server is set: nobody in it exists.
 */
#pragma once

#include "engine/store.h"
#include "flow/shop.h"

/* What is sold, for pictures and lines. */
typedef struct Good {
    const char *sku;
    const char *title;
    const char *kind;
    const char *shape; /* of its picture */
    int hue;           /* degrees */
    int64_t price;     /* cents */
    int64_t grams;
    const char *variants; /* parted by |; "" for none */
} Good;

size_t demo_goods(const Good **ret);

typedef struct DemoCount {
    int64_t customers;
    int64_t products;
    int64_t orders;
    int64_t shipments;
} DemoCount;

typedef struct DemoAsk {
    Store *store;
    const ShopEntry *shop;  /* already there, with its settings */
    const char *public_url; /* where the pictures are */
    int64_t now;
} DemoAsk;

/* Fills the shop; in batches, so that others get their turn. What is older than live_since is told as history, the rest as
 * news: its mails are written by the flow. */
bool demo_fill(const DemoAsk *ask, DemoCount *ret, GError **error);
