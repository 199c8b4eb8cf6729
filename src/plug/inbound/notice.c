/* notice.c - failure notices in a server's own prose: who is it about, and what does it say about each?
 *
 * There are a hundred dialects and no standard, but they agree on how a person would read them: a recipient
 * stands on a line of its own, or behind a word that announces one, or in the answer of the server that refused
 * it; what follows, up to the next recipient, is about that one. So the forms are tried in this order, and the
 * first that finds somebody wins:
 *
 *   1. X-Failed-Recipients (Exim, Google)
 *   2. lines that hold nothing but an address: qmail, Exim, sendmail, MMDF, Exchange, Domino ...
 *   3. addresses behind a word: RCPT TO:, Recipient:, "delivered to", "user" ...
 *   4. any address that is not the sender's
 *   5. whom the returned mail was for
 */
#include "plug/inbound/inbound_inside.h"

#include "base/limits.h"
#include "base/text.h"

#include <string.h>

enum { SECTION_BYTES_MOST = 4000, OTHERS_MOST = 12 };

/* Who cannot be the recipient: the sender of what came back, and those who speak for machines. */
typedef struct NoticeScan {
    Arena *arena;
    Str notice;
    Str others[OTHERS_MOST];
    size_t other_count;
} NoticeScan;

static bool
address_is_machine(Str address)
{
    static const char *const machines[] = {"mailer-daemon@", "postmaster@", "mailerdaemon@",
                                           "mail-daemon@",   "mdaemon@",    "mailer_daemon@"};
    for (size_t i = 0; i < G_N_ELEMENTS(machines); i++)
        if (scan_starts(address, machines[i]))
            return true;
    return false;
}

static bool
address_is_other(const NoticeScan *scan, Str address)
{
    for (size_t i = 0; i < scan->other_count; i++)
        if (scan->others[i].len == address.len &&
            scan_starts(address, arena_cstr(scan->arena, scan->others[i])))
            return true;
    return address_is_machine(address);
}

static void
other_add(NoticeScan *scan, Str field)
{
    Str address = scan_first_address(field);
    if (address.len && scan->other_count < G_N_ELEMENTS(scan->others))
        scan->others[scan->other_count++] = address;
}

/* ---- lines ------------------------------------------------------------------------------------ */

/* What may stand around an address on a line of its own: bullets, brackets, quotes, a short reason behind it. */
static bool
line_is_recipient(Str line, Str *ret)
{
    size_t at = 0, from;
    Str words = str_trim(line), address;
    if (!scan_address(words, &at, &address, &from) || from > 12)
        return false;
    for (size_t i = 0; i < from; i++)
        if (g_ascii_isalnum(words.at[i]) || strchr("@:;", words.at[i]))
            return false;
    Str tail = str_trim(str_sub(words, at, words.len));
    while (tail.len && strchr(">\"')]", tail.at[0]))
        tail = str_trim(str_sub(tail, 1, tail.len));
    /* "<ana@x>... User unknown" is a server's answer, and "ana@x wrote:" something else. */
    bool alone = !tail.len || strchr(":;,[(", tail.at[0]) || (tail.at[0] == '-' && tail.len > 1) ||
                 (tail.at[0] == '.' && tail.len == 1);
    if (!alone)
        return false;
    *ret = address;
    return true;
}

/* An address and what is said of it in one line: "ana@x on Thu, 29 Apr", "ana@x Invalid Address, code 550". */
static bool
line_starts_with_recipient(Str line, Str *ret)
{
    size_t at = 0, from;
    Str words = str_trim(line), address;
    if (!scan_address(words, &at, &address, &from) || from > 1 || at >= words.len)
        return false;
    if (!strchr("> \t", words.at[at]) || str_ends(words, "wrote:"))
        return false;
    *ret = address;
    return true;
}

/* A server's answer: "550 <ana@x>... User unknown", "554 5.1.1 ana@x: ...". */
static bool
line_answers(Str line, Str *ret)
{
    size_t at = 3, from;
    Str words = str_trim(line);
    if (words.len < 8 || !strchr("45", words.at[0]) || scan_code(str_sub(words, 0, 4)) == 0)
        return false;
    while (at < words.len && strchr(" -.<0123456789", words.at[at]))
        at++;
    size_t start = at;
    return scan_address(words, &at, ret, &from) && from == start;
}

