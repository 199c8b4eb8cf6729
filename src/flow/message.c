/* message.c - stage 4: words for messages; see message.h.
 *
 * The gate is asked here for the first time, so that nobody renders what will not leave; it is asked again
 * when the message is claimed (outbox.c), and that answer counts.
 */
#include "flow/message.h"

#include "base/address.h"
#include "base/token.h"
#include "engine/clock.h"
#include "engine/compose.h"
#include "engine/id.h"
#include "engine/verp.h"
#include "flow/body.h"
#include "flow/consent.h"
#include "flow/flow_inside.h"
#include "flow/legal.h"
#include "flow/order.h"
#include "flow/refund.h"
#include "flow/shipment.h"
#include "flow/skip.h"

#include <string.h>

static const char *const class_slugs[CLASS_COUNT] = {"transactional", "marketing", "safety"};

const char *
message_class_slug(MessageClass class)
{
    must((int)class >= 0 && class < CLASS_COUNT);
    return class_slugs[class];
}

MessageClass
message_class_find(Str slug)
{
    for (int i = 0; i < CLASS_COUNT; i++)
        if (str_is(slug, class_slugs[i]))
            return (MessageClass)i;
    return CLASS_MARKETING;
}

bool
message_append(Db *db, const MessageNew *message, GError **error)
{
    const StepMessage *step = message->step;
    return db_run(db, Q_message_append,
                  BINDS(bind_int("id", id_new(KIND_MESSAGE)), bind_int("shop", message->shop),
                        bind_int("at", message->at), bind_int("cause", message->cause),
                        bind_id("order_id", message->order_id),
                        bind_id("customer_id", message->customer_id),
                        bind_cstr("class", message_class_slug(step->class)),
                        bind_int("lane", step->lane), bind_text("channel", step->channel),
                        bind_text("template", step->template), bind_some("topic", step->topic),
                        bind_text("address", step->address), bind_id("about", message->about),
                        bind_some("skip", step->skip), bind_int("not_after", step->not_after)),
                  NULL, error);
}

bool
message_load(Db *db, Arena *arena, int64_t shop, int64_t id, MessageKept *ret, GError **error)
{
    g_autoptr(Rows) rows =
        db_rows(db, Q_message_sent_as, BINDS(bind_int("shop", shop), bind_int("id", id)), error);
    if (!rows)
        return false;
    if (!rows_next(rows))
        return rows_ok(rows, error) && fail(error, ERR_NOT_FOUND, "there is no such message");
    MessageKept kept = {
        .shop = shop,
        .address = arena_copy(arena, rows_text(rows, 0)),
        .subject = arena_copy(arena, rows_text(rows, 1)),
        .state = arena_copy(arena, rows_text(rows, 2)),
        .reason = arena_copy(arena, rows_text(rows, 3)),
        .words = arena_copy(arena, rows_text(rows, 4)),
        .at = rows_int(rows, 7),
        .template = arena_copy(arena, rows_text(rows, 8)),
        .order_id = rows_int(rows, 9),
    };
    if (!rows_is_null(rows, 5) &&
        !body_unpack(db, arena, shop, rows_blob(rows, 5), &kept.body, error))
        return false;
    *ret = kept;
    return true;
}

/* ---- the words of one message ----------------------------------------------------------------------- */

typedef struct MessageRow {
    int64_t id;
    int64_t shop_id;
    int64_t order_id;
    MessageClass class;
    Str template;
    Str topic; /* of marketing */
    Str address;
    Str skip;
    int64_t about;         /* a shipment, a refund or a choice; 0: the order */
    int64_t chosen_at;     /* of a choice, when it was made; 0: not known, or it is about none */
    const ShopEntry *shop; /* held until the row is done */
    /* What becomes of it: */
    const char *state;
    const char *reason;
    Str words;
    Str subject;
    Str body; /* packed */
    size_t body_bytes;
    Str locale;
    int64_t legal_id;
    Str legal_file; /* the legal text, where it is attached */
} MessageRow;

/* Longer ones are attached: behind 102 kB Gmail cuts a mail off, and the law wants all of it. */
enum { LEGAL_INSIDE_BYTES = 32 * 1024 };

/* What a message tells of. */
typedef struct Matter {
    OrderRow order;
    ShipmentRow shipment;
    Refund refund;
    const ShipmentRow *has_shipment; /* NULL: it tells of none */
    const Refund *has_refund;
    bool with_cancellation; /* of the refund */
} Matter;

static void
message_stop(MessageRow *row, const char *state, Reason reason, Str words)
{
    row->state = state;
    row->reason = reason_slug(reason);
    row->words = words.len ? words : str_of(reason_words(reason));
}

