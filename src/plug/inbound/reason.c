/* reason.c - why did it not arrive: from status code, reply code and words.
 *
 * Words first, where they are clear: many servers send 5.1.1 or 5.0.0 with anything. Then the status code, then
 * weaker words, then the reply code.
 *
 * A server that says "user unknown" after it has read the whole mail is not telling about its mailboxes - it knew
 * them at RCPT - but hides a filter behind these words (Japanese phone companies do, so do filtering gateways). That
 * is no reason to give the customer up.
 */
#include "plug/inbound/inbound_inside.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

typedef enum WordsWhen { SURE, MAYBE } WordsWhen;

typedef struct WordsRow {
    BounceReason reason;
    WordsWhen when;
    const char *words;
} WordsRow;

static const WordsRow words_rows[] = {
#define ROW(reason, when, words) {reason, when, words},
#include "plug/inbound/words.def"
#undef ROW
};

/* What a status code says for itself: RFC 3463 and IANA's registry "SMTP Enhanced Status Codes". The class (4 or 5) is
 * left out. x.0 says too little to be here; those of three digits are Microsoft's and Google's. */
static const struct {
    const char *code;
    BounceReason reason;
} status_rows[] = {
    {"1.1", BOUNCE_USER_UNKNOWN}, {"1.2", BOUNCE_HOST_UNKNOWN},   {"1.3", BOUNCE_USER_UNKNOWN},
    {"1.4", BOUNCE_FILTERED},     {"1.6", BOUNCE_MOVED},          {"1.7", BOUNCE_SENDER},
    {"1.8", BOUNCE_SENDER},       {"1.9", BOUNCE_SYSTEM},         {"1.10", BOUNCE_NO_MAIL},
    {"2.1", BOUNCE_SUSPENDED},    {"2.2", BOUNCE_MAILBOX_FULL},   {"2.3", BOUNCE_TOO_BIG},
    {"3.1", BOUNCE_SYSTEM},       {"3.2", BOUNCE_NO_MAIL},        {"3.3", BOUNCE_SYSTEM},
    {"3.4", BOUNCE_TOO_BIG},      {"3.5", BOUNCE_SYSTEM},         {"4.1", BOUNCE_EXPIRED},
    {"4.2", BOUNCE_NETWORK},      {"4.3", BOUNCE_SYSTEM},         {"4.4", BOUNCE_NETWORK},
    {"4.5", BOUNCE_SYSTEM},       {"4.6", BOUNCE_NETWORK},        {"4.7", BOUNCE_EXPIRED},
    {"5.3", BOUNCE_RATE},         {"6.1", BOUNCE_CONTENT},        {"6.2", BOUNCE_CONTENT},
    {"6.3", BOUNCE_CONTENT},      {"6.6", BOUNCE_CONTENT},        {"6.7", BOUNCE_CONTENT},
    {"7.1", BOUNCE_POLICY},       {"7.2", BOUNCE_POLICY},         {"7.8", BOUNCE_AUTH},
    {"7.9", BOUNCE_AUTH},         {"7.13", BOUNCE_SUSPENDED},     {"7.17", BOUNCE_MOVED},
    {"7.20", BOUNCE_AUTH},        {"7.23", BOUNCE_AUTH},          {"7.25", BOUNCE_BLOCKED},
    {"7.26", BOUNCE_AUTH},        {"7.27", BOUNCE_SENDER},        {"7.28", BOUNCE_RATE},
    {"7.509", BOUNCE_AUTH},       {"1.351", BOUNCE_USER_UNKNOWN}, {"4.310", BOUNCE_HOST_UNKNOWN},
    {"4.312", BOUNCE_NETWORK},    {"4.316", BOUNCE_EXPIRED},      {"7.606", BOUNCE_BLOCKED},
    {"7.650", BOUNCE_BLOCKED},
};

/* What a reply code says where there is no status code (RFC 5321 4.2.3, 7504, 4954). */
static const struct {
    int code;
    BounceReason reason;
} code_rows[] = {
    {421, BOUNCE_NETWORK}, {450, BOUNCE_OTHER},        {452, BOUNCE_SYSTEM},
    {521, BOUNCE_NO_MAIL}, {525, BOUNCE_SUSPENDED},    {535, BOUNCE_AUTH},
    {551, BOUNCE_MOVED},   {552, BOUNCE_MAILBOX_FULL}, {553, BOUNCE_OTHER},
    {556, BOUNCE_NO_MAIL},
};

static const char *const slugs[] = {
#define ROW(reason, slug, hard, help) slug,
#include "plug/inbound/bounces.def"
#undef ROW
};

static const char *const helps[] = {
#define ROW(reason, slug, hard, help) help,
#include "plug/inbound/bounces.def"
#undef ROW
};

static const bool hards[] = {
#define ROW(reason, slug, hard, help) hard,
#include "plug/inbound/bounces.def"
#undef ROW
};

const char *
bounce_slug(BounceReason reason)
{
    must((size_t)reason < G_N_ELEMENTS(slugs));
    return slugs[reason];
}

