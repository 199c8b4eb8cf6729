/* demo_fill.c - the people of the demo shop and what they ordered; see demo.h.
 *
 * Chance is a generator of our own (splitmix64, Steele, Lea & Flood 2014), begun with the same number each time, so that
 * two people who look at the demo see the same shop. It goes the way of all facts (flow/facts.h), in batches.
 */
#include "base/civil.h"
#include "base/limits.h"
#include "engine/clock.h"
#include "feature/demo/demo.h"
#include "flow/facts.h"

#include <string.h>

enum {
    CUSTOMERS = 2000,
    ORDERS = 5000,
    DAYS = 425, /* 14 months */
    BATCH = 40,
    LINES_MOST = 5,
    FREE_FROM = 8000, /* cents: above, shipping is free */
    SHIPPING = 590,
    FIRST_NUMBER = 1001,
};

static const int64_t HOUR = HOUR_MS;

static const struct Place {
    const char *code, *country, *locale;
    int share;
    const char *zip;
    bool number_first;
    const char *towns, *streets, *given, *family;
} places[] = {
#define ROW(code, country, locale, share, zip, first, towns, streets, given, family) \
    {code, country, locale, share, zip, first, towns, streets, given, family},
#include "feature/demo/places.def"
#undef ROW
};

/* ---- chance ------------------------------------------------------------------------------------------------ */

typedef struct Chance {
    uint64_t state;
} Chance;

static uint64_t
chance_next(Chance *chance)
{
    uint64_t z = chance->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* 0 to below. */
static int
chance_below(Chance *chance, int below)
{
    return (int)(chance_next(chance) % (uint64_t)below);
}

static bool
chance_percent(Chance *chance, int percent)
{
    return chance_below(chance, 100) < percent;
}

/* One of the words of "a|b|c". */
static Str
chance_word(Chance *chance, const char *words)
{
    int count = 1;
    for (const char *at = words; *at; at++)
        count += *at == '|';
    Str rest = str_of(words), word = {0};
    for (int i = chance_below(chance, count); i >= 0; i--)
        str_split(&rest, '|', &word);
    return word;
}

/* ---- people --------------------------------------------------------------------------------------------------- */

typedef struct Person {
    Customer customer;
    PostalAddress home;
    bool guest;
    bool wants_mail;
    int orders; /* so far */
    int appetite;
} Person;

static const struct Place *
place_choose(Chance *chance)
{
    int total = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++)
        total += places[i].share;
    int at = chance_below(chance, total);
    size_t i = 0;
    while (at >= places[i].share)
        at -= places[i++].share;
    return &places[i];
}

static Str
zip_make(Arena *arena, Chance *chance, const char *form)
{
    char *zip = arena_format(arena, "%s", form);
    for (char *at = zip; *at; at++) {
        if (*at == '9')
            *at =
                (char)('0' + (at == zip ? 1 + chance_below(chance, 9) : chance_below(chance, 10)));
        else if (*at == 'A')
            *at = "ABCDEFGHJKLMNPRSTUVWXY"[chance_below(chance, 22)];
    }
    return str_of(zip);
}

/* Mail domains that nobody can own (RFC 2606). */
static Str
email_make(Arena *arena, Chance *chance, int number)
{
    static const char *const domains[] = {"example.com", "example.org", "example.net"};
    static const char *const words[] = {"maple",   "heron",   "pebble",  "thistle", "otter",
                                        "lantern", "juniper", "harbour", "fern",    "willow"};
    return str_of(arena_format(arena, "%s.%d@%s", words[chance_below(chance, 10)], 100 + number,
                               domains[chance_below(chance, 3)]));
}

