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
    Str guest_key;  /* the address in small letters; filled by customer_prepare */
    Str email;
    Str phone; /* as told */
    Str first_name;
    Str last_name;
    Str locale;             /* BCP 47 */
    Str zone;               /* IANA; empty: by the address, or the shop's */
    Str channel;            /* preferred: email, sms, phone, paper; empty: none said */
    Str company;            /* whom the person buys for; empty: themselves */
    Str company_foreign_id; /* empty: known by its name */
    Str tags;               /* the shop's own, as it writes them: "vip, b2b" */
    Str note;
    int32_t birthday;               /* month * 100 + day, without the year: 229; 0: not known */
    int64_t joined_at;              /* account opened; 0: not known */
    int64_t updated_at;             /* version; 0: none, fills gaps only */
    const PostalAddress *addresses; /* the first is the usual one */
    size_t address_count;
} Customer;

/* One choice of one person: written words on a channel, on a topic. */
typedef struct ConsentFact {
    Str channel;       /* email, sms */
    Str address;       /* as told */
    Str topic;         /* empty: all of marketing */
    bool given;        /* false: withdrawn */
    Str basis;         /* opt_in, double_opt_in, existing_customer; asked where it is withdrawn */
    Str proof;         /* where, when, under which words */
    int64_t chosen_at; /* version: the newest choice counts; 0: as old as can be */
} ConsentFact;

typedef struct Variant {
    Str foreign_id;
    Str sku;
    Str title;   /* 42 / brown */
    Str barcode; /* GTIN and the like */
    Str image_url;
    int64_t price; /* minor units of the product's currency */
    int64_t weight_grams;
    bool ships;
    bool named; /* told by its id alone: what is known of it stays */
} Variant;

/* A variant that is told without the rest of its product. */
typedef struct VariantFact {
    Str product_foreign_id;
    int64_t updated_at; /* version of the variant itself; 0: none, fills nothing that is known */
    Variant variant;
} VariantFact;

typedef struct Product {
    Str foreign_id;
    Str title;
    Str vendor;
    Str kind; /* the shop's own word: Boots */
    Str url;
    Str image_url;
    Str tags;
    Str currency;       /* empty: the shop's */
    bool offered;       /* can be bought today */
    int64_t updated_at; /* version; 0: none, fills gaps only */
    const Variant *variants;
    size_t variant_count;
    bool variants_part; /* there are more, which are not told here: what is known of them stays */
} Product;

typedef struct Coupon {
    Str foreign_id;
    Str code;
    Str kind;            /* percent, amount, shipping */
    Str value;           /* percent, or amount in the currency, as told */
    Str currency;        /* empty: the shop's */
    int64_t ends_at;     /* 0: it does not */
    int64_t usage_limit; /* 0: none */
    int64_t used;
    int64_t updated_at;
} Coupon;

