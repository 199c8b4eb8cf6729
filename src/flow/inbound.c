/* inbound.c - what comes back is learned; see inbound.h. */
#include "flow/inbound.h"

#include "base/address.h"
#include "base/limits.h"
#include "base/text.h"
#include "engine/mime.h"
#include "engine/verp.h"
#include "flow/choice.h"
#include "flow/consent.h"
#include "flow/erase.h"
#include "flow/event.h"
#include "flow/receipt.h"

struct InboundNews {
    InboundFacts facts;
    bool is_signed; /* a provider's word */
    const HmacKey *mail_ids;
    int64_t soft_limit; /* different mails */
    int64_t soft_ms;
};

/* What a delivery answers, as far as it proves it; all 0 and empty if it does not. */
typedef struct Answered {
    int64_t delivery;
    int64_t order_id;
    int64_t customer_id;
    Str address;
} Answered;

typedef struct Hearing {
    const Learn *learn;
    Arena *arena;
    const InboundNews *news;
} Hearing;

/* ---- reading ------------------------------------------------------------------------------------ */

/* A setting that is a whole number; nonsense counts as the default. */
static int64_t
setting_number(const ShopEntry *shop, Setting setting)
{
    g_autofree char *text =
        g_strndup(shop_setting(shop, setting).at, shop_setting(shop, setting).len);
    int64_t number = g_ascii_strtoll(text, NULL, 10);
    return number > 0 ? number : g_ascii_strtoll(setting_row(setting)->value, NULL, 10);
}

InboundNews *
inbound_prepare(Arena *arena, const FlowOptions *options, const ShopEntry *shop,
                const Inbound *inbound, Str body, GError **error)
{
    InboundNews *news = arena_new_of(arena, InboundNews, 1);
    Letter letter;
    *news = (InboundNews){
        .is_signed = inbound->read != NULL,
        .mail_ids = options->mail_ids,
        .soft_limit = setting_number(shop, SETTING_BOUNCES_SOFT_LIMIT),
        .soft_ms = setting_number(shop, SETTING_BOUNCES_SOFT_DAYS) * DAY_MS,
    };
    if (inbound->read)
        return inbound->read(arena, body, &news->facts, error) ? news : NULL;
    if (!letter_read(arena, body, &letter, error))
        return NULL;
    inbound_read(arena, &letter, &news->facts);
    return news;
}

/* ---- which mail of ours ------------------------------------------------------------------------- */

static int64_t
message_named(const InboundNews *news, const InboundReport *report)
{
    int64_t id = 0;
    for (size_t i = 0; i < news->facts.delivered_to_count; i++)
        if (verp_read_return_path(news->mail_ids, news->facts.delivered_to[i], &id))
            return id;
    if (report && verp_read_message_id(news->mail_ids, report->message_id, &id))
        return id;
    return verp_read_message_id(news->mail_ids, news->facts.message_ids, &id) ? id : 0;
}

static bool
answered_find(const Hearing *hearing, const InboundReport *report, Answered *ret, GError **error)
{
    const Learn *learn = hearing->learn;
    int64_t id = message_named(hearing->news, report);
    *ret = (Answered){0};
    if (!id)
        return true;
    g_autoptr(Rows) rows = db_rows(learn->db, Q_inbound_message,
                                   BINDS(bind_int("shop", learn->shop), bind_int("id", id)), error);
    if (!rows)
        return false;
    if (rows_next(rows))
        *ret = (Answered){
            .order_id = rows_int(rows, 0),
            .customer_id = rows_int(rows, 1),
            .address = arena_copy(hearing->arena, rows_text(rows, 2)),
            .delivery = rows_int(rows, 3),
        };
    return rows_ok(rows, error);
}

/* The normal form of an address; empty for what is none. */
static Str
address_normal_of(Arena *arena, Str address)
{
    Address read;
    return address_parse_spec(arena, address, &read, NULL) ? address_key(arena, &read) : (Str){0};
}

/* ---- what follows ------------------------------------------------------------------------------- */