static void
person_make(Arena *arena, Chance *chance, int number, Person *ret)
{
    const struct Place *place = place_choose(chance);
    Str given = chance_word(chance, place->given), family = chance_word(chance, place->family);
    Str street = chance_word(chance, place->streets), town = chance_word(chance, place->towns);
    int house = 1 + chance_below(chance, 140);
    Str name = str_of(arena_format(arena, STR_FMT " " STR_FMT, STR_ARG(given), STR_ARG(family)));
    Str line =
        str_of(place->number_first ? arena_format(arena, "%d " STR_FMT, house, STR_ARG(street))
                                   : arena_format(arena, STR_FMT " %d", STR_ARG(street), house));
    *ret = (Person){
        .guest = chance_percent(chance, 35),
        .wants_mail = chance_percent(chance, 42),
        .appetite = 1 + chance_below(chance, chance_percent(chance, 12) ? 14 : 4),
        .home =
            {
                .name = name,
                .line1 = line,
                .zip = zip_make(arena, chance, place->zip),
                .city = town,
                .country = str_of(place->country),
                .country_code = str_of(place->code),
            },
        .customer =
            {
                .email = email_make(arena, chance, number),
                .first_name = given,
                .last_name = family,
                .locale = str_of(place->locale),
            },
    };
    if (!ret->guest)
        ret->customer.foreign_id = str_of(arena_format(arena, "%d", 70000 + number));
    if (chance_percent(chance, 6))
        ret->customer.birthday =
            (1 + chance_below(chance, 12)) * 100 + 1 + chance_below(chance, 28);
}

/* ---- when ------------------------------------------------------------------------------------------------------ */

/* How much is sold in each month: gifts in winter, quiet in summer; the shop grows by two thirds a year. */
static int
day_weight(int64_t day, int age)
{
    static const int months[12] = {80, 70, 85, 90, 95, 85, 70, 75, 100, 115, 165, 190};
    Civil civil = civil_of(day * DAY_MS);
    int weekday = (int)((day + 4) % 7); /* 1970-01-01 was a Thursday: 0 is Sunday */
    return months[civil.month - 1] * (weekday == 0 || weekday == 6 ? 120 : 95) / 100 *
           (600 + (DAYS - age)) / 600;
}

/* The days of all orders, the oldest first. */
static void
days_make(Chance *chance, int64_t today, int64_t *ret, size_t count)
{
    int64_t total = 0, sum = 0;
    size_t made = 0;
    for (int age = DAYS; age > 0; age--)
        total += day_weight(today - age, age);
    for (int age = DAYS; age > 0; age--) {
        sum += day_weight(today - age, age);
        size_t until = (size_t)((int64_t)count * sum / total);
        while (made < until)
            ret[made++] = (today - age) * DAY_MS + 7 * HOUR +
                          (int64_t)chance_below(chance, 15 * 60) * 60 * 1000;
    }
    for (size_t i = 1; i < made; i++) /* nearly sorted: days are, their hours are not */
        for (size_t n = i; n > 0 && ret[n - 1] > ret[n]; n--) {
            int64_t kept = ret[n];
            ret[n] = ret[n - 1];
            ret[n - 1] = kept;
        }
    must(made == count);
}

/* ---- orders ------------------------------------------------------------------------------------------------------ */

typedef struct Year {
    const DemoAsk *ask;
    Arena *arena; /* of the people */
    Arena *batch;
    Chance chance;
    Person *people;
    int known; /* people who have ordered */
    int64_t days[ORDERS];
    DemoCount count;
} Year;

/* Two of three buyers are new, until all are known; who has appetite comes back. */
static Person *
buyer_choose(Year *year, size_t order)
{
    int left = CUSTOMERS - year->known, orders_left = ORDERS - (int)order;
    if (year->known == 0 || chance_below(&year->chance, orders_left) < left)
        return &year->people[year->known++];
    for (;;) {
        Person *person = &year->people[chance_below(&year->chance, year->known)];
        if (chance_below(&year->chance, 16) < person->appetite)
            return person;
    }
}

/* A few goods are loved, most are found: the square of an even chance. */
static const Good *
good_choose(Chance *chance)
{
    const Good *goods;
    int count = (int)demo_goods(&goods);
    int at = chance_below(chance, count) * chance_below(chance, count) / count;
    return &goods[(at * 7) % count];
}