/* An address of ours with a token in it: /o/TOKEN is an order's page. */
static Str
link_url(const FlowOptions *options, Arena *arena, const MessageRow *row, const char *path,
         const char *token)
{
    Str own = shop_setting(row->shop, SETTING_PUBLIC_URL);
    Str base = own.len ? own : str_of(options->public_url);
    while (str_ends(base, "/"))
        base.len--;
    return str_of(arena_format(arena, STR_FMT "%s%s", STR_ARG(base), path, token));
}

/* Where the reader chooses what comes: by the message, so that guests have one, too. */
static Str
preferences_url(const FlowOptions *options, Arena *arena, const MessageRow *row)
{
    return link_url(options, arena, row, "/p/",
                    token_make(arena, options->links, "preferences", row->id, 0));
}

static Str
page_url(const FlowOptions *options, Arena *arena, const MessageRow *row, uint32_t generation)
{
    if (!row->order_id)
        return (Str){0};
    return link_url(options, arena, row, "/o/",
                    token_make(arena, options->links, "order", row->order_id, generation));
}

/* Only who was asked to confirm can: the link is in no other mail. */
static Str
confirm_url(const FlowOptions *options, Arena *arena, const MessageRow *row)
{
    if (id_kind(row->about) != KIND_CONSENT)
        return (Str){0};
    return link_url(options, arena, row, "/c/",
                    token_make(arena, options->links, "confirm", row->id, 0));
}

/* What the header fields of a mail say to programs: to Gmail who sends what, to readers how to stop it. Only marketing
 * has the second: what is owed cannot be stopped. */
static void
message_fields(const FlowOptions *options, Arena *arena, const MessageRow *row, Mail *mail)
{
    mail->feedback_id =
        str_of(arena_format(arena, STR_FMT ":" STR_FMT ":%s:postlude", STR_ARG(row->template),
                            STR_ARG(row->shop->shop.slug), message_class_slug(row->class)));
    if (row->class == CLASS_MARKETING)
        mail->unsubscribe = link_url(options, arena, row, "/u/",
                                     token_make(arena, options->links, "unsubscribe", row->id, 0));
}

/* Without a sender of its own a shop can only write to the catcher. */
static bool
message_sender(const FlowOptions *options, Arena *arena, const ShopEntry *shop, Address *ret,
               GError **error)
{
    Str from = shop_setting(shop, SETTING_MAIL_FROM);
    if (from.len)
        return address_parse(arena, from, ret, error) || fail_at(error, "mail.from");
    if (!outbox_is_catcher(options, shop))
        return fail(error, ERR_CONFIG, "mail.from is not set, so this mail has no sender");
    *ret = (Address){
        .name = shop->shop.name,
        .spec = str_of(arena_format(arena, STR_FMT "@postlude.invalid", STR_ARG(shop->shop.slug))),
        .domain = STR("postlude.invalid"),
    };
    return true;
}

static bool
message_compose(const FlowOptions *options, Arena *arena, MessageRow *row, const WordsDone *words,
                Str *ret, GError **error)
{
    Mail mail = {
        .subject = words->subject,
        .text = words->text,
        .html = words->html,
        .at = clock_now(),
    };
    const MailFile legal = {
        .name = STR("terms.txt"), .type = STR("text/plain"), .bytes = row->legal_file};
    if (legal.bytes.len) {
        mail.files = &legal;
        mail.file_count = 1;
    }
    Str reply_to = shop_setting(row->shop, SETTING_MAIL_REPLY_TO);
    message_fields(options, arena, row, &mail);
    if (!message_sender(options, arena, row->shop, &mail.from, error) ||
        !address_parse_spec(arena, row->address, &mail.to, error))
        return false;
    if (reply_to.len && !address_parse(arena, reply_to, &mail.reply_to, error))
        return fail_at(error, "mail.reply_to");
    mail.message_id = str_of(
        verp_message_id(arena, options->mail_ids, row->id, arena_cstr(arena, mail.from.domain)));
    MailWire wire;
    if (!mail_compose(arena, &mail, &wire, error))
        return false;
    *ret = wire.bytes;
    if (!row->shop->dkim)
        return true;
    Str signature;
    if (!dkim_sign(arena, row->shop->dkim, wire.bytes, mail.at, &signature, error))
        return false;
    Buf whole = {.arena = arena};
    buf_reserve(&whole, signature.len + wire.bytes.len);
    buf_add_str(&whole, signature);
    buf_add_str(&whole, wire.bytes);
    *ret = buf_str(&whole);
    return true;
}

