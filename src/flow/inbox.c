/* inbox.c - stage 1: raw bytes in, facts learned; see inbox.h. */
#include "flow/inbox.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/text.h"
#include "engine/clock.h"
#include "engine/id.h"
#include "flow/body.h"
#include "flow/facts.h"
#include "flow/inbound.h"
#include "flow/order_mail.h"
#include "flow/stage.h"

#include <string.h>

/* ---- taking it in --------------------------------------------------------------------------------- */

static bool
inbox_append(Db *db, void *arg, GError **error)
{
    InboxNew *delivery = arg;
    int64_t changed = 0;
    if (!db_run(db, Q_inbox_append,
                BINDS(bind_int("id", delivery->id), bind_int("shop", delivery->shop),
                      bind_int("at", clock_now()), bind_null("cause"),
                      bind_cstr("connector", delivery->connector),
                      bind_text("topic", delivery->topic),
                      bind_text("delivery", delivery->delivery),
                      bind_int("body_bytes", (int64_t)delivery->body_bytes)),
                &changed, error))
        return false;
    delivery->repeated = changed == 0;
    return delivery->repeated ||
           body_save(db, BODY_INBOX, delivery->shop, delivery->id, delivery->body, error);
}

/* The secret that this shop shares with a connector; its place is the connector's in connectors.def. */
static const ConnectorSecret *
inbox_secret(const ShopEntry *shop, const Connector *connector)
{
    size_t i = 0;
    while (connector_nth(i) != connector)
        must(connector_nth(i++));
    return &shop->secrets[i];
}

/* A sender without delivery ids is known by what it says. The name outlives the body, so it is keyed. */
static Str
inbox_name(Arena *arena, const InboxAsk *ask)
{
    uint8_t digest[DIGEST_BYTES];
    size_t len = hmac_make(ask->shop->digests, ask->body, digest);
    return str_of(encode(arena, ENCODE_HEX, (Str){(const char *)digest, len}));
}

/* The deliveries of one topic say mostly the same. */
static Str
inbox_pack(Arena *arena, const InboxAsk *ask, const InboxNew *delivery)
{
    Buf name = {.arena = arena};
    buf_add_cstr(&name, delivery->connector);
    buf_add_char(&name, ' ');
    buf_add_str(&name, delivery->topic);
    BodyName known_as = {delivery->shop, BODY_INBOX, buf_str(&name)};
    return body_pack(ask->store, arena, &known_as, ask->body);
}

static InboxNew *
inbox_prepare(Arena *arena, const InboxAsk *ask, const char *connector, const Envelope *envelope)
{
    InboxNew *delivery = arena_new_of(arena, InboxNew, 1);
    *delivery = (InboxNew){
        .task = {.run = inbox_append, .arg = delivery},
        .id = id_new(KIND_INBOX),
        .shop = ask->shop->shop.id,
        .connector = connector,
        .topic = text_line(arena, envelope->topic, 200),
        .delivery = text_line(arena, envelope->delivery, 200),
        .body_bytes = ask->body.len,
    };
    delivery->body = inbox_pack(arena, ask, delivery);
    /* An id that has to be cut or cleaned could become another delivery's, and the second would be lost. */
    if (!delivery->delivery.len || !str_eq(delivery->delivery, envelope->delivery))
        delivery->delivery = inbox_name(arena, ask);
    return delivery;
}

static bool
inbox_no_secret(const InboxAsk *ask, const char *key, GError **error)
{
    return fail(error, ERR_AUTH,
                "the shop has no %s yet; set it with `postlude shop set " STR_FMT " %s=...`", key,
                STR_ARG(ask->shop->shop.slug), key);
}

