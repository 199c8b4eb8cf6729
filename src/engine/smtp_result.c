/* smtp_result.c - building the results that smtp.h describes. */
#include "engine/smtp_result.h"

#include <string.h>

static const char *const outcome_names[] = {
    [SMTP_SENT] = "sent",           [SMTP_DEFERRED] = "deferred", [SMTP_REFUSED] = "refused",
    [SMTP_THROTTLED] = "throttled", [SMTP_NOT_SENT] = "not_sent", [SMTP_UNKNOWN] = "unknown",
};

static const char *const stage_names[SMTP_STAGE_COUNT] = {
    [SMTP_AT_CHECK] = "check",       [SMTP_AT_CONNECT] = "connect", [SMTP_AT_TLS] = "tls",
    [SMTP_AT_GREETING] = "greeting", [SMTP_AT_EHLO] = "ehlo",       [SMTP_AT_STARTTLS] = "starttls",
    [SMTP_AT_AUTH] = "auth",         [SMTP_AT_MAIL] = "mail",       [SMTP_AT_RCPT] = "rcpt",
    [SMTP_AT_DATA] = "data",         [SMTP_AT_BODY] = "body",       [SMTP_AT_END] = "end",
};

const char *
smtp_outcome_name(SmtpOutcome outcome)
{
    must(outcome < G_N_ELEMENTS(outcome_names));
    return outcome_names[outcome];
}

const char *
smtp_stage_name(SmtpStage stage)
{
    must(stage < SMTP_STAGE_COUNT);
    return stage_names[stage];
}

SmtpResult
smtp_result_ours(SmtpOutcome outcome, SmtpStage stage, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    SmtpResult result = {.outcome = outcome, .stage = stage};
    size_t len = 0;
    smtp_words_add(result.words, &len, str_of(text));
    return result;
}

SmtpResult
smtp_result_reply(SmtpOutcome outcome, SmtpStage stage, const SmtpReply *reply)
{
    SmtpResult result;
    result.tag = 0;
    result.outcome = outcome;
    result.stage = stage;
    result.code = reply->code;
    result.took_ms = 0;
    memcpy(result.enhanced, reply->enhanced, sizeof result.enhanced);
    /* Only what is used: this runs for every mail, and 512 bytes are eight cache lines. */
    memcpy(result.words, reply->words, reply->words_len + 1);
    return result;
}
