/* mailbox.c - who is due, and what became of it; see mailbox.h. */
#include "flow/mailbox_inside.h"

#include "base/civil.h"
#include "base/limits.h"
#include "engine/clock.h"
#include "engine/log.h"

#include <string.h>

enum {
    EVERY_MS = MINUTE_MS,
    LATER_MOST_MS = HOUR_MS,
};

Mailbox *
mailbox_new(Flow *flow, const FlowOptions *options)
{
    Mailbox *mailbox = g_new0(Mailbox, 1);
    mailbox->flow = flow;
    mailbox->options = *options;
    pthread_mutex_init(&mailbox->lock, NULL);
    return mailbox;
}

void
mailbox_free(Mailbox *mailbox)
{
    if (!mailbox)
        return;
    pthread_mutex_destroy(&mailbox->lock);
    g_free(mailbox);
}

void
mailbox_stop(Mailbox *mailbox)
{
    atomic_store(&mailbox->stop, true);
    pthread_mutex_lock(&mailbox->lock);
    if (mailbox->imap)
        imap_stop(mailbox->imap);
    pthread_mutex_unlock(&mailbox->lock);
}

/* ---- which there are ----------------------------------------------------------------------------- */

typedef struct Enrolment {
    int64_t shop;
    const char *kind;
    const char *place; /* NULL: it is not to be read any more */
    Query query;
} Enrolment;

static bool
enrol_job(Db *db, void *arg, GError **error)
{
    const Enrolment *one = arg;
    bool enrols = one->query == Q_mailbox_enroll, hastens = one->query == Q_mailbox_hasten;
    if (enrols)
        return db_run(db, Q_mailbox_enroll,
                      BINDS(bind_int("shop", one->shop), bind_cstr("kind", one->kind),
                            bind_cstr("place", one->place), bind_int("wake", clock_now())),
                      NULL, error);
    if (hastens)
        return db_run(db, Q_mailbox_hasten,
                      BINDS(bind_int("now", clock_now()), bind_int("shop", one->shop),
                            bind_cstr("kind", one->kind)),
                      NULL, error);
    return db_run(db, Q_mailbox_forget,
                  BINDS(bind_int("shop", one->shop), bind_cstr("kind", one->kind)), NULL, error);
}

/* *ret_place is empty if none is enrolled. */
static bool
place_read(const Mailbox *mailbox, Arena *arena, const Enrolment *one, Str *ret_place,
           int64_t *ret_failures, GError **error)
{
    Db *db = store_reader(mailbox->options.store, error);
    if (!db)
        return false;
    Rows *rows = db_rows(db, Q_mailbox_place,
                         BINDS(bind_int("shop", one->shop), bind_cstr("kind", one->kind)), error);
    if (rows && rows_next(rows)) {
        *ret_place = arena_copy(arena, rows_text(rows, 0));
        *ret_failures = rows_int(rows, 1);
    }
    bool ok = rows && rows_ok(rows, error);
    rows_close(rows);
    store_reader_return(mailbox->options.store, db);
    return ok;
}

static bool
enrol_one(Mailbox *mailbox, Enrolment *one, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_TEXT_BYTES);
    Str known = {0};
    int64_t failures = 0;
    if (!place_read(mailbox, arena, one, &known, &failures, error))
        return false;
    if (one->place && !str_is(known, one->place))
        one->query = Q_mailbox_enroll;
    else if (!one->place && known.len)
        one->query = Q_mailbox_forget;
    else if (one->place && failures && mailbox->enrolled_at)
        one->query = Q_mailbox_hasten;
    else
        return true;
    return store_write(mailbox->options.store, STORE_FLOW, enrol_job, one, error);
}

/* Which mailbox a setting means, without its password; one that cannot be read is tried, so that its reason is seen. */
static const char *
imap_place(Arena *arena, const ShopEntry *shop)
{
    Str url = shop_setting(shop, SETTING_MAILBOX_IMAP);
    ImapServer server;
    if (!url.len)
        return NULL;
    if (!mailbox_imap_parse(arena, url, &server, NULL))
        return "?";
    return arena_format(arena, "%s@%s:%d/%s", server.user, server.host, server.port,
                        server.mailbox);
}

/* Mailboxes that were set, or taken away, since the last look. */
static bool
enrol(Mailbox *mailbox, GError **error)
{
    int64_t now = clock_monotonic(), version = shopbook_version(mailbox->options.shops);
    if (mailbox->enrolled_at && version == mailbox->enrolled_version)
        return true;
    const char *maildir = mailbox->options.maildir;
    Enrolment folder = {.kind = "maildir", .place = maildir && *maildir ? maildir : NULL};
    if (!enrol_one(mailbox, &folder, error))
        return false;
    for (size_t n = 0;; n++) {
        g_autoptr(Arena) arena = arena_new(LIMIT_TEXT_BYTES);
        g_autoptr(ShopHold) shop = shopbook_nth(mailbox->options.shops, n);
        if (!shop)
            break;
        Enrolment one = {shop->shop.id, "imap", imap_place(arena, shop), 0};
        if (!enrol_one(mailbox, &one, error))
            return false;
    }
    mailbox->enrolled_at = now;
    mailbox->enrolled_version = version;
    return true;
}

/* ---- keeping -------------------------------------------------------------------------------------- */

