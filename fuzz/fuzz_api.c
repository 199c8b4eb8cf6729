/* What programs may post: whatever arrives is either wrong, and each fault has a place and words, or it can be learned.
 *
 * The first byte chooses the noun ('0' is orders, as in own_noun.h), the rest is the body. */
#include "base/limits.h"
#include "base/text.h"
#include "flow/facts.h"
#include "plug/own_noun.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* RFC 6901: nothing, or parts behind slashes; ~ stands before 0 or 1 only. */
static bool
pointer_is(Str pointer)
{
    for (size_t i = 0; i < pointer.len; i++)
        if (pointer.at[i] == '~' &&
            (i + 1 == pointer.len || (pointer.at[i + 1] != '0' && pointer.at[i + 1] != '1')))
            return false;
    return !pointer.len || pointer.at[0] == '/';
}

static void
problems_check(const OwnReading *reading)
{
    must(reading->problem_count > 0 && reading->problem_count <= OWN_PROBLEMS_MOST);
    for (size_t i = 0; i < reading->problem_count; i++) {
        const OwnProblem *problem = &reading->problems[i];
        must(pointer_is(str_of(problem->pointer)) && text_valid(str_of(problem->pointer)));
        must(problem->detail[0] && text_valid(str_of(problem->detail)));
    }
}

static size_t
facts_count(const Facts *facts)
{
    return facts->customer_count + facts->consent_count + facts->product_count +
           facts->order_count + facts->shipment_count + facts->refund_count +
           facts->happening_count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (!len || len > LIMIT_BODY_BYTES)
        return 0;
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    OwnNoun noun = (OwnNoun)((uint8_t)(bytes[0] - '0') % OWN_NOUNS);
    const Json *root = json_parse(arena, (const char *)bytes + 1, len - 1, NULL);
    OwnShop shop = {.currency = "EUR", .zone = zone_get("Europe/Paris", NULL)};
    OwnReading *reading = arena_new_of(arena, OwnReading, 1);
    reading->arena = arena;
    reading->shop = &shop;
    Facts facts = {0};
    if (!root)
        return 0;
    if (!own_noun_read(reading, noun, root, &facts)) {
        problems_check(reading);
        must(!facts_count(&facts));
        return 0;
    }
    must(!reading->problem_count && facts_count(&facts) > 0 && facts.source.len);
    must(text_valid(facts.source));
    must(facts_prepare(arena, &facts));
    return 0;
}
