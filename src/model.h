/* model.h - the nouns. Read this first.
 *
 * What the connectors report and what the rows hold, in one vocabulary: a plug fills these structs, the
 * path stores them, templates read them. Everything in here is plain data in somebody's arena; no
 * functions, no pointers back.
 *
 * Conventions: a missing text is an empty Str; a missing moment is 0; every moment is ms UTC; money is in
 * minor units of the currency that stands beside it; foreign ids are the shop system's own, as text, exact.
 */
#pragma once

#include "base/base.h"

/* ---- shop ------------------------------------------------------------------------------------- */

typedef struct Shop {
    int64_t id;         /* small number: the `shop` of every row */
    Str slug;           /* its name in addresses */
    Str name;           /* as its customers know it */
    Str currency;       /* ISO 4217 */
    Str zone;           /* IANA time zone */
    Str locale;         /* BCP 47 */
    bool is_live;       /* false: nothing leaves but test sends */
    int64_t live_since; /* orders placed before are history */
    int64_t version;    /* counts every change of the shop or its settings */
} Shop;

/* ---- who and what ------------------------------------------------------------------------------ */

/* A postal address as the shop system holds it. */
typedef struct PostalAddress {
    Str name;
    Str company;
    Str line1;
    Str line2;
    Str zip;
    Str city;
    Str province;
    Str province_code; /* LA, ON: as it stands on a parcel */
    Str country;
    Str country_code; /* ISO 3166-1 alpha-2 */
    Str phone;
} PostalAddress;

typedef struct Customer {
    Str foreign_id; /* empty: a guest, known by the address alone */
    Str guest_key;  /* the address in small letters; filled by order_prepare */
    Str email;
    Str phone;
    Str first_name;
    Str last_name;
    Str locale;
    int64_t updated_at;
} Customer;

typedef struct OrderLine {
    Str foreign_id;
    Str product_foreign_id; /* empty: the shop sells something it has no product for */
    Str sku;
    Str title;
    Str variant;
    Str vendor;
    int64_t quantity;
    /* As the buyer saw them: with tax if the order's tax_included. price * quantity - discount is what was charged for
     * the line, to the cent: where a price is a share of a sum, what the division leaves over is in discount. */
    int64_t price;    /* of one */
    int64_t discount; /* on the whole line */
    bool ships;       /* goes into a parcel; a service or a download does not */
} OrderLine;

/* payment.def: what the money of an order does. */
typedef enum Payment {
#define ROW(name, slug, label) name,
#include "payments.def"
#undef ROW
    PAYMENT_COUNT
} Payment;

typedef enum Fulfilment { FULFILMENT_NONE, FULFILMENT_PARTIAL, FULFILMENT_DONE } Fulfilment;

typedef struct Order {
    Str foreign_id;
    Str name; /* as people say it: #1001 */
    Str email;
    Str phone;
    Str locale;
    Str currency;      /* of all amounts of the order and its lines */
    int64_t subtotal;  /* of the lines, after discounts; with tax if tax_included */
    int64_t shipping;  /* with tax if tax_included */
    int64_t tax;       /* all of it, also where it is in the prices */
    int64_t discount;  /* all of it; for showing, it is taken off already */
    int64_t total;     /* what the buyer pays, refunds not taken off */
    bool tax_included; /* the prices of the lines hold the tax */
    Str shipping_title;
    Payment payment;
    Fulfilment fulfilment;
    int64_t placed_at;
    int64_t cancelled_at; /* 0: it stands */
    int64_t updated_at;   /* version: the newest facts win, in whatever order they come */
    bool test;            /* made to try the checkout; never causes a mail */
    PostalAddress ship_to;
    PostalAddress bill_to;
    Str note;
    Customer customer;
    const OrderLine *lines;
    size_t line_count;
} Order;

/* ---- what happened ----------------------------------------------------------------------------- */

typedef enum EventKind {
#define ROW(kind, slug, help) kind,
#include "flow/events.def"
#undef ROW
    EVENT_COUNT
} EventKind;

/* What one delivery of a connector tells, in our words. */
typedef struct Facts {
    const Order *orders;
    size_t order_count;
    /* Not empty: we know this topic and have nothing to learn from it; the words say why. */
    Str declined;
} Facts;

/* ---- messages ----------------------------------------------------------------------------------- */

/* Decides what the consent gate asks: see flow/consent.h. */
typedef enum MessageClass {
    CLASS_TRANSACTIONAL, /* owed to the buyer: confirmation, parcel news */
    CLASS_MARKETING,     /* everything else that wants attention, review requests too */
    CLASS_SAFETY,        /* recalls: reach everybody */
    CLASS_COUNT
} MessageClass;

/* Which message leaves first. A receipt never waits behind a campaign. */
typedef enum MessageLane {
    LANE_RECEIPTS,
    LANE_SUPPORT,
    LANE_JOURNEYS,
    LANE_CAMPAIGNS,
    LANE_COUNT
} MessageLane;
