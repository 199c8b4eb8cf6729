/* merge.c - see merge.h. */
#include "flow/merge.h"

#include "engine/id.h"
#include "flow/early.h"

static bool
merge_row(const Learn *learn, int64_t from, int64_t into, const char *reason, GError **error)
{
    Bind shop = bind_int("shop", learn->shop);
    return db_run(learn->db, Q_merge_point,
                  BINDS(bind_int("into_id", into), shop, bind_int("from_id", from)), NULL, error) &&
           db_run(learn->db, Q_merge_append,
                  BINDS(bind_int("id", id_new(KIND_MERGE)), shop, bind_int("at", learn->at),
                        bind_id("cause", learn->cause), bind_int("from_id", from),
                        bind_int("into_id", into), bind_cstr("reason", reason)),
                  NULL, error);
}

/* The other half of a new customer by its address: of a guest the one account, of an account the guest. 0: none. */
static bool
merge_other(const Learn *learn, int64_t customer, Str email_key, int64_t *ret_other,
            bool *ret_is_guest, GError **error)
{
    *ret_other = 0;
    g_autoptr(Rows) rows =
        db_rows(learn->db, Q_merge_candidates,
                BINDS(bind_int("shop", learn->shop), bind_text("email_key", email_key),
                      bind_int("customer", customer)),
                error);
    if (!rows)
        return false;
    while (rows_next(rows)) {
        if (*ret_other) {
            *ret_other = 0; /* several: whose it is, nobody can tell */
            break;
        }
        *ret_other = rows_int(rows, 0);
        *ret_is_guest = rows_int(rows, 1) != 0;
    }
    return rows_ok(rows, error);
}

bool
merge_find(const Learn *learn, CustomerRef *ref, Str email_key, GError **error)
{
    int64_t other = 0;
    bool other_is_guest = false;
    if (!email_key.len)
        return true;
    if (!merge_other(learn, ref->id, email_key, &other, &other_is_guest, error))
        return false;
    if (!other)
        return true;
    if (other_is_guest)
        return merge_row(learn, other, ref->id, "same_address", error);
    ref->person = other;
    return merge_row(learn, ref->id, other, "same_address", error);
}

static bool
merge_person(const Learn *learn, int64_t customer, int64_t *ret, GError **error)
{
    *ret = 0;
    if (!db_int(learn->db, Q_merge_person,
                BINDS(bind_int("shop", learn->shop), bind_int("id", customer)), ret, error))
        return false;
    return *ret || fail(error, ERR_NOT_FOUND, "there is no such customer");
}

bool
merge_add(const Learn *learn, int64_t from, int64_t into, const char *reason, GError **error)
{
    int64_t from_person = 0, into_person = 0;
    if (!merge_person(learn, from, &from_person, error) ||
        !merge_person(learn, into, &into_person, error))
        return false;
    if (from_person == into_person)
        return fail(error, ERR_CONFLICT, "these two are one person already");
    if (from_person != from)
        return fail(error, ERR_CONFLICT,
                    "this customer stands behind another one; part them first, or merge that one");
    return merge_row(learn, from, into_person, reason, error);
}

/* An account as a merge names it. */
typedef struct Account {
    int64_t id; /* 0: nobody told us of it */
    int64_t person;
    bool erased;
} Account;

static bool
merge_account(const Learn *learn, Str foreign_id, Account *ret, GError **error)
{
    g_autoptr(Rows) rows =
        db_rows(learn->db, Q_merge_account,
                BINDS(bind_int("shop", learn->shop), bind_text("source", learn->source),
                      bind_text("foreign_id", foreign_id)),
                error);
    if (!rows)
        return false;
    if (rows_next(rows))
        *ret = (Account){rows_int(rows, 0), rows_int(rows, 1), !rows_is_null(rows, 2)};
    return rows_ok(rows, error);
}

bool
merge_learn(const Learn *learn, const MergeFact *merge, Learned *ret, GError **error)
{
    Account from = {0}, into = {0};
    int64_t taken_back = 0;
    if (!merge_account(learn, merge->from_foreign_id, &from, error) ||
        !merge_account(learn, merge->into_foreign_id, &into, error))
        return false;
    if (!from.id || !into.id) {
        *ret = LEARNED_EARLY;
        return early_wait(learn, EARLY_CUSTOMER,
                          from.id ? merge->into_foreign_id : merge->from_foreign_id, error);
    }
    *ret = from.erased || into.erased ? LEARNED_ERASED : LEARNED_SAME;
    if (*ret == LEARNED_ERASED || from.person == into.person)
        return true;
    if (!db_int(learn->db, Q_merge_taken_back,
                BINDS(bind_int("shop", learn->shop), bind_int("from_id", from.id),
                      bind_int("from_person", from.person), bind_int("into_id", into.id),
                      bind_int("into_person", into.person)),
                &taken_back, error))
        return false;
    if (taken_back)
        return true;
    *ret = LEARNED_NEW;
    return merge_row(learn, from.person, into.person, "shop_system", error);
}

bool
merge_undo(const Learn *learn, int64_t from, GError **error)
{
    int64_t changed = 0, into = 0;
    Bind shop = bind_int("shop", learn->shop), id = bind_int("from_id", from);
    if (!merge_person(learn, from, &into, error) ||
        !db_run(learn->db, Q_merge_part, BINDS(shop, id), &changed, error))
        return false;
    if (!changed)
        return fail(error, ERR_NOT_FOUND, "this customer is not merged with another");
    return db_run(learn->db, Q_merge_follow, BINDS(shop, id, bind_int("into_id", into)), NULL,
                  error) &&
           db_run(learn->db, Q_merge_undone, BINDS(bind_int("at", learn->at), shop, id), NULL,
                  error);
}
