/* value.c - making values, and maps of them. */
#include "engine/liquid/inside.h"

#include <string.h>

enum { MAP_PLAIN_MOST = 8 }; /* up to here looking at every name is faster than hashing */

_Static_assert(sizeof(LiquidValue) == 16, "values are passed in two registers");

LiquidValue
liquid_bool(bool truth)
{
    return (LiquidValue){.kind = LIQUID_BOOL, .truth = truth};
}

LiquidValue
liquid_int(int64_t integer)
{
    return (LiquidValue){.kind = LIQUID_INT, .integer = integer};
}

LiquidValue
liquid_str(Str text)
{
    return liquid_safe(text, LIQUID_UNSAFE);
}

LiquidValue
liquid_safe(Str text, LiquidSafe safe)
{
    must(text.len <= UINT32_MAX);
    return (LiquidValue){.kind = LIQUID_STR,
                         .safe = (uint8_t)safe,
                         .len = (uint32_t)text.len,
                         .at = text.at ? text.at : ""};
}

LiquidValue
liquid_money(int64_t minor, const char *currency)
{
    LiquidValue value = {.kind = LIQUID_MONEY, .integer = minor};
    for (size_t i = 0; i < 3 && currency[i]; i++)
        value.currency[i] = currency[i];
    return value;
}

LiquidValue
liquid_date(int64_t ms)
{
    return (LiquidValue){.kind = LIQUID_DATE, .integer = ms};
}

LiquidValue
liquid_range(Arena *arena, int64_t from, int64_t to)
{
    LiquidRange *range = arena_new_of(arena, LiquidRange, 1);
    *range = (LiquidRange){from, to};
    return (LiquidValue){.kind = LIQUID_RANGE, .range = range};
}

LiquidValue
liquid_object(const LiquidObject *object)
{
    return (LiquidValue){.kind = object ? LIQUID_OBJECT : LIQUID_NIL, .object = object};
}

LiquidValue
liquid_array(Arena *arena, const LiquidValue *list, size_t count)
{
    LiquidArray *array = arena_new_of(arena, LiquidArray, 1);
    *array = (LiquidArray){count, list};
    return (LiquidValue){.kind = LIQUID_ARRAY, .array = array};
}

Str
liquid_text(LiquidValue value)
{
    return value.kind == LIQUID_STR ? (Str){value.at, value.len} : STR("");
}

bool
liquid_truth(LiquidValue value)
{
    return value.kind != LIQUID_NIL && (value.kind != LIQUID_BOOL || value.truth);
}

/* ---- names -------------------------------------------------------------------------------- */

