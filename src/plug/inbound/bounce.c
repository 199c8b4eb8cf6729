/* bounce.c - is this mail a server's report on another mail? And if so, on whom?
 *
 * Form decides where there is one (multipart/report). Otherwise somebody has to speak as a machine - an empty
 * return path, a name like mailer-daemon, a subject of the kind - and the text has to hold a recipient; one sign
 * alone may be a person who forwards such a notice.
 */
#include "plug/inbound/inbound_inside.h"

#include <string.h>

static const char *const machine_names[] = {
    "mailer-daemon",        "post_master",   "mailerdaemon",   "mailer_daemon",
    "mail-daemon",          "mdaemon",       "postmaster",     "mail delivery",
    "mail.delivery",        "mail-delivery", "maildelivery",   "delivery system",
    "delivery subsystem",   "mail system",   "administrator@", "mail administrator",
    "internet mail",        "mail gateway",  "bounce",         "delivery status",
    "system administrator",
};

static const char *const report_subjects[] = {
    "undeliver",
    "delivery status",
    "delivery fail",
    "failure notice",
    "returned mail",
    "delivery notification",
    "delivery problem",
    "mail delivery",
    "message delivery",
    "delivery error",
    "non-delivery",
    "nondelivery",
    "could not be delivered",
    "not be delivered",
    "returned to sender",
    "warning: could not send",
    "delayed",
    "mail system error",
    "unable to deliver",
    "undelivered",
    "rejected",
    "mail error",
    "error mail",
    "dsn:",
    "failed",
    "unzustellbar",
    "nicht zugestellt",
    "échec",
    "non remis",
    "no se puede entregar",
    "no entregado",
    "mancato recapito",
    "onbestelbaar",
    "não entregue",
    "配信",
    "エラー",
    "undeliverable",
    "delivery has failed",
    "delivery report",
    "failure",
    "unknown user",
};

InboundReport *
reports_of(Reports *reports, Str recipient)
{
    for (size_t i = 0; i < reports->count; i++) {
        Str known = reports->list[i].recipient;
        if (known.len == recipient.len &&
            g_ascii_strncasecmp(known.at, recipient.at, known.len) == 0)
            return &reports->list[i];
    }
    if (reports->count == REPORTS_MOST)
        return NULL;
    InboundReport *report = &reports->list[reports->count++];
    *report = (InboundReport){.recipient = recipient};
    return report;
}

static bool
has_one_of(Str text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (scan_has_nocase(text, words[i]))
            return true;
    return false;
}

/* A mail by a server's own form. */
static bool
is_report_by_form(const Letter *letter)
{
    Str type = letter_field(letter, "Content-Type");
    return letter_part(letter, "message/delivery-status") ||
           letter_part(letter, "message/global-delivery-status") ||
           (scan_has_nocase(type, "multipart/report") &&
            !scan_has_nocase(type, "disposition-notification") &&
            !scan_has_nocase(type, "feedback-report")) ||
           letter_field(letter, "X-Failed-Recipients").len;
}

/* Servers that call themselves so write reports and nothing else. */
static bool
is_from_machine(const Letter *letter)
{
    Str from = letter_field(letter, "From");
    return scan_has_nocase(from, "mailer-daemon") || scan_has_nocase(from, "postmaster") ||
           scan_has_nocase(from, "mail delivery");
}

/* What servers write above the addresses they failed at. Parcels, too, "could not be delivered": so these words count
 * only beside another sign. */
static const char *const failure_words[] = {
    "could not be delivered",
    "did not reach the following",
    "was not delivered",
    "unable to deliver",
    "delivery failed",
    "permanent fatal",
    "undeliverable",
    "delivery errors",
    "following address",
    "following recipient",
    "has been rejected",
    "n'a pas pu etre",
    "n'a pas pu être",
    "nicht zugestellt werden",
    "no se ha podido entregar",
    "non è stato possibile",
    "kon niet worden bezorgd",
    "não pôde ser entregue",
};

static bool
subject_answers(Str subject)
{
    static const char *const marks[] = {
        "re:", "aw:", "antw:", "sv:", "fwd:", "fw:", "wg:", "rv:", "tr:"};
    for (size_t i = 0; i < G_N_ELEMENTS(marks); i++)
        if (scan_starts(str_trim(subject), marks[i]))
            return true;
    return false;
}

/* A machine's name and anything else of a report; or, from whoever, its subject and its words, unless the subject is
 * that of an answer: then a customer writes, who quotes our header and complains of a delivery that failed. */
static bool
reads_like_report(const Letter *letter, const Returned *returned)
{
    Str path = letter_field(letter, "Return-Path"), subject = letter_field(letter, "Subject");
    bool machine =
        str_is(path, "<>") || str_is(str_trim(letter_field(letter, "From")), "<>") ||
        has_one_of(path, machine_names, G_N_ELEMENTS(machine_names)) ||
        has_one_of(letter_field(letter, "From"), machine_names, G_N_ELEMENTS(machine_names));
    bool titled = !subject_answers(subject) &&
                  has_one_of(subject, report_subjects, G_N_ELEMENTS(report_subjects));
    bool answered =
        scan_code(returned->notice) != 0 && scan_has_nocase(returned->notice, "rcpt to:");
    bool worded = has_one_of(returned->notice, failure_words, G_N_ELEMENTS(failure_words));
    if (machine)
        return titled || answered || worded || returned->field_count;
    return titled && (worded || answered);
}

bool
bounce_read(Arena *arena, const Letter *letter, bool by_form, InboundFacts *ret)
{
    Returned returned;
    bool form = is_report_by_form(letter) || is_from_machine(letter);
    if (by_form && !form)
        return false;
    Reports reports = {.list = arena_new_of(arena, InboundReport, REPORTS_MOST)};
    returned_read(arena, letter, &returned);
    if (!is_report_by_form(letter) && !reads_like_report(letter, &returned))
        return false;
    dsn_read(arena, letter, &returned, &reports);
    if (!reports.count)
        notice_read(arena, letter, &returned, &reports);
    if (!reports.count && !is_report_by_form(letter))
        return false;
    ret->kind = INBOUND_REPORT;
    ret->reports = reports.list;
    ret->report_count = reports.count;
    ret->message_ids = letter_field_in(returned.fields, returned.field_count, "Message-ID");
    return true;
}