const char *
bounce_help(BounceReason reason)
{
    must((size_t)reason < G_N_ELEMENTS(helps));
    return helps[reason];
}

/* ---- the moment in the conversation ------------------------------------------------------------ */

static const struct {
    const char *words;
    BounceMoment moment;
} moment_rows[] = {
    {"in reply to rcpt to", BOUNCE_AT_RCPT}, /* Postfix */
    {"in reply to mail from", BOUNCE_AT_MAIL},
    {"in reply to end of data", BOUNCE_AT_DATA},
    {"in reply to data", BOUNCE_AT_DATA},
    {"refused to talk to me", BOUNCE_AT_CONNECT},
    {"after rcpt to", BOUNCE_AT_RCPT},      /* Exim */
    {"after rcpt command", BOUNCE_AT_RCPT}, /* GMX */
    {"after mail from", BOUNCE_AT_MAIL},
    {"after end of data", BOUNCE_AT_DATA},
    {"after pipelined end of data", BOUNCE_AT_DATA},
    {"after data", BOUNCE_AT_DATA},
    {"after initial connection", BOUNCE_AT_CONNECT},
    {"does not like recipient", BOUNCE_AT_RCPT}, /* qmail */
    {"but sender was rejected", BOUNCE_AT_MAIL},
    {"failed after i sent the message", BOUNCE_AT_DATA},
    {"failed on data command", BOUNCE_AT_DATA},
    {"did not like our rcpt to", BOUNCE_AT_RCPT}, /* DragonFly */
    {"did not like our mail from", BOUNCE_AT_MAIL},
    {"did not like our data", BOUNCE_AT_DATA},
    {"did not like our final data", BOUNCE_AT_DATA},
    {"[rcpt_to]", BOUNCE_AT_RCPT}, /* Yahoo */
    {"[mail_from]", BOUNCE_AT_MAIL},
    {"most progress was rcpt to", BOUNCE_AT_RCPT},
    {"smtp:rcpt host", BOUNCE_AT_RCPT},
    {"smtp command data", BOUNCE_AT_DATA}, /* m-FILTER */
    {"rcpt to said", BOUNCE_AT_RCPT},      /* Coremail */
    /* sendmail shows only the last it said, which is DATA after a refused RCPT, too, when it does not wait for answers;
     * that the other side misses a recipient then tells. */
    {"need rcpt", BOUNCE_AT_RCPT},
    {"valid rcpt", BOUNCE_AT_RCPT},
    {"no valid recipients", BOUNCE_AT_RCPT},
    {">>> rcpt to", BOUNCE_AT_RCPT},
    {">>> mail from", BOUNCE_AT_MAIL},
};

static BounceMoment
words_moment(Str folded)
{
    size_t at;
    for (size_t i = 0; i < G_N_ELEMENTS(moment_rows); i++)
        if (str_find(folded, str_of(moment_rows[i].words), &at))
            return moment_rows[i].moment;
    return BOUNCE_AT_UNKNOWN;
}

/* ---- the reason ---------------------------------------------------------------------------------- */

static BounceReason
words_reason(Str folded, WordsWhen when)
{
    for (size_t i = 0; i < G_N_ELEMENTS(words_rows); i++)
        if (words_rows[i].when == when && scan_like(folded, words_rows[i].words))
            return words_rows[i].reason;
    return BOUNCE_OTHER;
}

static BounceReason
status_reason(Str enhanced)
{
    if (enhanced.len < 5)
        return BOUNCE_OTHER;
    Str detail = str_sub(enhanced, 2, enhanced.len);
    for (size_t i = 0; i < G_N_ELEMENTS(status_rows); i++)
        if (str_is(detail, status_rows[i].code))
            return status_rows[i].reason;
    return BOUNCE_OTHER;
}

static BounceReason
code_reason(int code)
{
    for (size_t i = 0; i < G_N_ELEMENTS(code_rows); i++)
        if (code == code_rows[i].code)
            return code_rows[i].reason;
    return BOUNCE_OTHER;
}

/* A code that ends in .0 says less than one that the words hold. */
static bool
status_is_vague(Str enhanced)
{
    return !enhanced.len || str_ends(enhanced, ".0");
}

/* The first code in the words that says something; else the first. */
static Str
status_in_words(Str words)
{
    Str found, first = {0};
    while (scan_enhanced(words, &found)) {
        if (!status_is_vague(found))
            return found;
        if (!first.len)
            first = found;
        size_t behind = (size_t)(found.at - words.at) + found.len;
        words = str_sub(words, behind, words.len);
    }
    return first;
}

