/* guess.h - whoever guesses secrets waits longer and longer.
 *
 * Each wrong guess is noted under what was guessed at (an account) and under where it came from (an address, for
 * IPv6 its /64: a household has 2^64 of them). A few are free, since people mistype; each more doubles the wait.
 * An account's wait stays short (a minute), so that a stranger cannot keep its owner out; an address's grows to a
 * quarter of an hour. What is right forgets the account's wrong guesses, never the address's.
 *
 * In memory only: a restart forgets, and nobody outside can cause one. The book is bounded; when it is full the
 * oldest notes make room.
 */
#pragma once

#include "base/base.h"

typedef struct GuessBook GuessBook;

typedef enum GuessOf { GUESS_ACCOUNT, GUESS_ADDRESS } GuessOf;

GuessBook *guessbook_new(void);
void guessbook_free(GuessBook *book);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GuessBook, guessbook_free)

/* How long the next guess has to wait, ms; 0: it may come. From any thread, as all of these. */
int64_t guess_wait(GuessBook *book, GuessOf of, Str key, int64_t now);

/* A guess is being made: it counts as wrong until guess_right, so that many at once are no way around. */
void guess_note(GuessBook *book, GuessOf of, Str key, int64_t now);
/* It was right: takes back its note (an address), or all of them (an account). */
void guess_right(GuessBook *book, GuessOf of, Str key);

/* The key of an address: as it is, or the /64 of an IPv6 one. */
Str guess_address(Arena *arena, const char *address);