static bool
hearing_keep(const Hearing *hearing, const Answered *answered, const char *kind, Str address,
             Str words, int64_t *ret_id, GError **error)
{
    const Learn *learn = hearing->learn;
    Receipt receipt = {
        .shop = learn->shop,
        .at = learn->at,
        .cause = answered->delivery ? answered->delivery : learn->cause,
        .inbox_id = learn->cause,
        .kind = kind,
        .address = address,
        .words = text_line(hearing->arena, words, LIMIT_TEXT_BYTES),
    };
    return receipt_append(learn->db, &receipt, ret_id, error);
}

static bool
hearing_tell(const Hearing *hearing, const Answered *answered, EventKind kind, int64_t at,
             GError **error)
{
    EventNew event = {
        .kind = kind,
        .happened_at = at ? at : hearing->learn->at,
        .order_id = answered->order_id,
        .customer_id = answered->customer_id,
    };
    return event_append(hearing->learn, &event, error);
}

static bool
suppress(const Hearing *hearing, Str address, const char *scope, const char *reason, int64_t cause,
         GError **error)
{
    const Learn *learn = hearing->learn;
    g_autoptr(Rows) rows = db_rows(learn->db, Q_inbound_suppressed,
                                   BINDS(bind_int("shop", learn->shop),
                                         bind_text("address", address), bind_cstr("scope", scope)),
                                   error);
    if (!rows)
        return false;
    bool known = rows_next(rows);
    if (!rows_ok(rows, error))
        return false;
    Suppression suppression = {
        .shop = learn->shop,
        .cause = cause,
        .channel = STR("email"),
        .address = address,
        .scope = scope,
        .reason = reason,
    };
    return known || suppression_add(learn->db, &suppression, error);
}

/* Too many soft ones in a row? */
static bool
soft_is_enough(const Hearing *hearing, Str address, bool *ret, GError **error)
{
    const Learn *learn = hearing->learn;
    g_autoptr(Rows) rows =
        db_rows(learn->db, Q_inbound_soft,
                BINDS(bind_int("shop", learn->shop), bind_text("address", address),
                      bind_int("since", learn->at - hearing->news->soft_ms)),
                error);
    if (!rows)
        return false;
    *ret = rows_next(rows) && rows_int(rows, 0) >= hearing->news->soft_limit;
    return rows_ok(rows, error);
}

static const char *
report_kind(const InboundReport *report)
{
    switch (report->outcome) {
    case REPORT_FAILED:
        return report->hard ? "bounce" : "soft_bounce";
    case REPORT_DELAYED:
        return "delayed";
    case REPORT_DELIVERED:
        return "delivered";
    case REPORT_COMPLAINED:
        return "complaint";
    case REPORT_TOLD:
        return "told";
    }
    must(false);
}

/* After the receipt: what it means for the address. */
static bool
report_follow(const Hearing *hearing, const Answered *answered, const InboundReport *report,
              Str address, int64_t receipt, GError **error)
{
    if (report->outcome == REPORT_COMPLAINED)
        return suppress(hearing, address, "marketing", "complaint", receipt, error) &&
               hearing_tell(hearing, answered, EVENT_MAIL_COMPLAINED, report->at, error);
    if (report->outcome != REPORT_FAILED)
        return true;
    bool stops = report->hard;
    if (!stops && !soft_is_enough(hearing, address, &stops, error))
        return false;
    const char *reason = report->hard ? "hard_bounce" : "soft_bounces";
    return (!stops || suppress(hearing, address, "all", reason, receipt, error)) &&
           hearing_tell(hearing, answered, EVENT_MAIL_BOUNCED, report->at, error);
}

