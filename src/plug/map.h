/* map.h - another program's JSON, put into our own words by a map of places: no code for whoever connects a shop.
 *
 * A map is JSON that looks like what it makes (plug/own.h), with a place where a value will be:
 *
 *     {"sign": {"kind": "standard"}, "amounts": "minor",
 *      "orders": {"when": {"/type": ["order.placed", "order.updated"]},
 *                 "id": "/data/id", "email": "/data/customer/email", "currency": "/data/currency",
 *                 "payment": {"at": "/data/state", "words": {"PaymentSettled": "paid", "*": "pending"}},
 *                 "lines": {"each": "/data/lines", "sku": "/sku", "title": "/name", "price": "/unitPrice"}}}
 *
 *   "/a/b"            what stands there (RFC 6901), in what is being read: the document, or one element of an `each`
 *   "//a/b"           the same, always from the top of the document
 *   "=EUR"            these letters
 *   {"at": P}         P, and then: "words": {theirs: ours, "*": any other}, "join": the members of a list with this
 *                     between, "unless": nothing if P is one of these, "if": only if other places hold one of their words
 *   {"first": [...]}  the first of several that is there
 *   {"text": [...]}   several, one behind the other
 *   {"sum": [...], "less": [...]}  amounts: these together, without those
 *   {"each": P, ...}  one object for each element there (an object counts as its only element); "if" beside it: only
 *                     for those elements whose places hold one of their words
 *   {...}             an object of ours
 *
 * "amounts": "minor" says that amounts are whole numbers of cents, with as many "digits" as ISO 4217 says unless the map
 * names others: {"ISK": 2}; "dates": "seconds" or "ms" that moments are numbers
 * since 1970, "mail" that they look like those of mails (Tue, 03 Mar 2026 10:00:00 +0000). `orders` is one section or a list of them, tried in turn; `when` says for which documents a section is meant.
 */
#pragma once

#include "base/json.h"
#include "model.h"
#include "plug/own.h"

/* A map that was read. Lives in the arena. */
typedef struct Map Map;

/* Reads a map, or takes the ready one of this name (vendure, medusa ...). All of it is checked, so that a slip is found
 * when the map is set and not when the first order comes. ERR_INPUT names the place of what is wrong. */
const Map *map_read(Arena *arena, Str text, GError **error);

/* Its member `sign`; may be missing. */
const Json *map_sign(const Map *map);

/* Told of each value of the document that the map looks at. */
typedef struct MapWatch {
    void (*read)(void *me, const Json *value);
    void *me;
} MapWatch;

typedef struct MapAsk {
    const Map *map;
    const OwnShop *shop;
    const Json *document;
    const MapWatch *watch; /* NULL: nobody looks on */
} MapAsk;

/* All orders that the document tells, with what stands beside them. ret->declined is filled where no section of the map
 * is meant for it. ERR_INPUT names the place; *ret is untouched then. */
bool map_facts(Arena *arena, const MapAsk *ask, Facts *ret, GError **error);

/* Names of the ready maps; NULL behind the last. */
const char *map_ready_nth(size_t n);