/* What comes back, by a provider's webhook or as a mail that somebody hands on. */
static bool
inbox_check_inbound(Arena *arena, const InboxAsk *ask, const Inbound *inbound, InboxNew **ret,
                    GError **error)
{
    Setting setting;
    must(setting_find(str_of(inbound->secret), &setting));
    InboundSecret secret = {.secret = shop_setting(ask->shop, setting), .now = clock_now()};
    if (!secret.secret.len)
        return inbox_no_secret(ask, inbound->secret, error);
    InboundCertificate certificate;
    if (inbound->certificate &&
        (!inbound->certificate(arena, ask->body, &secret, &certificate, error) ||
         !signers_get(ask->signers, arena, &certificate, &secret.certificate, error)))
        return false;
    if (!inbound->check(arena, &ask->headers, ask->body, &secret, error))
        return false;
    Envelope envelope = {.topic = str_of(inbound->name)};
    if (inbound->delivery)
        envelope.delivery = inbound->delivery(arena, ask->body);
    *ret = inbox_prepare(arena, ask, inbound->name, &envelope);
    if (inbound->confirm_url)
        (*ret)->confirm_url = inbound->confirm_url(arena, ask->body);
    return true;
}

bool
inbox_check(Arena *arena, const InboxAsk *ask, InboxNew **ret, GError **error)
{
    const Connector *connector = connector_find(ask->connector);
    const Inbound *inbound = inbound_find(ask->connector);
    if (inbound)
        return inbox_check_inbound(arena, ask, inbound, ret, error);
    if (!connector || !connector->secret)
        return fail(error, ERR_NOT_FOUND, "there is no connector '" STR_FMT "'",
                    STR_ARG(ask->connector));
    const ConnectorSecret *secret = inbox_secret(ask->shop, connector);
    if (!secret->text.len)
        return inbox_no_secret(ask, connector->secret, error);
    Envelope envelope = {0};
    ConnectorKnock knock = {
        .headers = ask->headers,
        .body = ask->body,
        .secret = secret,
        .now = clock_now(),
        .settings = shop_settings(ask->shop),
    };
    if (!connector->check(&knock, &envelope, error))
        return false;
    *ret = envelope.ping ? NULL : inbox_prepare(arena, ask, connector->name, &envelope);
    return true;
}

InboxNew *
inbox_mail(Arena *arena, const InboxAsk *ask)
{
    static const char mail[] = "mail";
    Envelope envelope = {.topic = STR("mail")};
    must(inbound_find(str_of(mail)));
    return inbox_prepare(arena, ask, mail, &envelope);
}

InboxNew *
inbox_page(Arena *arena, const InboxAsk *ask, const Connector *connector, const ConnectorNoun *noun)
{
    Envelope envelope = {.topic = str_of(arena_format(arena, "poll/%s", noun->name))};
    return inbox_prepare(arena, ask, connector->name, &envelope);
}

bool
inbox_keep(Db *db, InboxNew *delivery, GError **error)
{
    return inbox_append(db, delivery, error);
}

InboxNew *
inbox_told(Arena *arena, const InboxAsk *ask, const Envelope *envelope)
{
    const Connector *connector = connector_find(ask->connector);
    must(connector);
    return inbox_prepare(arena, ask, connector->name, envelope);
}

void
inbox_post(Store *store, InboxNew *delivery)
{
    store_post(store, STORE_INTAKE, &delivery->task);
}

typedef struct Replay {
    int64_t shop;
    int64_t id;
    int64_t changed;
} Replay;

static bool
replay_job(Db *db, void *arg, GError **error)
{
    Replay *replay = arg;
    return db_run(db, Q_inbox_replay,
                  BINDS(bind_int("shop", replay->shop), bind_int("id", replay->id)),
                  &replay->changed, error);
}

bool
inbox_replay(Store *store, int64_t shop, int64_t id, GError **error)
{
    Replay replay = {.shop = shop, .id = id};
    if (!store_write(store, STORE_FLOW, replay_job, &replay, error))
        return false;
    return replay.changed ||
           fail(error, ERR_NOT_FOUND,
                "there is no unread delivery of this id with its body still kept");
}

