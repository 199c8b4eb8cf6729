/* journey.c - the book of journeys; today the receipts. */
#include "flow/journey.h"

#include "base/json_write.h"
#include "base/limits.h"
#include "flow/owed.h"

static const char *const class_words[CLASS_COUNT] = {"transactional", "marketing", "safety"};
static const char *const lane_words[LANE_COUNT] = {"receipts", "support", "journeys", "campaigns"};

struct JourneyBook {
    Arena *arena;
    Journey *list;
    size_t count;
};

static const Json *
receipt_config(Arena *arena, const Owed *receipt, GError **error)
{
    Buf buf = {.arena = arena};
    JsonWriter out = {.buf = &buf};
    json_put_object(&out);
    json_put_key(&out, "template");
    json_put_str(&out, receipt->name);
    json_put_key(&out, "class");
    json_put_str(&out, class_words[receipt->class]);
    json_put_key(&out, "lane");
    json_put_str(&out, lane_words[receipt->lane]);
    json_put_key(&out, "receipt");
    json_put_str(&out, receipt->name);
    json_put_key(&out, "not_after");
    json_put_str(&out, receipt->not_after);
    if (*receipt->skip) {
        json_put_key(&out, "skip");
        json_put_str(&out, receipt->skip);
    }
    json_put_end(&out);
    json_put_done(&out);
    return json_parse(arena, buf.at, buf.len, error);
}

static bool
receipt_journey(Arena *arena, const Owed *receipt, Journey *ret, GError **error)
{
    JourneyStep *step = arena_new_of(arena, JourneyStep, 1);
    *step = (JourneyStep){"send", step_find(STR("send")), receipt_config(arena, receipt, error)};
    if (!step->config || !step_check(step->step, step->config, error))
        return fail_at(error, "receipt %s", receipt->name);
    *ret = (Journey){
        .name = receipt->name,
        .title = receipt->title,
        .event = receipt->event,
        .steps = step,
        .step_count = 1,
    };
    return true;
}

JourneyBook *
journeys_new(GError **error)
{
    g_autoptr(JourneyBook) book = g_new0(JourneyBook, 1);
    book->arena = arena_new(LIMIT_ARENA_BYTES);
    while (owed_nth(book->count))
        book->count++;
    book->list = arena_new_of(book->arena, Journey, book->count);
    for (size_t i = 0; i < book->count; i++)
        if (!receipt_journey(book->arena, owed_nth(i), &book->list[i], error))
            return NULL;
    return g_steal_pointer(&book);
}

void
journeys_free(JourneyBook *book)
{
    if (!book)
        return;
    arena_free(book->arena);
    g_free(book);
}

bool
journey_listens(EventKind kind)
{
    for (size_t i = 0; owed_nth(i); i++)
        if (owed_nth(i)->event == kind)
            return true;
    return false;
}

const Journey *
journey_nth(const JourneyBook *book, size_t n)
{
    return n < book->count ? &book->list[n] : NULL;
}

const Journey *
journey_find(const JourneyBook *book, Str name)
{
    for (size_t i = 0; i < book->count; i++)
        if (str_is(name, book->list[i].name))
            return &book->list[i];
    return NULL;
}

const JourneyStep *
journey_step(const Journey *journey, Str id)
{
    for (size_t i = 0; i < journey->step_count; i++)
        if (str_is(id, journey->steps[i].id))
            return &journey->steps[i];
    return NULL;
}

const JourneyStep *
journey_step_after(const Journey *journey, const JourneyStep *step)
{
    size_t at = (size_t)(step - journey->steps) + 1;
    return at < journey->step_count ? &journey->steps[at] : NULL;
}
