/* facts.c - see facts.h. */
#include "flow/facts.h"

#include "flow/choice.h"
#include "flow/customer.h"
#include "flow/event.h"
#include "flow/happening.h"
#include "flow/merge.h"
#include "flow/order.h"
#include "flow/privacy.h"
#include "flow/product.h"
#include "flow/refund.h"
#include "flow/shipment.h"

struct FactsNews {
    Facts told;
    CustomerNews *customers;
    ConsentFact *consents;
    Product *products;
    VariantFact *variants;
    Coupon *coupons;
    OrderNews *orders;
    ShipmentNews *shipments;
    Scan *scans;
    Refund *refunds;
    Happening *happenings;
    PrivacyNews *asks;
};

FactsNews *
facts_prepare(Arena *arena, const Facts *facts)
{
    FactsNews *news = arena_new_of(arena, FactsNews, 1);
    *news = (FactsNews){
        .told = *facts,
        .customers = arena_new_of(arena, CustomerNews, facts->customer_count),
        .consents = arena_new_of(arena, ConsentFact, facts->consent_count),
        .products = arena_new_of(arena, Product, facts->product_count),
        .variants = arena_new_of(arena, VariantFact, facts->variant_count),
        .coupons = arena_new_of(arena, Coupon, facts->coupon_count),
        .orders = arena_new_of(arena, OrderNews, facts->order_count),
        .shipments = arena_new_of(arena, ShipmentNews, facts->shipment_count),
        .scans = arena_new_of(arena, Scan, facts->scan_count),
        .refunds = arena_new_of(arena, Refund, facts->refund_count),
        .happenings = arena_new_of(arena, Happening, facts->happening_count),
        .asks = arena_new_of(arena, PrivacyNews, facts->ask_count),
    };
    for (size_t i = 0; i < facts->customer_count; i++)
        customer_prepare(arena, &facts->customers[i], &news->customers[i]);
    for (size_t i = 0; i < facts->consent_count; i++)
        news->consents[i] = choice_clean(arena, &facts->consents[i]);
    for (size_t i = 0; i < facts->product_count; i++)
        news->products[i] = product_clean(arena, &facts->products[i]);
    for (size_t i = 0; i < facts->variant_count; i++)
        news->variants[i] = variant_clean(arena, &facts->variants[i]);
    for (size_t i = 0; i < facts->coupon_count; i++)
        news->coupons[i] = coupon_clean(arena, &facts->coupons[i]);
    for (size_t i = 0; i < facts->order_count; i++)
        order_prepare(arena, &facts->orders[i], &news->orders[i]);
    for (size_t i = 0; i < facts->shipment_count; i++)
        shipment_prepare(arena, &facts->shipments[i], &news->shipments[i]);
    for (size_t i = 0; i < facts->scan_count; i++)
        news->scans[i] = scan_clean(arena, &facts->scans[i]);
    for (size_t i = 0; i < facts->refund_count; i++)
        news->refunds[i] = refund_clean(arena, &facts->refunds[i]);
    for (size_t i = 0; i < facts->happening_count; i++)
        news->happenings[i] = happening_clean(arena, &facts->happenings[i]);
    for (size_t i = 0; i < facts->ask_count; i++)
        privacy_prepare(arena, &facts->asks[i], &news->asks[i]);
    return news;
}

/* ---- noun by noun ---------------------------------------------------------------------------------------- */

typedef bool (*LearnNth)(const Learn *learn, const FactsNews *news, size_t i, Learned *ret,
                         GError **error);

static bool
customer_nth(const Learn *learn, const FactsNews *news, size_t i, Learned *ret, GError **error)
{
    return customer_learn_told(learn, &news->customers[i], ret, error);
}

static bool
consent_nth(const Learn *learn, const FactsNews *news, size_t i, Learned *ret, GError **error)
{
    return choice_learn(learn, &news->consents[i], ret, error);
}

static bool
product_nth(const Learn *learn, const FactsNews *news, size_t i, Learned *ret, GError **error)
{
    return product_learn(learn, &news->products[i], ret, error);
}