static const char *const recipient_words[] = {
    "rcpt to:",
    "recipient:",
    "recipients:",
    "recipient ",
    "delivered to ",
    "delivery to ",
    "message to ",
    "mail to ",
    "mailbox ",
    "user ",
    "account ",
    "destinataire",
    "address:",
    "address ",
    "deliver to ",
    "sent to ",
    "to:",
    "user:",
    "for ",
    "invalid final delivery userid:",
    "could not be delivered to",
    "an ",
    "rcpt:",
    "undeliverable to ",
    "smtp=",
    "envelope-to:",
    "unknown user",
    "no such user",
};

/* An address behind one of the words, with nothing but quotes and brackets between. */
static bool
line_announces(Str line, Str *ret)
{
    for (size_t w = 0; w < G_N_ELEMENTS(recipient_words); w++) {
        size_t len = strlen(recipient_words[w]);
        for (size_t i = 0; i + len < line.len; i++) {
            if (g_ascii_strncasecmp(line.at + i, recipient_words[w], len) != 0 ||
                (i && g_ascii_isalpha(line.at[i - 1])))
                continue;
            size_t at = i + len, from;
            while (at < line.len && strchr(" \t<\"'(:[", line.at[at]))
                at++;
            size_t start = at;
            if (scan_address(line, &at, ret, &from) && from == start)
                return true;
        }
    }
    return false;
}

/* "Delivery failed 20 attempts: ana@x" */
static bool
line_ends_with_recipient(Str line, Str *ret)
{
    size_t at = 0, from = 0;
    Str words = str_trim(line), address = {0};
    while (scan_address(words, &at, &address, &from) && at < words.len)
        ;
    if (!address.len || at < words.len || from < 2 || !strchr(" =", words.at[from - 1]) ||
        !memrchr(words.at, words.at[from - 1] == '=' ? '=' : ':', from))
        return false;
    *ret = address;
    return true;
}

/* ---- what is said about one -------------------------------------------------------------------- */

static bool
line_has_address(Str line, Str address)
{
    size_t at = 0;
    Str found;
    while (scan_address(line, &at, &found, NULL))
        if (found.len == address.len && g_ascii_strncasecmp(found.at, address.at, found.len) == 0)
            return true;
    return false;
}

/* "550 example.org (smtp)... 550 Host unknown": old sendmail speaks of all recipients of a domain. */
static bool
line_is_domain(Str line, Str *ret)
{
    Str words = str_trim(line);
    size_t end;
    if (words.len < 5 || words.at[3] != ' ' || !scan_code(str_sub(words, 0, 4)) ||
        !str_find(words, STR(" (smtp)"), &end))
        return false;
    *ret = str_sub(words, 4, end - 4);
    return true;
}

Str
notice_words(Arena *arena, Str notice, Str recipient)
{
    Buf words = {.arena = arena};
    Str rest = notice, line, other;
    bool ours = true;
    while (rest.at && words.len < SECTION_BYTES_MOST) {
        str_split(&rest, '\n', &line);
        if (line_has_address(line, recipient))
            ours = true;
        else if (line_is_domain(line, &other))
            ours = str_ends(recipient, arena_cstr(arena, other));
        else if (line_is_recipient(line, &other) || line_starts_with_recipient(line, &other) ||
                 line_answers(line, &other))
            ours = false;
        if (ours) {
            buf_add_str(&words, line);
            buf_add_char(&words, '\n');
        }
    }
    return buf_str(&words);
}

/* ---- the forms ---------------------------------------------------------------------------------- */

static void
scan_failed_field(Str field, Reports *ret)
{
    size_t at = 0;
    Str address;
    while (scan_address(field, &at, &address, NULL))
        reports_of(ret, address);
}

typedef bool (*LineForm)(Str line, Str *ret);

/* others_too: also who wrote the mail, who may have written to himself. */
static void
scan_lines(const NoticeScan *scan, LineForm form, bool others_too, Reports *ret)
{
    Str rest = scan->notice, line, address;
    while (rest.at) {
        str_split(&rest, '\n', &line);
        if (form(line, &address) && (others_too || !address_is_other(scan, address)))
            reports_of(ret, address);
    }
}

