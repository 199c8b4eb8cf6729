/* send.c - write a message: "order confirmation, to whoever placed the order".
 *
 * Whether it may leave is the gate's to say (flow/consent.h), and what must not leave is still written down, with
 * its reason: the counts of a shop have to add up, and "why did she get nothing?" deserves an answer.
 */
#include "base/when.h"
#include "engine/id.h"
#include "flow/owed.h"
#include "flow/skip.h"
#include "flow/step.h"

static const char topic_choices[] =
#define ROW(topic, help) #topic " "
#include "flow/topics.def"
#undef ROW
    ;

static MessageClass
class_of(Str word)
{
    if (str_is(word, "marketing"))
        return CLASS_MARKETING;
    return str_is(word, "safety") ? CLASS_SAFETY : CLASS_TRANSACTIONAL;
}

static MessageLane
lane_of(Str word)
{
    if (str_is(word, "receipts"))
        return LANE_RECEIPTS;
    if (str_is(word, "support"))
        return LANE_SUPPORT;
    return str_is(word, "campaigns") ? LANE_CAMPAIGNS : LANE_JOURNEYS;
}

/* What is pointless only where another receipt of ours says the same. */
static const struct {
    const char *receipt;
    const char *other;
    const char *skip;
} said_by_another[] = {
    {"delivered", "order_delivered", "complete"},
    {"refunded", "order_cancelled", "with_cancellation"},
};

/* What makes it pointless. */
static Str
send_skip(const StepCtx *ctx, Str receipt)
{
    for (size_t i = 0; i < G_N_ELEMENTS(said_by_another); i++)
        if (str_is(receipt, said_by_another[i].receipt) &&
            owed_who(ctx->shop, owed_find(str_of(said_by_another[i].other)), ctx->source,
                     ctx->has_legal) == OWED_OURS)
            return str_of(said_by_another[i].skip);
    return json_text(json_get(ctx->config, "skip"));
}

/* Why this receipt is not ours to send for this order; NULL: it is. */
static const char *
send_refuse(const StepCtx *ctx, Str receipt)
{
    const Owed *owed = owed_find(receipt);
    if (!owed)
        return NULL;
    if (ctx->in_person && id_kind(ctx->subject) == KIND_SHIPMENT)
        return "It was sold in person: there is no parcel.";
    if (id_kind(ctx->subject) == KIND_CONSENT && !str_is(ctx->basis, "opt_in"))
        return "There is nothing to confirm.";
    OwedWho who = owed_who(ctx->shop, owed, ctx->source, ctx->has_legal);
    return who == OWED_OURS ? NULL : owed_words(who);
}

static bool
send_run(const StepCtx *ctx, StepResult *ret, GError **error)
{
    int64_t useful = 0;
    Str receipt = json_text(json_get(ctx->config, "receipt"));
    const char *refused = send_refuse(ctx, receipt);
    if (refused) {
        *ret = (StepResult){.next = STEP_END, .why = refused};
        return true;
    }
    if (!duration_parse(json_text(json_get(ctx->config, "not_after")), &useful, error))
        return false;
    *ret = (StepResult){
        .next = STEP_GO,
        .why = "written",
        .has_message = true,
        .message =
            {
                .class = class_of(json_text(json_get(ctx->config, "class"))),
                .lane = lane_of(json_text(json_get(ctx->config, "lane"))),
                .channel = STR("email"),
                .template = json_text(json_get(ctx->config, "template")),
                .topic = json_text(json_get(ctx->config, "topic")),
                .address = ctx->email,
                .not_after = ctx->entered + useful,
                .skip = send_skip(ctx, receipt),
            },
    };
    return true;
}

/* People say no to a topic: marketing without one could be stopped by nobody who takes the rest. */
static bool
send_check(const Json *config, GError **error)
{
    bool marketing = class_of(json_text(json_get(config, "class"))) == CLASS_MARKETING;
    return !marketing || json_text(json_get(config, "topic")).len ||
           fail(error, ERR_CONFIG, "topic is missing: marketing needs one of: %s", topic_choices);
}

const Step step_send = {
    .label = "Send a message",
    .help = "Writes a message from a template to the customer.",
    .fields =
        (const StepField[]){
            {"template", FIELD_TEXT, .help = "Name of the template"},
            {"class", FIELD_CHOICE, .choices = "transactional marketing safety",
             .help = "What consent it needs"},
            {"topic", FIELD_CHOICE, true, topic_choices,
             "What people can say yes or no to; marketing needs it"},
            {"lane", FIELD_CHOICE, .choices = "receipts support journeys campaigns",
             .help = "Which messages it lets go first"},
            {"not_after", FIELD_DURATION, .help = "How long it is of use, as in 72h"},
            {"skip", FIELD_CHOICE, true, skip_choices,
             "What makes it pointless before it has left"},
            {"receipt", FIELD_TEXT, true,
             .help = "Which of the receipts it is, for who sends what"},
            {0},
        },
    .run = send_run,
    .check = send_check,
};
