/* consent.c - the one gate; see consent.h. */
#include "flow/consent.h"

#include "engine/clock.h"
#include "engine/id.h"
#include "flow/erase.h"

static bool
verdict_no(ConsentVerdict *ret, Reason reason)
{
    *ret = (ConsentVerdict){.reason = reason};
    return true;
}

/* *ret_stops: the address is suppressed for this class. */
static bool
suppression_check(Db *db, Arena *arena, const ConsentAsk *ask, bool *ret_stops, Str *ret_words,
                  GError **error)
{
    *ret_stops = false;
    g_autoptr(Rows) rows = db_rows(
        db, Q_suppression_find,
        BINDS(bind_int("shop", ask->shop->shop.id), bind_text("channel", ask->channel),
              bind_text("address", ask->address),
              bind_text("mark", erased_address(arena, ask->shop->fingerprints, ask->address))),
        error);
    if (!rows)
        return false;
    if (rows_next(rows)) {
        *ret_stops = str_is(rows_text(rows, 0), "all") || ask->class == CLASS_MARKETING;
        *ret_words = str_of(arena_format(arena, "%s (" STR_FMT ")", reason_words(REASON_SUPPRESSED),
                                         STR_ARG(rows_text(rows, 1))));
    }
    return rows_ok(rows, error);
}

/* When the person had all erased; a consent from before died with it, whatever list it stands on. 0: never. */
static bool
consent_erased_at(Db *db, Arena *arena, const ConsentAsk *ask, int64_t *ret, GError **error)
{
    *ret = 0;
    return db_int(
        db, Q_suppression_erased,
        BINDS(bind_int("shop", ask->shop->shop.id),
              bind_text("mark", erased_address(arena, ask->shop->fingerprints, ask->address))),
        ret, error);
}

bool
consent_basis(const ShopEntry *shop, Str basis)
{
    bool asks = str_is(shop_setting(shop, SETTING_RECEIPT_CONFIRM_SUBSCRIPTION), "on");
    return basis.len && !(asks && str_is(basis, "opt_in"));
}

static bool
consent_given(Db *db, Arena *arena, const ConsentAsk *ask, bool *ret, GError **error)
{
    int64_t erased_at;
    *ret = false;
    if (!consent_erased_at(db, arena, ask, &erased_at, error))
        return false;
    g_autoptr(Rows) rows =
        db_rows(db, Q_consent_find,
                BINDS(bind_int("shop", ask->shop->shop.id), bind_text("channel", ask->channel),
                      bind_text("address", ask->address), bind_text("topic", ask->topic)),
                error);
    if (!rows)
        return false;
    if (rows_next(rows))
        *ret = str_is(rows_text(rows, 0), "given") &&
               consent_basis(ask->shop, rows_text(rows, 1)) &&
               (!erased_at || rows_int(rows, 2) > erased_at);
    return rows_ok(rows, error);
}

static const Reason quiet_reasons[QUIET_COUNT] = {
    [QUIET_TEST] = REASON_TEST_ORDER,       [QUIET_DRAFT] = REASON_DRAFT_ORDER,
    [QUIET_FRAUD] = REASON_FRAUD_ORDER,     [QUIET_MARKETPLACE] = REASON_MARKETPLACE_ORDER,
    [QUIET_DELETED] = REASON_DELETED_ORDER,
};

/* What needs no look into the store. */
static Reason
consent_plain(const ConsentAsk *ask)
{
    const Shop *shop = &ask->shop->shop;
    if (!ask->address.len)
        return REASON_NO_ADDRESS;
    if (ask->subject_quiet)
        return quiet_reasons[ask->subject_quiet];
    if (ask->subject_over)
        return ask->subject_over;
    if (ask->class == CLASS_SAFETY)
        return REASON_NONE;
    if (!shop->is_live)
        return REASON_NOT_LIVE;
    if (ask->subject_at && ask->subject_at < shop->live_since)
        return REASON_HISTORY;
    if (ask->class == CLASS_MARKETING && !shop_setting(ask->shop, SETTING_LEGAL_ADDRESS).len)
        return REASON_NO_LEGAL_ADDRESS;
    if (ask->class == CLASS_MARKETING &&
        !shop_setting(ask->shop, SETTING_MARKETING_SUPPRESSIONS).len)
        return REASON_NO_SUPPRESSIONS;
    return REASON_NONE;
}

bool
consent_check(Db *db, Arena *arena, const ConsentAsk *ask, ConsentVerdict *ret, GError **error)
{
    must(ask->class >= 0 && ask->class < CLASS_COUNT);
    Reason reason = consent_plain(ask);
    /* "Would have gone" has to be true: for a shop that is not live, the other reasons come first. */
    if (reason && reason != REASON_NOT_LIVE)
        return verdict_no(ret, reason);
    bool suppressed = false;
    Str words = {0};
    if (!suppression_check(db, arena, ask, &suppressed, &words, error))
        return false;
    if (suppressed) {
        *ret = (ConsentVerdict){.reason = REASON_SUPPRESSED, .words = words};
        return true;
    }
    bool given = true;
    if (ask->class == CLASS_MARKETING && !consent_given(db, arena, ask, &given, error))
        return false;
    if (!given)
        return verdict_no(ret, REASON_NO_CONSENT);
    if (reason)
        return verdict_no(ret, reason);
    *ret = (ConsentVerdict){.may = true};
    return true;
}

bool
suppression_add(Db *db, const Suppression *suppression, GError **error)
{
    return db_run(
        db, Q_suppression_append,
        BINDS(bind_int("id", id_new(KIND_SUPPRESSION)), bind_int("shop", suppression->shop),
              bind_int("at", clock_now()), bind_id("cause", suppression->cause),
              bind_text("channel", suppression->channel),
              bind_text("address", suppression->address), bind_cstr("scope", suppression->scope),
              bind_cstr("reason", suppression->reason)),
        NULL, error);
}