static void
lines_make(Year *year, Order *order)
{
    Chance *chance = &year->chance;
    size_t count = 1 + (size_t)(chance_below(chance, LINES_MOST) *
                                chance_below(chance, LINES_MOST) / LINES_MOST);
    OrderLine *lines = arena_new_of(year->batch, OrderLine, count);
    for (size_t i = 0; i < count; i++) {
        const Good *good = good_choose(chance);
        lines[i] = (OrderLine){
            .foreign_id = str_of(
                arena_format(year->batch, STR_FMT "-%zu", STR_ARG(order->foreign_id), i + 1)),
            .product_foreign_id = str_of(good->sku),
            .sku = str_of(good->sku),
            .title = str_of(good->title),
            .variant = *good->variants ? chance_word(chance, good->variants) : (Str){0},
            .vendor = STR("Skerry & Fell"),
            .quantity = 1 + chance_percent(chance, 14),
            .price = good->price,
            .ships = strcmp(good->kind, "Gift cards") != 0,
        };
        order->subtotal += lines[i].price * lines[i].quantity;
    }
    order->lines = lines;
    order->line_count = count;
}

/* A tenth off for some, on the first line that can bear it. */
static void
discount_make(Year *year, Order *order)
{
    OrderLine *first = (OrderLine *)&order->lines[0];
    if (!chance_percent(&year->chance, 11))
        return;
    order->discount_codes = STR("WELCOME10");
    order->discount = first->discount = first->price * first->quantity / 10;
    order->subtotal -= order->discount;
}

static void
sums_make(Order *order)
{
    bool ships = false;
    for (size_t i = 0; i < order->line_count; i++)
        ships |= order->lines[i].ships;
    order->shipping = ships && order->subtotal < FREE_FROM ? SHIPPING : 0;
    order->shipping_title = ships ? STR("Standard") : (Str){0};
    order->total = order->subtotal + order->shipping;
    order->tax_included = true;
    order->tax = order->total - order->total * 100 / 120; /* 20 % in the prices */
}

/* ---- parcels ----------------------------------------------------------------------------------------------------- */

typedef struct Way {
    ShipmentState state;
    int64_t shipped_at;
    int64_t expected_until;
    int64_t at; /* of the state */
} Way;

/* Where a parcel is today: sent within two days, under way for two to six, now and then longer. */
static Way
way_make(Year *year, int64_t placed_at)
{
    Chance *chance = &year->chance;
    int64_t now = year->ask->now;
    Way way = {.shipped_at = placed_at + (4 + chance_below(chance, 44)) * HOUR};
    int64_t hours = 48 + chance_below(chance, 96);
    int fate = chance_below(chance, 1000);
    way.expected_until = way.shipped_at + INT64_C(5) * DAY_MS;
    if (fate < 60)
        hours += 120 + chance_below(chance, 160); /* late */
    way.at = way.shipped_at + hours * HOUR;
    way.state = fate < 4    ? SHIPMENT_LOST
                : fate < 9  ? SHIPMENT_RETURNED
                : fate < 11 ? SHIPMENT_DAMAGED
                            : SHIPMENT_DELIVERED;
    if (way.shipped_at > now)
        return (Way){SHIPMENT_LABEL, 0, way.expected_until, placed_at + HOUR};
    if (way.at <= now)
        return way;
    int64_t left = way.at - now;
    way.state = left < 10 * HOUR                  ? SHIPMENT_OUT_FOR_DELIVERY
                : now > way.expected_until        ? SHIPMENT_DELAYED
                : fate % 17 == 3                  ? SHIPMENT_PICKUP
                : fate % 17 == 7                  ? SHIPMENT_ATTEMPT_FAILED
                : fate % 17 == 11                 ? SHIPMENT_EXCEPTION
                : now - way.shipped_at < 8 * HOUR ? SHIPMENT_ACCEPTED
                                                  : SHIPMENT_IN_TRANSIT;
    way.at = MAX(way.shipped_at, now - (1 + chance_below(chance, 6)) * HOUR);
    return way;
}

static const Parcel *
parcel_make(Year *year)
{
    static const char *const carriers[] = {"DHL", "DPD", "GLS", "PostNL", "UPS"};
    Chance *chance = &year->chance;
    Parcel *parcel = arena_new_of(year->batch, Parcel, 1);
    *parcel = (Parcel){
        .carrier = str_of(carriers[chance_below(chance, 5)]),
        .number = str_of(arena_format(year->batch, "SF%08d%04d", chance_below(chance, 100000000),
                                      chance_below(chance, 10000))),
    };
    return parcel;
}

static bool
order_ships(const Order *order)
{
    for (size_t i = 0; i < order->line_count; i++)
        if (order->lines[i].ships)
            return true;
    return false;
}

