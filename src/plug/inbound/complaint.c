/* complaint.c - "this is spam": abuse reports as mail providers send them.
 *
 * Most speak ARF (RFC 5965); Microsoft's older programme (JMRP) attaches the mail with a field of its own; some write
 * prose around an attached mail. Who complained is often blacked out: then the mail's own return path tells (flow).
 */
#include "plug/inbound/inbound_inside.h"

#include "base/limits.h"
#include "base/text.h"

#include <string.h>

/* Types of RFC 5965 7.3 and 6591 that say that somebody does not want it; all others only tell. */
static bool
feedback_is_complaint(Str type)
{
    static const char *const types[] = {"abuse", "fraud", "opt-out",   "opt-out-list",
                                        "virus", "other", "complaint", "dislike"};
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (str_eq_nocase(type, types[i]))
            return true;
    return !type.len;
}

/* Fields in which whom it was for stands, in reports and in returned mails. */
static const char *const recipient_fields[] = {
    "Original-Rcpt-To", "Original-Recipient", "Removal-Recipient", "X-HmXmrOriginalRecipient", "To",
    "X-Original-To",    "Delivered-To",       "X-Rcpt-To",
};

static void
recipients_add(const LetterField *fields, size_t count, Reports *reports)
{
    for (size_t w = 0; w < G_N_ELEMENTS(recipient_fields) && !reports->count; w++)
        for (size_t i = 0; i < count; i++) {
            Str address = scan_first_address(fields[i].value);
            if (address.len && str_eq_nocase(fields[i].name, recipient_fields[w]))
                reports_of(reports, address);
        }
}

static const LetterPart *
feedback_part(const Letter *letter)
{
    const LetterPart *part = letter_part(letter, "message/feedback-report");
    for (size_t i = 0; !part && i < letter->part_count; i++)
        if (scan_has_nocase(letter->parts[i].text, "\nFeedback-Type:") ||
            scan_starts(letter->parts[i].text, "Feedback-Type:"))
            part = &letter->parts[i];
    return part;
}

/* Prose of programmes that know no ARF. */
static bool
complaint_by_subject(Str subject)
{
    static const char *const words[] = {"complaint about message from", "email feedback report for",
                                        "abuse report", "spam complaint"};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (scan_has_nocase(subject, words[i]))
            return true;
    return false;
}

static Str
server_of(const LetterField *fields, size_t count)
{
    static const char *const names[] = {"Reporting-MTA", "Reported-Domain", "Source-IP"};
    Str value = {0};
    for (size_t i = 0; i < G_N_ELEMENTS(names) && !value.len; i++)
        value = letter_field_in(fields, count, names[i]);
    return text_cut(value, LIMIT_TEXT_BYTES);
}

bool
complaint_read(Arena *arena, const Letter *letter, InboundFacts *ret)
{
    const LetterPart *part = feedback_part(letter);
    Returned returned;
    if (!part && !complaint_by_subject(letter_field(letter, "Subject")))
        return false;
    returned_read(arena, letter, &returned);
    bool marked =
        letter_field_in(returned.fields, returned.field_count, "X-HmXmrOriginalRecipient").len;
    if (!part && !marked && !letter_part(letter, "message/rfc822"))
        return false; /* somebody writes about a complaint */

    Str rest = part ? part->text : (Str){0};
    while (part && rest.len && !scan_starts(rest, "Feedback-Type:")) {
        Str line;
        if (scan_starts(rest, "User-Agent:") || scan_starts(rest, "Version:") ||
            !str_split(&rest, '\n', &line))
            break;
    }
    const LetterField *fields = NULL;
    size_t count = rest.at ? letter_fields(arena, &rest, &fields) : 0;
    Reports reports = {.list = arena_new_of(arena, InboundReport, REPORTS_MOST)};
    recipients_add(fields, count, &reports);
    recipients_add(returned.fields, returned.field_count, &reports);
    ret->kind = INBOUND_COMPLAINT;
    ret->feedback = text_lower(arena, letter_field_in(fields, count, "Feedback-Type"));
    if (!ret->feedback.len && !part)
        ret->feedback = STR("abuse");
    for (size_t i = 0; i < reports.count; i++) {
        InboundReport *report = &reports.list[i];
        report->outcome = feedback_is_complaint(ret->feedback) ? REPORT_COMPLAINED : REPORT_TOLD;
        report->server = server_of(fields, count);
        report->words = text_line(arena, returned.notice, LIMIT_TEXT_BYTES);
    }
    ret->reports = reports.list;
    ret->report_count = reports.count;
    ret->message_ids = letter_field_in(returned.fields, returned.field_count, "Message-ID");
    return true;
}
