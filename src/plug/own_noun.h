/* own_noun.h - the nouns that can be told in our own words, each by itself: what is posted to the API. */
#pragma once

#include "plug/own_shape.h"

typedef enum OwnNoun {
    OWN_ORDER,
    OWN_CUSTOMER,
    OWN_PRODUCT,
    OWN_SHIPMENT,
    OWN_REFUND,
    OWN_CONSENT,
    OWN_EVENT,
    OWN_NOUNS
} OwnNoun;

const char *own_noun_name(OwnNoun noun); /* orders */
bool own_noun_find(Str name, OwnNoun *ret);

/* Static, or in the arena. */
const OwnShape *own_noun_shape(Arena *arena, OwnNoun noun);

/* Reads one. reading->arena and shop are the caller's to set, the rest is empty. ret->source is that of the body, or
 * "api". False: reading->problems say what is wrong; *ret is untouched then. */
bool own_noun_read(OwnReading *reading, OwnNoun noun, const Json *root, Facts *ret);
