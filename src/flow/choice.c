/* choice.c - see choice.h. */
#include "flow/choice.h"

#include "base/limits.h"
#include "base/text.h"
#include "engine/id.h"
#include "flow/erase.h"
#include "flow/customer.h"
#include "flow/event.h"

/* The form in which the gate asks for an address of a channel. */
static Str
address_normal(Arena *arena, Str channel, Str address)
{
    Str line = text_line(arena, address, LIMIT_TEXT_BYTES);
    return str_is(channel, "email") ? customer_email_key(arena, line) : text_lower(arena, line);
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

/* When the choice was made. Nobody chose in the future: with the clock of another machine ahead of ours, the "no" that
 * somebody says next would count as the older one. */
static int64_t
choice_moment(const Learn *learn, const ConsentFact *choice)
{
    return MIN(choice->chosen_at, learn->at);
}

static bool
choice_append(const Learn *learn, const ConsentFact *choice, bool changes, GError **error)
{
    int64_t id = id_new(KIND_CONSENT), chosen_at = choice_moment(learn, choice);
    EventNew event = {
        .subject_id = id,
        .kind = choice->given ? EVENT_CONSENT_GIVEN : EVENT_CONSENT_WITHDRAWN,
        .happened_at = chosen_at ? chosen_at : learn->at,
    };
    return db_run(learn->db, Q_consent_append,
                  BINDS(bind_int("id", id), bind_int("shop", learn->shop),
                        bind_int("at", learn->at), bind_id("cause", learn->cause),
                        bind_text("channel", choice->channel),
                        bind_text("address", choice->address), bind_text("topic", choice->topic),
                        bind_cstr("state", choice->given ? "given" : "withdrawn"),
                        bind_text("basis", choice->basis), bind_some("proof", choice->proof),
                        bind_int("chosen_at", chosen_at)),
                  NULL, error) &&
           (!changes || event_append(learn, &event, error));
}

bool
choice_learn(const Learn *learn, const ConsentFact *choice, Learned *ret, GError **error)
{
    Knowing known = {0};
    bool same = false;
    int64_t chosen_at = choice_moment(learn, choice), erased_at = 0;
    *ret = LEARNED_SAME;
    if (!choice->address.len)
        return true;
    if (!erased_since(learn, choice->address, &erased_at, error) ||
        !choice_recall(learn, choice, &known, &same, error))
        return false;
    if (erased_at && chosen_at <= erased_at) {
        *ret = LEARNED_ERASED;
        return true;
    }
    /* The same once more counts from the newer moment: else what was chosen between the two and is told last would win. */
    if (same)
        return chosen_at <= known.chosen_at || choice_append(learn, choice, false, error);
    /* Of one moment a "no" outweighs a "yes". */
    if (known.any && (chosen_at < known.chosen_at ||
                      (chosen_at == known.chosen_at && !known.given && choice->given))) {
        *ret = LEARNED_OLDER;
        return true;
    }
    *ret = known.any ? LEARNED_CHANGED : LEARNED_NEW;
    return choice_append(learn, choice, true, error);
}