typedef struct OrderLine {
    Str foreign_id;
    Str product_foreign_id; /* empty: the shop sells something it has no product for */
    Str variant_foreign_id;
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

/* Why an order never causes a mail. */
typedef enum Quiet {
    QUIET_NO,          /* it does */
    QUIET_TEST,        /* made to try the checkout */
    QUIET_DRAFT,       /* not placed by anybody yet */
    QUIET_FRAUD,       /* held as suspicious: nobody is told anything */
    QUIET_MARKETPLACE, /* the marketplace writes to its buyer itself, and forbids us to */
    QUIET_DELETED,     /* the shop system has it no more; by its deleted_at */
    QUIET_COUNT
} Quiet;

typedef struct Order {
    Str foreign_id;
    Str name; /* as people say it: #1001 */
    Str email;
    Str phone;
    Str locale;
    Str currency;       /* of all amounts of the order and its lines */
    int64_t subtotal;   /* of the lines, after discounts; with tax if tax_included */
    int64_t shipping;   /* with tax if tax_included */
    int64_t fees;       /* what is added beside: payment, gift wrap; with tax if tax_included */
    int64_t tax;        /* all of it, also where it is in the prices */
    int64_t discount;   /* all of it; for showing, it is taken off already */
    int64_t total;      /* what the buyer pays, refunds not taken off */
    bool tax_included;  /* the prices of the lines hold the tax */
    Str discount_codes; /* as the buyer typed them: "SPRING, ANA10" */
    Str shipping_title;
    Str channel; /* where it was sold, by the shop's own word: web, pos, amazon */
    Str url;     /* the shop system's own page of it */
    Str tags;
    Payment payment;
    Fulfilment fulfilment;
    Quiet quiet;
    bool gift;      /* goes to somebody else: prices stay off what travels with it and its page */
    bool renewal;   /* of a subscription: no first order, whatever the count says */
    bool in_person; /* sold over the counter or done as a service: nothing is shipped */
    int64_t placed_at;
    int64_t cancelled_at;  /* 0: it stands */
    int64_t deleted_at;    /* 0: the shop system still has it */
    int64_t promised_from; /* when the buyer was told it will arrive; 0: nothing was said */
    int64_t promised_until;
    int64_t
        updated_at; /* version: the newest facts win, in whatever order they come; 0: none, fills gaps only */
    PostalAddress ship_to;
    PostalAddress bill_to;
    Str note;
    Customer customer;
    const OrderLine *lines;
    size_t line_count;
} Order;

/* shipments.def: where a parcel is. */
typedef enum ShipmentState {
#define ROW(name, slug, rank, label) name,
#include "shipments.def"
#undef ROW
    SHIPMENT_STATE_COUNT
} ShipmentState;

/* One box with one number on it. */
typedef struct Parcel {
    Str carrier; /* as told: DHL Express */
    Str number;
    Str url; /* where the carrier shows it; empty: not told */
} Parcel;

typedef struct ShipmentLine {
    Str line_foreign_id; /* of the order's line; empty: by sku */
    Str sku;
    int64_t quantity;
} ShipmentLine;

/* What leaves the shop at one time, in one or more parcels. */
typedef struct Shipment {
    Str foreign_id;
    Str order_foreign_id;
    Str name; /* #1001.1 */
    ShipmentState state;
    int64_t shipped_at;
    int64_t delivered_at; /* 0: not yet */
    int64_t expected_from;
    int64_t expected_until;
    int64_t updated_at; /* version; 0: none, fills gaps only */
    const Parcel *parcels;
    size_t parcel_count;
    const ShipmentLine *lines; /* none: not told, all that ships */
    size_t line_count;
} Shipment;

/* One word of the carrier on the way of a shipment. */
typedef struct Scan {
    Str shipment_foreign_id;
    Str order_foreign_id;
    Str number; /* tracking number; empty: the whole shipment */
    ShipmentState state;
    Str words; /* the carrier's own */
    Str place;
    int64_t happened_at;
    int64_t expected_until; /* new date, if it gave one */
} Scan;

typedef struct RefundLine {
    Str line_foreign_id;
    int64_t quantity;
    int64_t amount; /* minor units, positive */
} RefundLine;

/* Money that went back. */
typedef struct Refund {
    Str foreign_id;
    Str order_foreign_id;
    Str currency;
    int64_t amount; /* all of it, positive */
    int64_t refunded_at;
    Str note;
    const RefundLine *lines;
    size_t line_count;
} Refund;

/* Something that happened which only the shop itself has a word for: a fitting was booked, a point was won. */
typedef struct Happening {
    Str kind;                /* shop.fitting_booked */
    Str customer_foreign_id; /* whom it concerns; empty: by the address */
    Str email;
    Str order_foreign_id; /* empty: about no order */
    Str properties;       /* a JSON object; empty: none */
    int64_t happened_at;
} Happening;

/* Something that the shop system has no more. */
typedef struct Gone {
    enum { GONE_ORDER, GONE_CUSTOMER, GONE_PRODUCT, GONE_COUPON } noun;
    Str foreign_id;
    int64_t gone_at; /* 0: not told */
} Gone;

/* Two accounts that the shop system has made one: the first is no more, the second stands for both. */
typedef struct MergeFact {
    Str from_foreign_id;
    Str into_foreign_id;
} MergeFact;

/* What somebody may ask by law of what we keep (GDPR articles 15 and 17). */
typedef struct PrivacyAsk {
    enum { PRIVACY_EXPORT, PRIVACY_ERASE, PRIVACY_ERASE_SHOP } kind;
    Str foreign_id;          /* of the asking, as told */
    Str customer_foreign_id; /* empty: by the address */
    Str email;
    Str phone;
    const Str *orders; /* foreign ids of the orders meant; none: all of the customer's */
    size_t order_count;
} PrivacyAsk;

/* ---- what happened ----------------------------------------------------------------------------- */

typedef enum EventKind {
#define ROW(kind, slug, help, story) kind,
#include "flow/events.def"
#undef ROW
    EVENT_COUNT
} EventKind;

/* What one delivery of a connector tells, in our words. Learned in this order, so that an order stands before its
 * shipments; what belongs to an order that nobody knows yet waits for it. */
typedef struct Facts {
    Str source; /* whose foreign ids these are; empty: the connector's */
    const Customer *customers;
    size_t customer_count;
    const ConsentFact *consents;
    size_t consent_count;
    const MergeFact *merges;
    size_t merge_count;
    const Product *products;
    size_t product_count;
    const VariantFact *variants;
    size_t variant_count;
    const Coupon *coupons;
    size_t coupon_count;
    const Order *orders;
    size_t order_count;
    const Shipment *shipments;
    size_t shipment_count;
    const Scan *scans;
    size_t scan_count;
    const Refund *refunds;
    size_t refund_count;
    const Happening *happenings;
    size_t happening_count;
    const Gone *gone;
    size_t gone_count;
    const PrivacyAsk *asks;
    size_t ask_count;
    bool disconnected; /* the shop took our access away */
    /* Not empty: a part of it could not be read; the words say which and why. The rest counts. */
    Str unread;
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