/* "User unknown" that does not come from a server that was just asked for that user. */
static bool
unknown_is_filter(Str folded, BounceMoment moment, const InboundReport *report)
{
    size_t at;
    Str enhanced = report->enhanced, detail = str_sub(enhanced, 2, enhanced.len);
    if (moment == BOUNCE_AT_RCPT)
        return false;
    if (moment == BOUNCE_AT_DATA)
        return !str_is(detail, "1.1");
    /* Asked for somebody, a server names whom it does not know: nobody named means that the mail was read first (KDDI). */
    if (str_find(folded, STR("550 : user unknown"), &at))
        return true;
    if (str_is(detail, "2.1") || str_is(detail, "2.0") || str_is(detail, "7.1"))
        return true;
    /* "550 <ana@x>: User unknown", "550 <ana@x>... User unknown": how Postfix and sendmail answer RCPT. */
    if (scan_like(folded, "550 <*>: ") || scan_like(folded, "550 <*>... ") ||
        scan_like(folded, "550: <*>: ") || scan_like(folded, "550 *@*... "))
        return false;
    /* A bare 550 stands for anything (RFC 5321 4.2.3: "mailbox unavailable, not found, no access, rejected for policy
     * reasons"); nobody knows at which moment it was said. It counts when it is said again and again. */
    return report->code == 550 && (!enhanced.len || str_is(detail, "0.0") || str_is(detail, "3.0"));
}

/* "550-", "550 ": a code where a word begins. */
static bool
code_begins(Str folded, size_t at)
{
    return (at == 0 || folded.at[at - 1] == ' ') && at + 4 < folded.len &&
           strchr("45", folded.at[at]) && g_ascii_isdigit(folded.at[at + 1]) &&
           g_ascii_isdigit(folded.at[at + 2]) && strchr("- ", folded.at[at + 3]);
}

/* A reply of several lines has its code before each, and often its status, too (RFC 5321 4.2.1, 2034 4); put together they
 * stand in the middle of a sentence, which reads as it was meant without them. The first stays. */
static Str
reply_joined(Arena *arena, Str folded)
{
    char *ret = arena_bytes(arena, folded.len + 1);
    size_t len = 0;
    bool seen = false;
    for (size_t i = 0; i < folded.len; i++) {
        bool code = code_begins(folded, i), again = code && seen && folded.at[i + 3] == '-';
        seen |= code;
        if (again) {
            Str behind = str_sub(folded, i + 4, folded.len), status;
            i += 4;
            if (g_ascii_isdigit(behind.at[0]) && scan_enhanced(behind, &status) &&
                status.at == behind.at && status.len + 1 < behind.len)
                i += status.len + 1;
        }
        ret[len++] = folded.at[i];
    }
    return (Str){ret, len};
}

void
bounce_explain(Arena *arena, Str words, Str around, InboundReport *report)
{
    Str folded = reply_joined(arena, scan_fold(arena, words));
    if (status_is_vague(report->enhanced)) {
        Str told = status_in_words(folded);
        bool better = told.len && (!status_is_vague(told) || !str_ends(told, ".0.0"));
        if (better || !report->enhanced.len)
            report->enhanced = told;
    }
    if (!report->code)
        report->code = scan_code(folded);
    BounceReason reason = words_reason(folded, SURE);
    if (reason == BOUNCE_OTHER)
        reason = status_reason(report->enhanced);
    if (reason == BOUNCE_OTHER)
        reason = words_reason(folded, MAYBE);
    if (reason == BOUNCE_OTHER)
        reason = code_reason(report->code);
    if (reason == BOUNCE_USER_UNKNOWN || reason == BOUNCE_HOST_UNKNOWN) {
        BounceMoment moment = report->moment ? report->moment : words_moment(folded);
        if (moment == BOUNCE_AT_UNKNOWN && around.len)
            moment = words_moment(scan_fold(arena, around));
        if (moment == BOUNCE_AT_MAIL)
            reason = BOUNCE_SENDER; /* it is us whom it does not know */
        else if (reason == BOUNCE_USER_UNKNOWN && unknown_is_filter(folded, moment, report))
            reason = BOUNCE_FILTERED;
    }
    if (report->outcome == REPORT_DELAYED && reason == BOUNCE_OTHER)
        reason = BOUNCE_EXPIRED;
    report->reason = reason;
    /* A name that cannot be resolved now may be resolved tomorrow: with a code of 4 it is not gone. */
    bool passing = str_starts(report->enhanced, "4.") && reason != BOUNCE_USER_UNKNOWN;
    report->hard = report->outcome == REPORT_FAILED && hards[reason] && !passing;
}

void
bounce_heard(Arena *arena, InboundReport *report)
{
    must(report->outcome == REPORT_FAILED && report->moment);
    bounce_explain(arena, report->words, (Str){0}, report);
    /* It is the shop's own mail server that we hear, and it need not know the mailbox. RFC 5321's own words for 550 are
     * also what GMX and IONOS say at RCPT to an account that sends too much ("... mailbox unavailable. Failure sending
     * mail. Try again later"): taken for the end of the mailbox, one customer after another would be given up. */
    size_t at;
    if (report->reason == BOUNCE_USER_UNKNOWN && status_is_vague(report->enhanced) &&
        str_find(scan_fold(arena, report->words), STR("requested action not taken"), &at)) {
        report->reason = BOUNCE_OTHER;
        report->hard = false;
    }
}
