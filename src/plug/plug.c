/* plug.c - members of objects as texts, amounts and moments; see plug.h. */
#include "plug/plug.h"

#include "base/limits.h"
#include "base/money.h"
#include "base/text.h"
#include "base/when.h"

Str
plug_text(Arena *arena, const Json *object, const char *key)
{
    return text_cut(str_trim(json_as_text(arena, json_get(object, key))), LIMIT_TEXT_BYTES);
}

bool
plug_amount(Arena *arena, const Json *object, const char *key, const char *currency, int64_t *ret,
            GError **error)
{
    /* 2^53: what a program that counts in doubles can still tell apart, and far from where sums of ours overflow. */
    const int64_t most = INT64_C(1) << 53;
    Str text = plug_text(arena, object, key);
    Money money = {0};
    if (text.len && !money_parse_rounded(text, currency, &money, error))
        return fail_at(error, "%s", key);
    if (money.minor > most || money.minor < -most)
        return fail(error, ERR_INPUT, "%s is too large for an amount", key);
    *ret = money.minor;
    return true;
}

bool
plug_moment(Arena *arena, const Json *object, const char *key, int64_t *ret, GError **error)
{
    Str text = plug_text(arena, object, key);
    int64_t at = 0;
    if (text.len && !when_parse(text, NULL, &at, error))
        return fail_at(error, "%s", key);
    *ret = at;
    return true;
}
