/* erase_person.h - who is erased: what their traces are known by, gathered before the first of them goes.
 *
 * While an erasure is under way, what it knows the person by goes with what is erased already. So all of it is gathered at
 * the start and kept with the asking (privacy_ask.gathered) until it is done: one that was cut off goes on with the same.
 */
#pragma once

#include "base/needle.h"
#include "engine/store.h"

enum { ERASE_NAMES_MOST = 4096 };

typedef struct EraseNames {
    Str *list;
    size_t count;
    size_t room;
} EraseNames;

typedef struct ErasePerson {
    int64_t shop;
    bool whole_shop;
    Str source;
    Str foreign_id; /* of the customer */
    Str email_key;
    Str phone;
    const struct Json *listed; /* foreign ids of orders that the asking names; NULL: none */
    EraseNames addresses;      /* of mail and telephone, in normal form */
    EraseNames names;     /* what tells that a raw delivery is about the person, in small letters */
    EraseNames customers; /* "SOURCE ID" of each, as they were gathered; empty once that was kept */
    Needles *needles;     /* the same to be looked for; NULL: of a whole shop */
} ErasePerson;

/* Fills the lists from what the store knows, into the arena. */
bool erase_person_gather(ErasePerson *person, Arena *arena, Db *db, GError **error);

/* The lists as they are kept with the asking, and back. */
Str erase_person_write(const ErasePerson *person, Arena *arena);
bool erase_person_read(ErasePerson *person, Arena *arena, Str gathered, GError **error);

/* Forgets what is not the arena's. */
void erase_person_clear(ErasePerson *person);

/* The row of a listed order, if there is one to erase: columns of erase_listed_order. */
Rows *erase_person_listed(const ErasePerson *person, Db *db, size_t i, GError **error);

/* Is an address (in any letters) one of theirs? */
bool erase_person_has(const ErasePerson *person, Arena *arena, Str address);

/* A page that names the person and others, without the elements of its lists that name the person. False: there are no
 * others in it, or the person stands outside of lists, too; then nothing of it can be kept. */
bool erase_person_cut(const ErasePerson *person, Arena *arena, Str body, Str *ret);