static bool
merge_nth(const Learn *learn, const FactsNews *news, size_t i, Learned *ret, GError **error)
{
    return merge_learn(learn, &news->told.merges[i], ret, error);
}

static bool
variant_nth(const Learn *learn, const FactsNews *news, size_t i, Learned *ret, GError **error)
{
    return variant_learn(learn, &news->variants[i], ret, error);
}

static bool
coupon_nth(const Learn *learn, const FactsNews *news, size_t i, Learned *ret, GError **error)
{
    return coupon_learn(learn, &news->coupons[i], ret, error);
}

static bool
order_nth(const Learn *learn, const FactsNews *news, size_t i, Learned *ret, GError **error)
{
    return order_learn(learn, &news->orders[i], ret, error);
}

static bool
shipment_nth(const Learn *learn, const FactsNews *news, size_t i, Learned *ret, GError **error)
{
    return shipment_learn(learn, &news->shipments[i], ret, error);
}

static bool
scan_nth(const Learn *learn, const FactsNews *news, size_t i, Learned *ret, GError **error)
{
    return scan_learn(learn, &news->scans[i], ret, error);
}

static bool
refund_nth(const Learn *learn, const FactsNews *news, size_t i, Learned *ret, GError **error)
{
    return refund_learn(learn, &news->refunds[i], ret, error);
}

static bool
happening_nth(const Learn *learn, const FactsNews *news, size_t i, Learned *ret, GError **error)
{
    return happening_learn(learn, &news->happenings[i], (int64_t)i, ret, error);
}

static bool
ask_nth(const Learn *learn, const FactsNews *news, size_t i, Learned *ret, GError **error)
{
    return privacy_learn(learn, &news->asks[i], ret, error);
}

static bool
gone_nth(const Learn *learn, const FactsNews *news, size_t i, Learned *ret, GError **error)
{
    static bool (*const gone[])(const Learn *learn, Str foreign_id, int64_t gone_at, Learned *ret,
                                GError **error) = {
        [GONE_ORDER] = order_gone,
        [GONE_CUSTOMER] = customer_gone,
        [GONE_PRODUCT] = product_gone,
        [GONE_COUPON] = coupon_gone,
    };
    const Gone *what = &news->told.gone[i];
    return gone[what->noun](learn, what->foreign_id, what->gone_at, ret, error);
}

static bool
each(const Learn *learn, const FactsNews *news, size_t count, LearnNth nth, FactsCount *total,
     GError **error)
{
    for (size_t i = 0; i < count; i++) {
        Learned learned = LEARNED_SAME;
        if (!nth(learn, news, i, &learned, error))
            return false;
        total->of[learned]++;
    }
    return true;
}

static bool
disconnect(const Learn *learn, FactsCount *count, GError **error)
{
    EventNew event = {.kind = EVENT_SHOP_DISCONNECTED, .happened_at = learn->at};
    count->of[LEARNED_NEW]++;
    return event_append(learn, &event, error);
}

bool
facts_learn(const Learn *learn, const FactsNews *news, FactsCount *count, GError **error)
{
    const Facts *told = &news->told;
    Learn own = *learn;
    if (told->source.len)
        own.source = told->source;
    const struct {
        size_t count;
        LearnNth nth;
    } nouns[] = {
        {told->customer_count, customer_nth},
        {told->consent_count, consent_nth},
        {told->merge_count, merge_nth},
        {told->product_count, product_nth},
        {told->variant_count, variant_nth},
        {told->coupon_count, coupon_nth},
        {told->order_count, order_nth},
        {told->shipment_count, shipment_nth},
        {told->scan_count, scan_nth},
        {told->refund_count, refund_nth},
        {told->happening_count, happening_nth},
        {told->gone_count, gone_nth},
        {told->ask_count, ask_nth},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(nouns); i++)
        if (nouns[i].count && !each(&own, news, nouns[i].count, nouns[i].nth, count, error))
            return false;
    return !told->disconnected || disconnect(&own, count, error);
}
