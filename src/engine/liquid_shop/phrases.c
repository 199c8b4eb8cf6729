/* phrases.c - see phrases.h. */
#include "engine/liquid_shop/phrases.h"

#include "engine/liquid/liquid.h"

#include <string.h>

struct Phrases {
    Phrase *list;
    size_t count;
    uint32_t *index; /* open addressing: entry + 1; 0: free */
    size_t room;     /* a power of two */
};

/* ---- one text ------------------------------------------------------------------------------- */

/* {{ name }} at the start of the text: its bytes, 0 if it is none. */
static size_t
hole_read(Str text, Str *ret_name)
{
    size_t close;
    if (text.len < 4 || text.at[0] != '{' || text.at[1] != '{' ||
        !str_find(text, STR("}}"), &close))
        return 0;
    *ret_name = str_trim(str_sub(text, 2, close - 2));
    return close + 2;
}

/* The bytes before the next hole. */
static size_t
plain_len(Str text)
{
    Str name;
    size_t len = 0;
    while (len < text.len && !hole_read(str_sub(text, len, text.len), &name))
        len++;
    return len;
}

/* Cuts the text at its holes; with pieces == NULL it only counts. */
static size_t
text_cut(Str text, PhrasePiece *pieces)
{
    size_t count = 0;
    while (text.len) {
        PhrasePiece piece = {0};
        size_t len = hole_read(text, &piece.name);
        if (!len) {
            len = plain_len(text);
            piece.name = (Str){0};
        }
        piece.text = str_sub(text, 0, len);
        if (pieces)
            pieces[count] = piece;
        count++;
        text = str_sub(text, len, text.len);
    }
    return count;
}

static PhraseText
text_read(Arena *arena, const Json *value)
{
    PhraseText text = {.whole = json_text(value)};
    text.count = text_cut(text.whole, NULL);
    PhrasePiece *pieces = arena_new_of(arena, PhrasePiece, MAX(text.count, (size_t)1));
    text_cut(text.whole, pieces);
    text.pieces = pieces;
    return text;
}

/* NULL: the value is no object, or has none of the forms. */
static const PhraseText *
forms_read(Arena *arena, const Json *value)
{
    PhraseText *forms = NULL;
    for (CldrPlural form = CLDR_ZERO; form <= CLDR_OTHER; form++) {
        const Json *text = json_get(value, cldr_plural_name(form));
        if (!text)
            continue;
        if (!forms)
            forms = arena_new_of(arena, PhraseText, CLDR_OTHER + 1);
        forms[form] = text_read(arena, text);
    }
    return forms;
}

/* ---- all of them ---------------------------------------------------------------------------- */

static size_t
tree_count(const Json *words)
{
    size_t count = 0;
    for (size_t i = 0; i < json_len(words); i++) {
        const Json *value = json_nth(words, i);
        count += 1 + (json_type(value) == JSON_OBJECT ? tree_count(value) : 0);
    }
    return count;
}

static size_t
index_of(const Phrases *phrases, Str key, uint32_t hash)
{
    size_t at = hash & (phrases->room - 1);
    while (phrases->index[at]) {
        const Phrase *phrase = &phrases->list[phrases->index[at] - 1];
        if (phrase->hash == hash && str_eq(phrase->key, key))
            break;
        at = (at + 1) & (phrases->room - 1);
    }
    return at;
}

static void
phrase_add(Phrases *phrases, Arena *arena, Str key, const Json *value)
{
    Phrase phrase = {
        .key = key,
        .hash = liquid_hash(key),
        .html = str_ends(key, "_html"),
        .text = text_read(arena, value),
        .forms = forms_read(arena, value),
    };
    size_t at = index_of(phrases, key, phrase.hash);
    if (!phrases->index[at])
        phrases->index[at] = (uint32_t)++phrases->count;
    phrases->list[phrases->index[at] - 1] = phrase; /* of two with one key the last one counts */
}

static void
tree_add(Phrases *phrases, Arena *arena, Str before, const Json *words)
{
    for (size_t i = 0; i < json_len(words); i++) {
        const Json *value = json_nth(words, i);
        Buf key = {.arena = arena};
        buf_add_str(&key, before);
        buf_add_str(&key, json_key(words, i));
        phrase_add(phrases, arena, arena_copy(arena, buf_str(&key)), value);
        buf_add_char(&key, '.');
        if (json_type(value) == JSON_OBJECT)
            tree_add(phrases, arena, buf_str(&key), value);
    }
}

const Phrases *
phrases_new(Arena *arena, const Json *words)
{
    size_t count = tree_count(words);
    Phrases *phrases = arena_new_of(arena, Phrases, 1);
    phrases->list = arena_new_of(arena, Phrase, MAX(count, (size_t)1));
    for (phrases->room = 64; phrases->room < 2 * count;)
        phrases->room *= 2;
    phrases->index = arena_new_of(arena, uint32_t, phrases->room);
    tree_add(phrases, arena, STR(""), words);
    return phrases;
}

const Phrase *
phrases_find(const Phrases *phrases, Str key)
{
    size_t at = index_of(phrases, key, liquid_hash(key));
    return phrases->index[at] ? &phrases->list[phrases->index[at] - 1] : NULL;
}
