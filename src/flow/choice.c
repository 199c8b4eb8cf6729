/* choice.c - see choice.h. */
#include "flow/choice.h"

#include "base/address.h"
#include "base/limits.h"
#include "base/text.h"
#include "engine/id.h"
#include "flow/event.h"

/* The form in which the gate asks for an address of a channel. */
static Str
address_normal(Arena *arena, Str channel, Str address)
{
    Address parsed;
    if (str_is(channel, "email") && address_parse_spec(arena, address, &parsed, NULL))
        return address_key(arena, &parsed);
    return text_lower(arena, text_line(arena, address, LIMIT_TEXT_BYTES));
}

ConsentFact
choice_clean(Arena *arena, const ConsentFact *told)
{
    ConsentFact choice = *told;
    choice.address = address_normal(arena, told->channel, told->address);
    choice.topic = text_line(arena, told->topic, LIMIT_TEXT_BYTES);
    choice.basis = text_line(arena, told->basis, LIMIT_TEXT_BYTES);
    choice.proof = text_line(arena, told->proof, LIMIT_TEXT_BYTES);
    return choice;
}

typedef struct Knowing {
    bool any;
    bool given;
    Str basis;
    int64_t chosen_at;
} Knowing;

static bool
choice_recall(const Learn *learn, const ConsentFact *choice, Knowing *ret, bool *ret_same,
              GError **error)
{
    g_autoptr(Rows) rows =
        db_rows(learn->db, Q_choice_known,
                BINDS(bind_int("shop", learn->shop), bind_text("channel", choice->channel),
                      bind_text("address", choice->address), bind_text("topic", choice->topic)),
                error);
    if (!rows)
        return false;
    if (rows_next(rows)) {
        ret->any = true;
        ret->given = str_is(rows_text(rows, 0), "given");
        ret->chosen_at = rows_int(rows, 2);
        *ret_same = ret->given == choice->given && str_eq(rows_text(rows, 1), choice->basis);
    }
    return rows_ok(rows, error);
}

static bool
choice_append(const Learn *learn, const ConsentFact *choice, GError **error)
{
    int64_t id = id_new(KIND_CONSENT);
    EventNew event = {
        .subject_id = id,
        .kind = choice->given ? EVENT_CONSENT_GIVEN : EVENT_CONSENT_WITHDRAWN,
        .happened_at = choice->chosen_at ? choice->chosen_at : learn->at,
    };
    return db_run(learn->db, Q_consent_append,
                  BINDS(bind_int("id", id), bind_int("shop", learn->shop),
                        bind_int("at", learn->at), bind_id("cause", learn->cause),
                        bind_text("channel", choice->channel),
                        bind_text("address", choice->address), bind_text("topic", choice->topic),
                        bind_cstr("state", choice->given ? "given" : "withdrawn"),
                        bind_text("basis", choice->basis), bind_some("proof", choice->proof),
                        bind_int("chosen_at", choice->chosen_at)),
                  NULL, error) &&
           event_append(learn, &event, error);
}

bool
choice_learn(const Learn *learn, const ConsentFact *choice, Learned *ret, GError **error)
{
    Knowing known = {0};
    bool same = false;
    *ret = LEARNED_SAME;
    if (!choice->address.len)
        return true;
    if (!choice_recall(learn, choice, &known, &same, error))
        return false;
    if (same)
        return true;
    /* Of one moment a "no" outweighs a "yes". */
    if (known.any && (choice->chosen_at < known.chosen_at ||
                      (choice->chosen_at == known.chosen_at && !known.given && choice->given))) {
        *ret = LEARNED_OLDER;
        return true;
    }
    *ret = known.any ? LEARNED_CHANGED : LEARNED_NEW;
    return choice_append(learn, choice, error);
}
