/* postbox.c - mails handed over by LMTP become inbox rows; see postbox.h. */
#include "flow/postbox.h"

#include "base/address.h"
#include "base/limits.h"
#include "engine/lmtp.h"
#include "engine/log.h"
#include "engine/verp.h"
#include "flow/inbox.h"

enum { STOP_GRACE_MS = 5000, ARENA_BYTES = 4 * LIMIT_MAIL_BYTES };

struct Postbox {
    Flow *flow;
    Lmtp *lmtp;
};

/* One mail for one recipient, on its way into the store. */
typedef struct Handed {
    Flow *flow;   /* not the postbox: it may be gone before the last COMMIT */
    Arena *arena; /* of all of it, this too */
    LmtpDelivery *delivery;
    size_t rcpt;
} Handed;

/* ---- whose mail is it -------------------------------------------------------------------------- */

static bool
address_is(Arena *arena, Str setting, Str key)
{
    Address address;
    return setting.len && address_parse(arena, setting, &address, NULL) &&
           str_eq(address_key(arena, &address), key);
}

static bool
shop_has_address(Arena *arena, const ShopEntry *shop, const Address *address)
{
    Str key = address_key(arena, address);
    Str domain = shop_setting(shop, SETTING_MAIL_BOUNCE_DOMAIN);
    return (domain.len && str_eq_nocase(address->domain, arena_cstr(arena, domain))) ||
           address_is(arena, shop_setting(shop, SETTING_MAIL_REPLY_TO), key) ||
           address_is(arena, shop_setting(shop, SETTING_MAIL_FROM), key);
}

/* The shop whose address it is; 0: nobody's. Two shops with one address: the older. */
static int64_t
shop_of_address(const Postbox *postbox, Str text)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_TEXT_BYTES * 16);
    ShopBook *shops = flow_options(postbox->flow)->shops;
    Address address;
    if (!address_parse_spec(arena, text, &address, NULL))
        return 0;
    for (size_t i = 0;; i++) {
        g_autoptr(ShopHold) shop = shopbook_nth(shops, i);
        if (!shop)
            return 0;
        if (shop_has_address(arena, shop, &address))
            return shop->shop.id;
    }
}

/* The token of a recipient: the message whose return path it is, or a shop as a negative number. */
static LmtpVerdict
postbox_rcpt(Str address, int64_t *ret_token, void *arg)
{
    const Postbox *postbox = arg;
    int64_t message = 0;
    if (verp_read_return_path(flow_options(postbox->flow)->mail_ids, address, &message)) {
        *ret_token = message;
        return LMTP_ACCEPT;
    }
    int64_t shop = shop_of_address(postbox, address);
    *ret_token = -shop;
    return shop ? LMTP_ACCEPT : LMTP_REFUSE;
}

static bool
shop_read(Db *db, int64_t message, int64_t *ret_shop, GError **error)
{
    g_autoptr(Rows) rows = db_rows(db, Q_inbound_shop, BINDS(bind_int("id", message)), error);
    if (!rows)
        return false;
    *ret_shop = rows_next(rows) ? rows_int(rows, 0) : 0;
    return rows_ok(rows, error);
}

/* *ret_shop is 0 if the message is not there (any more). */
static bool
shop_of_message(const Postbox *postbox, int64_t message, int64_t *ret_shop, GError **error)
{
    Store *store = flow_options(postbox->flow)->store;
    Db *db = store_reader(store, error);
    if (!db)
        return false;
    bool ok = shop_read(db, message, ret_shop, error);
    store_reader_return(store, db);
    return ok;
}

static bool
shop_of_token(const Postbox *postbox, int64_t token, int64_t *ret_shop, GError **error)
{
    *ret_shop = -token;
    return token < 0 || shop_of_message(postbox, token, ret_shop, error);
}

/* ---- taking it in --------------------------------------------------------------------------------- */

/* On the writer's thread, after the COMMIT. */
static void
handed_done(StoreTask *task, const GError *error)
{
    const InboxNew *mail = (InboxNew *)task;
    Handed *handed = mail->caller;
    Arena *arena = handed->arena;
    if (error)
        log_warn("postbox.not_kept", "error=\"%s\"", error->message);
    else
        flow_wake_inbox(handed->flow);
    lmtp_answer(handed->delivery, handed->rcpt, error ? LMTP_LATER : LMTP_ACCEPT);
    arena_free(arena);
}

static LmtpVerdict
handed_post(const Postbox *postbox, LmtpDelivery *delivery, size_t rcpt, int64_t shop_id)
{
    Store *store = flow_options(postbox->flow)->store;
    g_autoptr(ShopHold) shop = shopbook_get(flow_options(postbox->flow)->shops, shop_id);
    if (!shop)
        return LMTP_REFUSE;
    Arena *arena = arena_new(ARENA_BYTES);
    Buf body = {.arena = arena};
    Str lines = lmtp_envelope_lines(arena, delivery, rcpt);
    buf_reserve(&body, lines.len + delivery->mail.len);
    buf_add_str(&body, lines);
    buf_add_str(&body, delivery->mail);
    Handed *handed = arena_new_of(arena, Handed, 1);
    *handed = (Handed){postbox->flow, arena, delivery, rcpt};
    InboxAsk ask = {.store = store, .shop = shop, .body = buf_str(&body)};
    InboxNew *mail = inbox_mail(arena, &ask);
    mail->caller = handed;
    mail->task.done = handed_done;
    inbox_post(store, mail);
    return LMTP_ACCEPT;
}

static void
postbox_deliver(LmtpDelivery *delivery, void *arg)
{
    const Postbox *postbox = arg;
    /* The delivery is gone after its last answer, which may be given while this still runs. */
    size_t count = delivery->count;
    for (size_t i = 0; i < count; i++) {
        g_autoptr(GError) error = NULL;
        int64_t shop = 0;
        if (!shop_of_token(postbox, delivery->rcpts[i].token, &shop, &error)) {
            log_warn("postbox.not_kept", "error=\"%s\"", error->message);
            lmtp_answer(delivery, i, LMTP_LATER);
        } else if (handed_post(postbox, delivery, i, shop) == LMTP_REFUSE) {
            lmtp_answer(delivery, i, LMTP_REFUSE);
        }
    }
}

/* ---- its life -------------------------------------------------------------------------------------- */

Postbox *
postbox_new(Flow *flow, const char *listen, GError **error)
{
    Postbox *postbox = g_new0(Postbox, 1);
    LmtpHooks hooks = {.rcpt = postbox_rcpt, .deliver = postbox_deliver, .arg = postbox};
    postbox->flow = flow;
    postbox->lmtp = lmtp_new(&(LmtpOptions){.listen = listen}, &hooks, error);
    if (!postbox->lmtp) {
        g_free(postbox);
        return NULL;
    }
    log_info("postbox.listens", "port=%d", lmtp_port(postbox->lmtp));
    return postbox;
}

int
postbox_port(const Postbox *postbox)
{
    return lmtp_port(postbox->lmtp);
}

void
postbox_free(Postbox *postbox)
{
    if (!postbox)
        return;
    lmtp_stop(postbox->lmtp, STOP_GRACE_MS);
    lmtp_free(postbox->lmtp);
    g_free(postbox);
}