static void
scan_any(const NoticeScan *scan, Reports *ret)
{
    size_t at = 0;
    Str address;
    while (!ret->count && scan_address(scan->notice, &at, &address, NULL))
        if (!address_is_other(scan, address))
            reports_of(ret, address);
}

static void
scan_forms(const NoticeScan *scan, Reports *ret)
{
    static const struct {
        LineForm form;
        bool others_too;
    } forms[] = {
        {line_is_recipient, false}, {line_starts_with_recipient, false}, {line_answers, false},
        {line_announces, false},    {line_ends_with_recipient, false},   {line_is_recipient, true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(forms) && !ret->count; i++)
        scan_lines(scan, forms[i].form, forms[i].others_too, ret);
    if (!ret->count)
        scan_any(scan, ret);
}

/* What is said behind the first mention of the address: above it stand words that the server writes to everybody. */
static Str
words_from(Str notice, Str recipient)
{
    Str rest = notice, line;
    while (rest.at) {
        Str from = rest;
        str_split(&rest, '\n', &line);
        if (line_has_address(line, recipient))
            return from;
    }
    return (Str){0};
}

/* sendmail tells whom it was really sent to: "(expanded from: <ana@x>)" below where that led. */
static void
aliases_apply(Str notice, Reports *reports)
{
    Str rest = notice, line, original;
    InboundReport *report = NULL;
    while (rest.at) {
        str_split(&rest, '\n', &line);
        for (size_t i = 0; i < reports->count; i++)
            if (line_has_address(line, reports->list[i].recipient))
                report = &reports->list[i];
        if (!report || !scan_has_nocase(line, "(expanded from:"))
            continue;
        original = scan_first_address(line);
        if (original.len && !line_has_address(line, report->recipient)) {
            report->final_recipient = report->recipient;
            report->recipient = original;
        }
        report = NULL;
    }
}

/* The address under which the notice speaks of it. */
static Str
name_in_notice(const InboundReport *report)
{
    return report->final_recipient.len ? report->final_recipient : report->recipient;
}

static void
report_fill(Arena *arena, Str notice, bool several, InboundReport *report)
{
    Str words = several ? notice_words(arena, notice, name_in_notice(report)) : notice;
    Str near = words_from(words, name_in_notice(report));
    report->words = text_line(arena, near.len ? near : words, LIMIT_TEXT_BYTES);
    bounce_explain(arena, near, words, report);
    if (report->reason != BOUNCE_OTHER)
        return;
    report->words = text_line(arena, words, LIMIT_TEXT_BYTES);
    bounce_explain(arena, words, words, report);
}

/* Notices that list what they know of the mail name its sender as well. */
static void
senders_add(NoticeScan *scan)
{
    static const char *const words[] = {
        "sender:", "sender address:", "from:", "mail from:", "envelope sender:", "return-path:"};
    Str rest = scan->notice, line;
    while (rest.at) {
        str_split(&rest, '\n', &line);
        for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
            if (scan_starts(str_trim(line), words[i]))
                other_add(scan, line);
    }
}

void
notice_read(Arena *arena, const Letter *letter, const Returned *returned, Reports *ret)
{
    NoticeScan scan = {.arena = arena, .notice = returned->notice};
    const LetterField *fields = returned->fields;
    size_t count = returned->field_count;
    other_add(&scan, letter_field(letter, "From"));
    other_add(&scan, letter_field(letter, "To"));
    other_add(&scan, letter_field_in(fields, count, "From"));
    other_add(&scan, letter_field_in(fields, count, "Return-Path"));
    other_add(&scan, letter_field_in(fields, count, "Sender"));

    senders_add(&scan);
    scan_failed_field(letter_field(letter, "X-Failed-Recipients"), ret);
    if (!ret->count)
        scan_forms(&scan, ret);
    Str to = scan_first_address(letter_field_in(fields, count, "To"));
    if (!ret->count && to.len)
        reports_of(ret, to);
    aliases_apply(scan.notice, ret);
    for (size_t i = 0; i < ret->count; i++)
        report_fill(arena, scan.notice, ret->count > 1, &ret->list[i]);
}