/* ---- the stage: reading it --------------------------------------------------------------------------- */

typedef struct InboxRow {
    int64_t id;
    int64_t shop;
    Str source;
    FactsNews *news;
    const char *unread; /* a part of the news could not be read: why; NULL: all of it was */
    InboundNews *back;  /* not NULL: what came back, instead of news */
    const char *state;  /* decided already: unread, same; NULL: learn and see */
    const char *reason; /* in words */
    const HmacKey *fingerprints;
} InboxRow;

static bool
inbox_read_body(StageTurn *turn, Rows *rows, Facts *ret, GError **error)
{
    Arena *arena = turn->arena;
    const ShopEntry *shop = stage_shop(turn, rows_int(rows, 1));
    const Connector *connector = connector_find(rows_text(rows, 2));
    if (!connector)
        return fail(error, ERR_INPUT, "this version has no connector " STR_FMT,
                    STR_ARG(rows_text(rows, 2)));
    Str topic = arena_copy(turn->arena, rows_text(rows, 3)), body;
    if (!body_unpack(turn->db, turn->arena, rows_int(rows, 1), rows_blob(rows, 4), &body, error))
        return false;
    ConnectorAsk ask = {
        .arena = arena,
        .topic = topic,
        .body = body,
        .currency = arena_cstr(arena, shop->shop.currency),
        .zone = shop->zone,
        .settings = shop_settings(shop),
    };
    return connector->read(&ask, ret, error);
}

/* *ret_is is false if the row is a connector's. A mail may hold an order: then *ret is NULL, and *ret_facts has it. */
static bool
inbox_read_back(StageTurn *turn, Rows *rows, bool *ret_is, InboundNews **ret, Facts *ret_facts,
                GError **error)
{
    const Inbound *inbound = inbound_find(rows_text(rows, 2));
    bool is_order = false;
    Str body;
    *ret = NULL;
    *ret_is = inbound != NULL;
    if (!inbound)
        return true;
    const ShopEntry *shop = stage_shop(turn, rows_int(rows, 1));
    if (!body_unpack(turn->db, turn->arena, rows_int(rows, 1), rows_blob(rows, 4), &body, error))
        return false;
    const FlowOptions *options = flow_options(turn->flow);
    if (!inbound->read &&
        !order_mail_read(turn->arena, options->links, shop, body, &is_order, ret_facts, error))
        return false;
    if (is_order)
        return true;
    *ret = inbound_prepare(turn->arena, options, shop, inbound, body, error);
    return *ret != NULL;
}

static void
inbox_read_row(StageTurn *turn, Rows *rows, InboxRow *ret)
{
    Arena *arena = turn->arena;
    g_autoptr(GError) problem = NULL;
    Facts facts = {0};
    bool is_back = false;
    ret->id = rows_int(rows, 0);
    ret->shop = rows_int(rows, 1);
    ret->source = arena_copy(arena, rows_text(rows, 2));
    ret->fingerprints = flow_options(turn->flow)->keyring->suppression;
    if (!inbox_read_back(turn, rows, &is_back, &ret->back, &facts, &problem) ||
        (!is_back && !inbox_read_body(turn, rows, &facts, &problem))) {
        ret->state = "unread";
        ret->reason = arena_cstr(arena, str_of(problem->message));
        return;
    }
    if (ret->back)
        return;
    if (facts.declined.len) {
        ret->state = "same";
        ret->reason = arena_cstr(arena, facts.declined);
        return;
    }
    ret->news = facts_prepare(arena, &facts);
    ret->unread = facts.unread.len ? arena_cstr(arena, facts.unread) : NULL;
}

