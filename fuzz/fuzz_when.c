/* Dates, durations and amounts from outside: what is read is in range, and what we show of it is read
 * back as the same. */
#include "base/money.h"
#include "base/when.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
moment_holds(Arena *arena, int64_t at)
{
    int64_t again = 0;
    must(at >= CIVIL_LEAST && at <= CIVIL_MOST);
    must(when_parse(str_of(when_format(arena, at)), NULL, &again, NULL) && again == at);
    must(when_parse_mail(str_of(when_mail_date(arena, at, NULL)), &again, NULL));
    must(civil_ms(civil_of(at)) == at);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    g_autoptr(GError) error = NULL;
    g_autofree char *copy = g_memdup2(bytes, len);
    Str text = {copy, len};
    const Zone *zone = zone_get("Australia/Lord_Howe", NULL); /* moves by half an hour */
    int64_t at = 0, ms = 0;
    Money amount = {0}, again = {0};
    if (when_parse(text, zone, &at, &error))
        moment_holds(arena, at);
    if (when_parse_mail(text, &at, NULL) && civil_of(at).year >= 1000)
        moment_holds(arena, at);
    if (duration_parse(text, &at, NULL))
        must(duration_parse(str_of(duration_format(arena, at)), &ms, NULL) && ms == at);
    if (money_parse(text, "BHD", &amount, NULL))
        must(money_parse(str_of(money_format(arena, amount)), "BHD", &again, NULL) &&
             again.minor == amount.minor);
    money_parse_rounded(text, "JPY", &amount, NULL);
    must(!error || g_utf8_validate(error->message, -1, NULL));
    return 0;
}
