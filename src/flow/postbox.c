/* postbox.c - mails handed over by LMTP become inbox rows; see postbox.h. */
#include "flow/postbox.h"

#include "base/limits.h"
#include "engine/lmtp.h"
#include "engine/log.h"
#include "flow/inbox.h"
#include "flow/mail_owner.h"

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

static LmtpVerdict
postbox_rcpt(Str address, int64_t *ret_token, void *arg)
{
    const Postbox *postbox = arg;
    bool ours = mail_owner_find(flow_options(postbox->flow), address, ret_token);
    return ours ? LMTP_ACCEPT : LMTP_REFUSE;
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
        log_warn("postbox.not_kept", "error=%s", error->message);
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
        if (!mail_owner_shop(flow_options(postbox->flow), delivery->rcpts[i].token, &shop,
                             &error)) {
            log_warn("postbox.not_kept", "error=%s", error->message);
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