static void
shipment_make(Year *year, Order *order, Facts *facts)
{
    Shipment *shipment = arena_new_of(year->batch, Shipment, 1);
    Way way = way_make(year, order->placed_at);
    if (way.state == SHIPMENT_LABEL && chance_percent(&year->chance, 60))
        return; /* nobody has packed it yet */
    *shipment = (Shipment){
        .foreign_id = str_of(arena_format(year->batch, STR_FMT "-s", STR_ARG(order->foreign_id))),
        .order_foreign_id = order->foreign_id,
        .name = str_of(arena_format(year->batch, STR_FMT ".1", STR_ARG(order->name))),
        .state = way.state,
        .shipped_at = way.shipped_at,
        .delivered_at = way.state == SHIPMENT_DELIVERED ? way.at : 0,
        .expected_until = way.expected_until,
        .updated_at = MAX(way.at, order->placed_at),
        .parcels = parcel_make(year),
        .parcel_count = 1,
    };
    if (way.shipped_at)
        order->fulfilment = FULFILMENT_DONE;
    order->promised_until = way.expected_until;
    order->updated_at = MAX(order->updated_at, way.shipped_at);
    facts->shipments = shipment;
    facts->shipment_count = 1;
}

/* ---- one order with all that belongs to it ----------------------------------------------------------------------- */

static void
refund_make(Year *year, Order *order, Facts *facts)
{
    bool late = order->placed_at > year->ask->now - INT64_C(12) * DAY_MS;
    if (late ? !chance_percent(&year->chance, 2) : !chance_percent(&year->chance, 4))
        return;
    Refund *refund = arena_new_of(year->batch, Refund, 1);
    int64_t at = MIN(order->placed_at + (late ? INT64_C(1) : 10) * DAY_MS, year->ask->now - HOUR);
    *refund = (Refund){
        .foreign_id = str_of(arena_format(year->batch, STR_FMT "-r", STR_ARG(order->foreign_id))),
        .order_foreign_id = order->foreign_id,
        .currency = order->currency,
        .amount = order->line_count > 1 ? order->lines[0].price : order->subtotal,
        .refunded_at = at,
    };
    if (at <= order->placed_at)
        return;
    order->payment = order->line_count > 1 ? PAYMENT_PARTLY_REFUNDED : PAYMENT_REFUNDED;
    order->updated_at = MAX(order->updated_at, at);
    facts->refunds = refund;
    facts->refund_count = 1;
}

static void
order_make(Year *year, size_t number, Facts *ret)
{
    Person *person = buyer_choose(year, number);
    Order *order = arena_new_of(year->batch, Order, 1);
    int64_t at = year->days[number];
    person->orders++;
    *order = (Order){
        .foreign_id = str_of(arena_format(year->batch, "%zu", 400000 + number)),
        .name = str_of(arena_format(year->batch, "#%zu", FIRST_NUMBER + number)),
        .email = person->customer.email,
        .locale = person->customer.locale,
        .currency = STR("EUR"),
        .channel = STR("web"),
        .payment = PAYMENT_PAID,
        .placed_at = at,
        .updated_at = at,
        .ship_to = person->home,
        .bill_to = person->home,
        .customer = person->customer,
        .gift = chance_percent(&year->chance, 3),
    };
    lines_make(year, order);
    discount_make(year, order);
    sums_make(order);
    *ret = (Facts){.source = STR("demo"), .orders = order, .order_count = 1};
    if (chance_percent(&year->chance, 2)) {
        order->cancelled_at = MIN(at + 3 * HOUR, year->ask->now);
        order->updated_at = order->cancelled_at;
        order->payment = PAYMENT_VOIDED;
    } else {
        if (order_ships(order))
            shipment_make(year, order, ret);
        refund_make(year, order, ret);
    }
    order->customer.updated_at = order->updated_at;
    if (person->wants_mail && person->orders == 1) {
        ConsentFact *choice = arena_new_of(year->batch, ConsentFact, 1);
        *choice = (ConsentFact){
            .channel = STR("email"),
            .address = order->email,
            .given = true,
            .basis = STR("opt_in"),
            .proof = STR("A box ticked at the checkout of the demo shop"),
            .chosen_at = at,
        };
        ret->consents = choice;
        ret->consent_count = 1;
    }
}