static bool
report_learn(const Hearing *hearing, const InboundReport *report, bool *ret_erased, GError **error)
{
    Answered answered;
    int64_t receipt = 0;
    if (!answered_find(hearing, report, &answered, error))
        return false;
    bool proven = answered.delivery || hearing->news->is_signed;
    bool erased = str_is(answered.address, ERASED_ADDRESS);
    Str about = answered.address.len && !erased ? answered.address : report->recipient;
    Str address = proven ? address_normal_of(hearing->arena, about) : (Str){0};
    const char *words = arena_format(hearing->arena, "%s%s" STR_FMT, bounce_help(report->reason),
                                     report->words.len ? " " : "", STR_ARG(report->words));
    bool failed = report->outcome == REPORT_FAILED || report->outcome == REPORT_DELAYED;
    Str said = failed ? str_of(words) : report->words, kept;
    if (!erased_or_address(hearing->learn, hearing->arena, address, &kept, error))
        return false;
    /* A late bounce does not bring back who was erased: what it says names the address, and so does its mail. */
    erased |= !str_eq(kept, address);
    *ret_erased |= erased;
    address = kept;
    return hearing_keep(hearing, &answered, report_kind(report), address, erased ? STR("") : said,
                        &receipt, error) &&
           (!address.len || report_follow(hearing, &answered, report, address, receipt, error));
}

/* ---- people -------------------------------------------------------------------------------------- */

/* A "no" needs no proof: whoever it came from, marketing to that address stops. Of a token's mail the address is known
 * better than by what the sender calls himself. */
static bool
unsubscribe_learn(const Hearing *hearing, const Answered *answered, GError **error)
{
    Learned learned;
    const InboundFacts *facts = &hearing->news->facts;
    Str from = answered->address.len ? answered->address : facts->from;
    Str address = address_normal_of(hearing->arena, from);
    if (!hearing_keep(hearing, answered, "unsubscribe", address, facts->subject, NULL, error))
        return false;
    ConsentFact told = {
        .channel = STR("email"),
        .address = address,
        .basis = STR("asked"),
        .proof = STR("by mail"),
        .chosen_at = hearing->learn->at,
    };
    ConsentFact choice = choice_clean(hearing->arena, &told);
    return !address.len || choice_learn(hearing->learn, &choice, &learned, error);
}

static bool
person_learn(const Hearing *hearing, GError **error)
{
    const InboundFacts *facts = &hearing->news->facts;
    Answered answered;
    if (!answered_find(hearing, NULL, &answered, error))
        return false;
    if (facts->kind == INBOUND_UNSUBSCRIBE)
        return unsubscribe_learn(hearing, &answered, error);
    bool machine = facts->kind == INBOUND_AUTO, reply = facts->kind == INBOUND_REPLY;
    /* A sign of life of the address only if it proves that it had our mail. */
    Str address =
        answered.delivery ? address_normal_of(hearing->arena, answered.address) : (Str){0};
    const char *words = arena_format(hearing->arena, "%s%s" STR_FMT,
                                     machine ? auto_kind_slug(facts->auto_kind) : "",
                                     machine ? ": " : "", STR_ARG(facts->text));
    const char *kind = machine ? "auto_reply" : reply ? "reply" : "mail";
    return hearing_keep(hearing, &answered, kind, address, str_of(words), NULL, error) &&
           (machine || (!reply && !answered.delivery) ||
            hearing_tell(hearing, &answered, EVENT_REPLY_RECEIVED, 0, error));
}

bool
inbound_learn(const Learn *learn, Arena *arena, const InboundNews *news, const char **ret_reason,
              bool *ret_erased, GError **error)
{
    const InboundFacts *facts = &news->facts;
    Hearing hearing = {.learn = learn, .arena = arena, .news = news};
    *ret_reason = NULL;
    *ret_erased = false;
    if (facts->kind == INBOUND_SETUP) {
        *ret_reason = arena_cstr(arena, facts->notice);
        return true;
    }
    if (facts->kind != INBOUND_REPORT && facts->kind != INBOUND_COMPLAINT)
        return person_learn(&hearing, error);
    for (size_t i = 0; i < facts->report_count; i++)
        if (!report_learn(&hearing, &facts->reports[i], ret_erased, error))
            return false;
    if (!facts->report_count)
        *ret_reason = "a report in which no recipient is named";
    return true;
}
