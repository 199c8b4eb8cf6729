/* smtp_result.h - building the results that smtp.h describes. Part of the SMTP room. */
#pragma once

#include "engine/smtp_reply.h"

/* Decided by us: code 0, words formatted (and cut to fit). */
SmtpResult
smtp_result_ours(SmtpOutcome outcome, SmtpStage stage, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Decided by a reply. */
SmtpResult smtp_result_reply(SmtpOutcome outcome, SmtpStage stage, const SmtpReply *reply);