/* ---- telling ------------------------------------------------------------------------------------------------------ */

typedef struct Telling {
    const DemoAsk *ask;
    FactsNews *news[BATCH];
    bool history[BATCH];
    size_t count;
    FactsCount learned;
} Telling;

static bool
telling_job(Db *db, void *arg, GError **error)
{
    Telling *telling = arg;
    for (size_t i = 0; i < telling->count; i++) {
        Learn learn = {
            .db = db,
            .shop = telling->ask->shop->shop.id,
            .at = clock_now(),
            .source = STR("demo"),
            .history = telling->history[i],
        };
        if (!facts_learn(&learn, telling->news[i], &telling->learned, error))
            return false;
    }
    return true;
}

static bool
orders_tell(Year *year, GError **error)
{
    int64_t live_since = year->ask->shop->shop.live_since;
    for (size_t first = 0; first < ORDERS; first += BATCH) {
        Telling telling = {.ask = year->ask};
        arena_reset(year->batch);
        for (size_t i = first; i < first + BATCH && i < ORDERS; i++) {
            Facts facts;
            order_make(year, i, &facts);
            telling.history[telling.count] = facts.orders[0].placed_at < live_since;
            telling.news[telling.count++] = facts_prepare(year->batch, &facts);
            year->count.shipments += (int64_t)facts.shipment_count;
        }
        if (!store_write(year->ask->store, STORE_BULK, telling_job, &telling, error))
            return false;
        year->count.orders += (int64_t)telling.count;
    }
    return true;
}

static const Variant *
variants_make(Arena *arena, const Good *good, size_t *ret_count)
{
    size_t count = 1;
    for (const char *at = good->variants; *at; at++)
        count += *at == '|';
    Variant *list = arena_new_of(arena, Variant, count);
    Str rest = str_of(good->variants), title = {0};
    for (size_t i = 0; i < count; i++) {
        str_split(&rest, '|', &title);
        list[i] = (Variant){
            .foreign_id = str_of(arena_format(arena, "%s-%zu", good->sku, i + 1)),
            .sku = str_of(good->sku),
            .title = title,
            .price = good->price,
            .weight_grams = good->grams,
            .ships = good->grams > 0,
        };
    }
    *ret_count = count;
    return list;
}

static bool
products_tell(Year *year, GError **error)
{
    const Good *goods;
    size_t count = demo_goods(&goods);
    Product *products = arena_new_of(year->batch, Product, count);
    for (size_t i = 0; i < count; i++) {
        products[i] = (Product){
            .foreign_id = str_of(goods[i].sku),
            .title = str_of(goods[i].title),
            .vendor = STR("Skerry & Fell"),
            .kind = str_of(goods[i].kind),
            .image_url = str_of(arena_format(year->batch, "%s/demo/goods/%s.svg",
                                             year->ask->public_url, goods[i].sku)),
            .currency = STR("EUR"),
            .offered = true,
            .updated_at = year->ask->now - (int64_t)DAYS * DAY_MS,
        };
        products[i].variants = variants_make(year->batch, &goods[i], &products[i].variant_count);
    }
    Facts facts = {.source = STR("demo"), .products = products, .product_count = count};
    Telling telling = {.ask = year->ask, .count = 1, .history = {true}};
    telling.news[0] = facts_prepare(year->batch, &facts);
    year->count.products = (int64_t)count;
    return store_write(year->ask->store, STORE_BULK, telling_job, &telling, error);
}

bool
demo_fill(const DemoAsk *ask, DemoCount *ret, GError **error)
{
    g_autoptr(Arena) people = arena_new(LIMIT_ARENA_BYTES), batch = arena_new(LIMIT_ARENA_BYTES);
    Year *year = arena_new_of(people, Year, 1);
    *year = (Year){.ask = ask, .arena = people, .batch = batch, .chance = {20251124}};
    year->people = arena_new_of(people, Person, CUSTOMERS);
    for (int i = 0; i < CUSTOMERS; i++)
        person_make(people, &year->chance, i, &year->people[i]);
    days_make(&year->chance, ask->now / DAY_MS, year->days, ORDERS);
    if (!products_tell(year, error) || !orders_tell(year, error))
        return false;
    year->count.customers = year->known;
    *ret = year->count;
    return true;
}
