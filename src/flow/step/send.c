/* send.c - write a message: "order confirmation, to whoever placed the order".
 *
 * Whether it may leave is the gate's to say (flow/consent.h), and what must not leave is still written down, with
 * its reason: the counts of a shop have to add up, and "why did she get nothing?" deserves an answer.
 */
#include "base/when.h"
#include "flow/step.h"

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

static bool
send_run(const StepCtx *ctx, StepResult *ret, GError **error)
{
    int64_t useful = 0;
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
                .address = ctx->email,
                .not_after = ctx->entered + useful,
                .skip = json_text(json_get(ctx->config, "skip")),
            },
    };
    return true;
}

const Step step_send = {
    .label = "Send a message",
    .help = "Writes a message from a template to the customer.",
    .fields =
        (const StepField[]){
            {"template", FIELD_TEXT, .help = "Name of the template"},
            {"class", FIELD_CHOICE, .choices = "transactional marketing safety",
             .help = "What consent it needs"},
            {"lane", FIELD_CHOICE, .choices = "receipts support journeys campaigns",
             .help = "Which messages it lets go first"},
            {"not_after", FIELD_DURATION, .help = "How long it is of use, as in 72h"},
            {"skip", FIELD_CHOICE, true, "cancelled",
             "Fact about the order that makes it pointless"},
            {0},
        },
    .run = send_run,
};