typedef struct Keeping {
    const MailboxVisit *visit;
    InboxNew *mail; /* NULL: only the place moves */
} Keeping;

static bool
keep_job(Db *db, void *arg, GError **error)
{
    const Keeping *keeping = arg;
    const MailboxVisit *visit = keeping->visit;
    return (!keeping->mail || inbox_keep(db, keeping->mail, error)) &&
           db_run(db, Q_mailbox_move,
                  BINDS(bind_int("uidvalidity", visit->place.uidvalidity),
                        bind_int("uid", visit->place.uid),
                        bind_int("taken", keeping->mail && !keeping->mail->repeated),
                        bind_int("shop", visit->shop ? visit->shop->shop.id : 0),
                        bind_cstr("kind", visit->kind)),
                  NULL, error);
}

bool
mailbox_keep(const MailboxVisit *visit, const ShopEntry *shop, Str mail, GError **error)
{
    Store *store = visit->mailbox->options.store;
    InboxAsk ask = {.store = store, .shop = shop, .body = mail};
    Keeping keeping = {visit, mail.len ? inbox_mail(visit->arena, &ask) : NULL};
    if (!store_write(store, STORE_INTAKE, keep_job, &keeping, error))
        return false;
    if (keeping.mail)
        flow_wake_inbox(visit->mailbox->flow);
    return true;
}

/* ---- one look -------------------------------------------------------------------------------------- */

typedef struct Settling {
    int64_t shop;
    const char *kind;
    int64_t wake;
    int64_t polled_at; /* 0: there is more, or it failed */
    int64_t failures;
    const char *reason;
} Settling;

static bool
settle_job(Db *db, void *arg, GError **error)
{
    const Settling *settling = arg;
    return db_run(db, Q_mailbox_settle,
                  BINDS(bind_int("wake", settling->wake), bind_id("polled_at", settling->polled_at),
                        bind_int("failures", settling->failures),
                        bind_cstr("reason", settling->reason), bind_int("shop", settling->shop),
                        bind_cstr("kind", settling->kind)),
                  NULL, error);
}

static bool
visit_settle(const MailboxVisit *visit, const GError *problem, GError **error)
{
    int64_t now = clock_now();
    Settling settling = {
        .shop = visit->shop ? visit->shop->shop.id : 0,
        .kind = visit->kind,
        .wake = visit->more ? now : now + EVERY_MS,
        .polled_at = visit->more ? 0 : now,
        .reason = visit->left,
    };
    if (problem) {
        int64_t later = (int64_t)MINUTE_MS << MIN(visit->failures, 6);
        /* Logins that fail again and again lock an account; what a server refuses otherwise is mostly of the moment. */
        bool login = error_is(problem, ERR_AUTH) || error_is(problem, ERR_CONFIG);
        settling.wake = now + MIN(login ? 10 * later : later, LATER_MOST_MS);
        settling.polled_at = 0;
        settling.failures = visit->failures + 1;
        settling.reason = problem->message;
        if (!visit->failures)
            log_failure("mailbox.failed", problem, "shop=" STR_FMT " kind=%s",
                        STR_ARG(visit->shop ? visit->shop->shop.slug : STR("-")), visit->kind);
    }
    return store_write(visit->mailbox->options.store, STORE_FLOW, settle_job, &settling, error);
}

/* The one that has waited longest. *ret_kind is empty: nobody is due. */
static bool
visit_take(MailboxVisit *visit, int64_t *ret_shop, Str *ret_kind, GError **error)
{
    Store *store = visit->mailbox->options.store;
    Db *db = store_reader(store, error);
    if (!db)
        return false;
    Rows *rows = db_rows(db, Q_mailbox_due, BINDS(bind_int("now", clock_now())), error);
    if (rows && rows_next(rows)) {
        *ret_shop = rows_int(rows, 0);
        *ret_kind = arena_copy(visit->arena, rows_text(rows, 1));
        visit->place = (ImapPlace){(uint32_t)rows_int(rows, 2), (uint32_t)rows_int(rows, 3)};
        visit->failures = rows_int(rows, 4);
    }
    bool ok = rows && rows_ok(rows, error);
    rows_close(rows);
    store_reader_return(store, db);
    return ok;
}

bool
mailbox_turn(Mailbox *mailbox, bool *ret_moved, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    g_autoptr(GError) problem = NULL;
    MailboxVisit visit = {.mailbox = mailbox, .arena = arena};
    int64_t id = 0;
    Str kind = {0};
    *ret_moved = false;
    if (atomic_load(&mailbox->stop))
        return true;
    if (!enrol(mailbox, error) || !visit_take(&visit, &id, &kind, error))
        return false;
    if (!kind.len)
        return true;
    *ret_moved = true;
    g_autoptr(ShopHold) shop = id ? shopbook_get(mailbox->options.shops, id) : NULL;
    visit.shop = shop;
    visit.kind = kind.at;
    bool is_imap = str_is(kind, "imap");
    bool ok = is_imap ? shop && mailbox_imap_read(&visit, &problem)
                      : mailbox_maildir_read(&visit, &problem);
    if (!ok && !problem)
        fail(&problem, ERR_CONFIG, "there is no such shop any more");
    if (!ok && atomic_load(&mailbox->stop))
        return true; /* we broke it off ourselves */
    return visit_settle(&visit, problem, error);
}
