/* password.c - see password.h. */
#include "engine/password.h"

#include "base/seal.h"
#include "base/text.h"

#include <string.h>

/* Beginnings of what people take when they have to take something: the long ones of the published lists. */
static const char *const common[] = {
    "password", "passwort", "motdepasse", "contrasena", "1234567890", "123456",
    "qwerty",   "qwertz",   "azerty",     "postlude",   "iloveyou",   "letmein",
    "welcome",  "admin",    "abcdef",     "changeme",
};

/* How many different bytes there are. */
static int
password_variety(Str password)
{
    bool seen[256] = {0};
    int count = 0;
    for (size_t i = 0; i < password.len; i++) {
        count += !seen[(uint8_t)password.at[i]];
        seen[(uint8_t)password.at[i]] = true;
    }
    return count;
}

/* "passwordpassword", "password2026!": little is left when the word is taken out. */
static bool
password_is_mostly(Str password, Str word)
{
    size_t left = password.len, at, from = 0;
    while (word.len >= 4 && str_find(str_sub(password, from, password.len), word, &at)) {
        left -= word.len;
        from += at + word.len;
    }
    return left < password.len && left < 6;
}

const char *
password_trouble(Arena *arena, Str password, Str email)
{
    Str small = text_lower(arena, password), mailbox = text_lower(arena, email), rest = mailbox;
    if (text_count(password) < PASSWORD_CHARS_LEAST)
        return arena_format(arena,
                            "Take at least %d characters. Four words in a row are easy to keep.",
                            PASSWORD_CHARS_LEAST);
    if (password.len > PASSWORD_BYTES_MOST)
        return arena_format(arena, "Take at most %d characters.", PASSWORD_BYTES_MOST);
    if (password_variety(password) < 5)
        return "This repeats itself too much to be safe. Four words in a row are easy to keep.";
    bool guessed = password_is_mostly(small, mailbox) ||
                   (str_split(&rest, '@', &mailbox) && password_is_mostly(small, mailbox));
    for (size_t i = 0; i < G_N_ELEMENTS(common) && !guessed; i++)
        guessed = password_is_mostly(small, str_of(common[i]));
    return guessed ? "This is among the first that a stranger would try. Take other words." : NULL;
}

bool
password_is(Arena *arena, Str kept, Str password)
{
    /* Longer than any that could have been set: no reason to hash what somebody posts by the megabyte. */
    bool fits = password.len <= PASSWORD_BYTES_MOST;
    const char *real = kept.len ? arena_cstr(arena, kept) : seal_password_nobody(arena);
    bool same = seal_password_is(real, fits ? password : STR("-"));
    return same && fits && kept.len > 0;
}