static bool
inbox_take(StageTurn *turn, GError **error)
{
    InboxRow *list = arena_new_of(turn->arena, InboxRow, turn->most);
    g_autoptr(Rows) rows =
        db_rows(turn->db, Q_inbox_take, BINDS(bind_int("limit", (int64_t)turn->most)), error);
    if (!rows)
        return false;
    while (turn->rows < turn->most && !arena_over(turn->arena) && rows_next(rows)) {
        flow_taking(turn->flow, rows_int(rows, 0));
        inbox_read_row(turn, rows, &list[turn->rows++]);
    }
    flow_taking(turn->flow, 0);
    turn->batch = list;
    turn->row_id = turn->rows ? list[0].id : 0;
    turn->row_shop = turn->rows ? list[0].shop : 0;
    return rows_ok(rows, error);
}

/* The state of a row in which nothing was new, and why. */
static const char *
count_state(const FactsCount *count, const char **ret_reason)
{
    *ret_reason = NULL;
    if (count->of[LEARNED_EARLY]) {
        *ret_reason = "it waits for its order or shipment, of which nobody has told us yet";
        return "early";
    }
    if (count->of[LEARNED_NEW] || count->of[LEARNED_CHANGED])
        return "done";
    if (count->of[LEARNED_ERASED]) {
        *ret_reason = "it tells of somebody who was erased";
        return "same";
    }
    *ret_reason = count->of[LEARNED_SAME] ? "the same as what is known already"
                                          : "older than what is known already";
    return "same";
}

static bool
inbox_finish(Db *db, const InboxRow *row, const char *state, const char *reason,
             int64_t *ret_changed, GError **error)
{
    return db_run(db, Q_inbox_finish,
                  BINDS(bind_cstr("state", state), bind_cstr("reason", reason),
                        bind_int("shop", row->shop), bind_int("id", row->id)),
                  ret_changed, error);
}

static bool
inbox_learn(Db *db, Arena *arena, const InboxRow *row, GError **error)
{
    const char *state = row->state, *reason = row->reason;
    bool erased = false;
    if (!state) {
        Learn learn = {
            .db = db,
            .shop = row->shop,
            .cause = row->id,
            .at = clock_now(),
            .source = row->source,
            .fingerprints = row->fingerprints,
        };
        FactsCount count = {{0}};
        if (row->back ? !inbound_learn(&learn, arena, row->back, &reason, &erased, error)
                      : !facts_learn(&learn, row->news, &count, error))
            return false;
        if (row->back)
            state = reason ? "same" : "done";
        else
            state = count_state(&count, &reason);
        /* What it tells of others is learned, and it would bring the person back into our files. */
        erased |= count.of[LEARNED_ERASED] && !row->unread && strcmp(state, "early") != 0;
        if (row->unread) {
            state = "unread";
            reason = row->unread;
        }
    }
    int64_t changed = 0;
    if (!inbox_finish(db, row, state, reason, &changed, error) ||
        (erased &&
         !db_run(db, Q_erase_delivery, BINDS(bind_int("shop", row->shop), bind_int("id", row->id)),
                 NULL, error)))
        return false;
    must(changed == 1); /* one flow, one turn at a time: nobody else finishes rows */
    return true;
}

static bool
inbox_write(Db *db, StageTurn *turn, GError **error)
{
    const InboxRow *list = turn->batch;
    for (size_t i = 0; i < turn->rows; i++) {
        flow_writing(turn->flow, list[i].id);
        if (!inbox_learn(db, turn->arena, &list[i], error))
            return false;
    }
    flow_writing(turn->flow, 0);
    return true;
}

static bool
inbox_aside(Db *db, int64_t shop, int64_t row, const char *why, GError **error)
{
    InboxRow known = {.id = row, .shop = shop};
    return inbox_finish(db, &known, "aside", why, NULL, error);
}

const Stage stage_inbox = {
    .name = "inbox",
    .lane = STORE_FLOW,
    .kind = KIND_INBOX,
    .shop_of = Q_suspect_inbox,
    .take = inbox_take,
    .write = inbox_write,
    .aside = inbox_aside,
};