/* The confirmation of the contract carries the legal texts of the buyer's country. */
static bool
message_legal(StageTurn *turn, MessageRow *row, const Order *order, ViewAsk *view, GError **error)
{
    LegalText legal;
    if (!str_is(row->template, "order_confirmation"))
        return true;
    Str country =
        order->ship_to.country_code.len ? order->ship_to.country_code : order->bill_to.country_code;
    Str language = words_language(flow_words(turn->flow), row->locale);
    if (!legal_find(turn->db, turn->arena, row->shop, country, language, &legal, error))
        return false;
    row->legal_id = legal.id;
    view->legal_attached = legal.text.len > LEGAL_INSIDE_BYTES;
    if (view->legal_attached) /* the mark says that it is UTF-8: the part's type cannot */
        row->legal_file =
            str_of(arena_format(turn->arena, "\xef\xbb\xbf" STR_FMT, STR_ARG(legal.text)));
    else
        view->legal_text = legal.text;
    return true;
}

/* Mails of one template and language say mostly the same. */
static Str
message_pack(StageTurn *turn, const MessageRow *row, Str whole)
{
    Buf name = {.arena = turn->arena};
    buf_add_str(&name, row->template);
    buf_add_char(&name, ' ');
    buf_add_str(&name, words_language(flow_words(turn->flow), row->locale));
    BodyName known_as = {row->shop_id, BODY_MESSAGE, buf_str(&name)};
    return body_pack(flow_options(turn->flow)->store, turn->arena, &known_as, whole);
}

static bool
message_write_words(StageTurn *turn, MessageRow *row, const Matter *matter, GError **error)
{
    const FlowOptions *options = flow_options(turn->flow);
    row->locale = words_locale(flow_words(turn->flow), row->shop, &matter->order);
    WordsAsk ask = {
        .name = row->template,
        .view =
            {
                .shop = row->shop,
                .order = row->order_id ? &matter->order : NULL,
                .shipment = matter->has_shipment,
                .refund = matter->has_refund,
                .page_url = page_url(options, turn->arena, row, matter->order.generation),
                .preferences_url = preferences_url(options, turn->arena, row),
                .confirm_url = confirm_url(options, turn->arena, row),
            },
        .locale = row->locale,
        .now = clock_now(),
    };
    if (!message_legal(turn, row, &matter->order.order, &ask.view, error))
        return false;
    WordsDone words;
    Str whole;
    if (!words_fill(flow_words(turn->flow), turn->arena, &ask, &words, error) ||
        !message_compose(options, turn->arena, row, &words, &whole, error))
        return false;
    row->subject = words.subject;
    row->body = message_pack(turn, row, whole);
    row->body_bytes = whole.len;
    return true;
}

/* ---- the stage ------------------------------------------------------------------------------------------- */

static bool
message_ask(StageTurn *turn, const MessageRow *row, const Matter *matter, ConsentVerdict *ret,
            GError **error)
{
    const Order *order = &matter->order.order;
    SkipFacts facts = {
        .order_cancelled = order->cancelled_at != 0,
        .order_delivered = matter->order.delivered_at != 0,
        .shipment = matter->shipment.shipment.state,
        .with_cancellation = matter->with_cancellation,
    };
    Address address;
    if (row->address.len && !address_parse_spec(turn->arena, row->address, &address, NULL)) {
        *ret = (ConsentVerdict){.reason = REASON_BAD_ADDRESS};
        return true;
    }
    ConsentAsk ask = {
        .shop = row->shop,
        .class = row->class,
        .topic = row->topic,
        .channel = STR("email"),
        .address = row->address.len ? address_key(turn->arena, &address) : (Str){0},
        .subject_at = row->order_id ? order->placed_at : row->chosen_at,
        .subject_quiet = order->quiet,
        .subject_over = skip_reason(row->skip, &facts),
    };
    return consent_check(turn->db, turn->arena, &ask, ret, error);
}

/* Of these the owner wants to see what would have gone. */
static bool
reason_is_shown(Reason reason)
{
    return reason == REASON_NOT_LIVE || reason == REASON_TEST_ORDER;
}

static bool
matter_load(StageTurn *turn, const MessageRow *row, Matter *ret, GError **error)
{
    IdKind kind = id_kind(row->about);
    if (row->order_id &&
        !order_load(turn->db, turn->arena, row->shop_id, row->order_id, &ret->order, error))
        return false;
    if (kind == KIND_SHIPMENT) {
        ret->has_shipment = &ret->shipment;
        return shipment_load(turn->db, turn->arena, row->shop_id, row->about, &ret->shipment,
                             error);
    }
    if (kind != KIND_REFUND)
        return true;
    ret->has_refund = &ret->refund;
    return refund_load(turn->db, turn->arena, row->shop_id, row->about, &ret->refund, error) &&
           refund_with_cancellation(turn->db, row->shop_id, row->about, &ret->with_cancellation,
                                    error);
}

