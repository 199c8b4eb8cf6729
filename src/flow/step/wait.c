/* wait.c - let time pass: "3 days after the box before". */
#include "base/when.h"
#include "flow/step.h"

static bool
wait_run(const StepCtx *ctx, StepResult *ret, GError **error)
{
    int64_t pause = 0;
    if (!duration_parse(json_text(json_get(ctx->config, "for")), &pause, error))
        return false;
    if (ctx->now < ctx->entered + pause)
        *ret = (StepResult){.next = STEP_WAIT, .wake = ctx->entered + pause, .why = "not yet"};
    else
        *ret = (StepResult){.next = STEP_GO, .why = "time passed"};
    return true;
}

const Step step_wait = {
    .label = "Wait",
    .help = "Lets time pass after the box before.",
    .fields =
        (const StepField[]){{"for", FIELD_DURATION, .help = "How long, as in 3d or 12h"}, {0}},
    .run = wait_run,
};