static inline uint64_t
hash_mix(uint64_t hash, uint64_t word)
{
    unsigned __int128 product = (unsigned __int128)(hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* By 16 bytes, so that a name takes one step: multiply and fold, as wyhash does. */
static inline uint32_t
hash_of(Str text)
{
    uint64_t hash = text.len;
    const char *at = text.at;
    size_t left = text.len;
    for (; left >= 16; at += 16, left -= 16)
        hash = hash_mix(hash_mix(hash, bytes_load8(at)), bytes_load8(at + 8));
    Bytes16 rest = bytes_load_short(at, left);
    hash = hash_mix(hash_mix(hash, rest.low), rest.high);
    return (uint32_t)(hash ^ hash >> 32);
}

uint32_t
liquid_hash(Str text)
{
    return hash_of(text);
}

LiquidName
liquid_name(Str text)
{
    return (LiquidName){text, liquid_hash(text)};
}

static void
names_reindex(Names *names, Arena *arena)
{
    names->index_room = MAX(names->index_room * 2, 64);
    names->index = arena_new_of(arena, uint32_t, names->index_room);
    for (uint32_t i = 0; i < names->count; i++) {
        uint32_t at = names->list[i].hash & (names->index_room - 1);
        while (names->index[at])
            at = (at + 1) & (names->index_room - 1);
        names->index[at] = i + 1;
    }
}

static void
names_grow(Names *names, Arena *arena)
{
    uint32_t room = MAX(names->room * 2, 32);
    LiquidName *list = arena_new_of(arena, LiquidName, room);
    if (names->count)
        memcpy(list, names->list, names->count * sizeof *list);
    names->list = list;
    names->room = room;
}

static inline bool
name_same(const LiquidName *left, const LiquidName *right)
{
    return left->hash == right->hash && left->text.len == right->text.len &&
           bytes_same(left->text.at, right->text.at, left->text.len);
}

static inline bool
names_seek(const Names *names, Str text, uint32_t hash, uint32_t *ret)
{
    if (!names->index_room)
        return false;
    for (uint32_t at = hash & (names->index_room - 1); names->index[at];
         at = (at + 1) & (names->index_room - 1)) {
        const LiquidName *name = &names->list[names->index[at] - 1];
        if (name->hash == hash && name->text.len == text.len &&
            bytes_same(name->text.at, text.at, text.len)) {
            *ret = names->first + names->index[at] - 1;
            return true;
        }
    }
    return false;
}

bool
names_find(const Names *names, Str text, uint32_t hash, uint32_t *ret)
{
    for (; names; names = names->base)
        if (names_seek(names, text, hash, ret))
            return true;
    return false;
}

static uint32_t
names_add(Names *names, Arena *arena, Str text, uint32_t hash)
{
    if (names->count == names->room)
        names_grow(names, arena);
    names->list[names->count] = (LiquidName){arena_copy(arena, text), hash};
    names->count++;
    if (names->count * 2 > names->index_room) {
        names_reindex(names, arena);
        return names->first + names->count - 1;
    }
    uint32_t at = hash & (names->index_room - 1);
    while (names->index[at])
        at = (at + 1) & (names->index_room - 1);
    names->index[at] = names->count;
    return names->first + names->count - 1;
}

uint32_t
names_slot(Names *names, Arena *arena, Str text)
{
    uint32_t slot, hash = hash_of(text);
    bool found = names_seek(names, text, hash, &slot) ||
                 (names->base && names_find(names->base, text, hash, &slot));
    return found ? slot : names_add(names, arena, text, hash);
}

LiquidName
names_text(const Names *names, uint32_t slot)
{
    while (names->base && slot < names->first)
        names = names->base;
    return names->list[slot - names->first];
}

/* ---- maps --------------------------------------------------------------------------------- */

LiquidValue
liquid_map(Arena *arena)
{
    return (LiquidValue){.kind = LIQUID_MAP, .map = arena_new_of(arena, LiquidMap, 1)};
}

const LiquidValue *
map_find(const LiquidMap *map, const LiquidName *name)
{
    if (!map->index) {
        for (size_t i = 0; i < map->count; i++) {
            const MapEntry *entry = &map->list[i];
            if (name_same(&entry->name, name))
                return &entry->value;
        }
        return NULL;
    }
    for (size_t at = name->hash & (map->index_room - 1); map->index[at];
         at = (at + 1) & (map->index_room - 1)) {
        const MapEntry *entry = &map->list[map->index[at] - 1];
        if (name_same(&entry->name, name))
            return &entry->value;
    }
    return NULL;
}

static void
map_index_add(LiquidMap *map, size_t entry)
{
    size_t at = map->list[entry].name.hash & (map->index_room - 1);
    while (map->index[at])
        at = (at + 1) & (map->index_room - 1);
    map->index[at] = (uint32_t)entry + 1;
}

static void
map_grow(LiquidMap *map, Arena *arena)
{
    size_t room = MAX(map->room * 2, (size_t)4);
    MapEntry *list = arena_new_of(arena, MapEntry, room);
    if (map->count)
        memcpy(list, map->list, map->count * sizeof *list);
    map->list = list;
    map->room = room;
    if (room <= MAP_PLAIN_MOST)
        return;
    map->index_room = room * 2;
    map->index = arena_new_of(arena, uint32_t, map->index_room);
    for (size_t i = 0; i < map->count; i++)
        map_index_add(map, i);
}

void
liquid_map_set(Arena *arena, LiquidValue value, Str text, LiquidValue item)
{
    must(value.kind == LIQUID_MAP);
    LiquidMap *map = (LiquidMap *)value.map; /* being filled: nobody else has seen it yet */
    LiquidName name = liquid_name(text);
    LiquidValue *old = (LiquidValue *)map_find(map, &name);
    if (old) {
        *old = item;
        return;
    }
    if (map->count == map->room)
        map_grow(map, arena);
    map->list[map->count++] = (MapEntry){name, item};
    if (map->index)
        map_index_add(map, map->count - 1);
}