/* A row ends in a state whatever happens; only the store's own failures are errors. */
static bool
message_work(StageTurn *turn, MessageRow *row, GError **error)
{
    Matter matter = {0};
    ConsentVerdict verdict;
    if (!matter_load(turn, row, &matter, error) ||
        !message_ask(turn, row, &matter, &verdict, error))
        return false;
    if (!verdict.may && !reason_is_shown(verdict.reason)) {
        message_stop(row, "excluded", verdict.reason, verdict.words);
        return true;
    }
    g_autoptr(GError) problem = NULL;
    if (!message_write_words(turn, row, &matter, &problem)) {
        message_stop(row, "failed", REASON_NOT_RENDERED,
                     arena_copy(turn->arena, str_of(problem->message)));
        return true;
    }
    if (verdict.may)
        row->state = "ready";
    else
        message_stop(row, "excluded", verdict.reason, verdict.words);
    return true;
}

static bool
message_read(StageTurn *turn, Rows *rows, MessageRow *ret, GError **error)
{
    *ret = (MessageRow){
        .id = rows_int(rows, 0),
        .shop_id = rows_int(rows, 1),
        .order_id = rows_int(rows, 2),
        .class = message_class_find(rows_text(rows, 4)),
        .template = arena_copy(turn->arena, rows_text(rows, 6)),
        .address = arena_copy(turn->arena, rows_text(rows, 7)),
        .skip = arena_copy(turn->arena, rows_text(rows, 8)),
        .about = rows_int(rows, 9),
        .chosen_at = rows_int(rows, 11),
        .topic = arena_copy(turn->arena, rows_text(rows, 10)),
    };
    ret->shop = stage_shop(turn, ret->shop_id);
    return message_work(turn, ret, error);
}

static bool
message_take(StageTurn *turn, GError **error)
{
    MessageRow *list = arena_new_of(turn->arena, MessageRow, turn->most);
    g_autoptr(Rows) rows =
        db_rows(turn->db, Q_message_take, BINDS(bind_int("limit", (int64_t)turn->most)), error);
    if (!rows)
        return false;
    while (turn->rows < turn->most && !arena_over(turn->arena) && rows_next(rows)) {
        flow_taking(turn->flow, rows_int(rows, 0));
        if (!message_read(turn, rows, &list[turn->rows], error))
            return false;
        turn->rows++;
    }
    flow_taking(turn->flow, 0);
    turn->batch = list;
    turn->row_id = turn->rows ? list[0].id : 0;
    turn->row_shop = turn->rows ? list[0].shop_id : 0;
    return rows_ok(rows, error);
}

static bool
message_fix(Db *db, const MessageRow *row, GError **error)
{
    int64_t changed = 0;
    if (!db_run(db, Q_message_words,
                BINDS(bind_cstr("state", row->state), bind_cstr("reason", row->reason),
                      bind_some("words", row->words), bind_some("subject", row->subject),
                      bind_id("body_bytes", (int64_t)row->body_bytes),
                      bind_some("locale", row->locale), bind_id("legal_id", row->legal_id),
                      bind_int("shop", row->shop_id), bind_int("id", row->id)),
                &changed, error))
        return false;
    return !changed || !row->body_bytes ||
           body_save(db, BODY_MESSAGE, row->shop_id, row->id, row->body, error);
}

static bool
message_write(Db *db, StageTurn *turn, GError **error)
{
    const MessageRow *list = turn->batch;
    for (size_t i = 0; i < turn->rows; i++) {
        flow_writing(turn->flow, list[i].id);
        if (!message_fix(db, &list[i], error))
            return false;
    }
    flow_writing(turn->flow, 0);
    return true;
}

static bool
message_aside(Db *db, int64_t shop, int64_t row, const char *why, GError **error)
{
    return db_run(db, Q_message_stop,
                  BINDS(bind_cstr("state", "failed"),
                        bind_cstr("reason", reason_slug(REASON_ASIDE)), bind_cstr("words", why),
                        bind_int("shop", shop), bind_int("id", row), bind_cstr("seen", "new")),
                  NULL, error);
}

const Stage stage_message = {
    .name = "message",
    .lane = STORE_FLOW,
    .kind = KIND_MESSAGE,
    .shop_of = Q_message_shop,
    .take = message_take,
    .write = message_write,
    .aside = message_aside,
};
