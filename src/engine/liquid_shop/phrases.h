/* phrases.h - the texts of one language, read once and ready to be filled in.
 *
 * Made from JSON: {"mail": {"greeting": "Hello {{ name }}"}} has one text, mail.greeting, with one hole. An object whose
 * members are called zero, one, two, few, many, other is a text that depends on a number (CLDR's plural categories).
 * Every mail asks for some eighty texts: looking a key up is one hash, and a text is already cut at its holes.
 *
 * Constant once made; any number of threads read it.
 */
#pragma once

#include "base/json.h"
#include "engine/liquid_shop/cldr.h"

typedef struct Phrases Phrases;

typedef struct PhrasePiece {
    Str text; /* as it is written; what stands there when nobody gave the name */
    Str name; /* of a hole; no bytes: plain text */
} PhrasePiece;

typedef struct PhraseText {
    Str whole; /* no bytes at all (at is NULL): there is no such text */
    const PhrasePiece *pieces;
    size_t count;
} PhraseText;

typedef struct Phrase {
    Str key; /* dotted: mail.greeting */
    uint32_t hash;
    bool html; /* the key ends in _html: the text is HTML, what is filled in is not */
    PhraseText text;
    const PhraseText *forms; /* by CldrPlural; NULL: it does not depend on a number */
} Phrase;

/* All texts of the tree, which must live as long as the arena. */
const Phrases *phrases_new(Arena *arena, const Json *words);

/* NULL: there is no text of this key. */
const Phrase *phrases_find(const Phrases *phrases, Str key);
