/* dsn.c - delivery reports that programs can read (RFC 3464).
 *
 * A block of fields about the mail, then one for each recipient. Some servers write the second kind without
 * empty lines between them, some put the report into a text part, some forget its boundary: a recipient's block
 * begins wherever a second Final-Recipient stands.
 */
#include "plug/inbound/inbound_inside.h"

#include "base/limits.h"
#include "base/text.h"

#include <string.h>

/* `rfc822; <ana@x>` without its type; "X-POSTFIX;" and "smtp;" likewise. */
static Str
typed_value(Str value)
{
    const char *semicolon = value.len ? memchr(value.at, ';', value.len) : NULL;
    if (!semicolon)
        return value;
    size_t at = (size_t)(semicolon - value.at);
    for (size_t i = 0; i < at; i++)
        if (!g_ascii_isalnum(value.at[i]) && !strchr("-_ ", value.at[i]))
            return value;
    return str_trim(str_sub(value, at + 1, value.len));
}

static ReportOutcome
action_outcome(Str action, Str enhanced)
{
    if (scan_starts(action, "deliver") || scan_starts(action, "relay") ||
        scan_starts(action, "expand"))
        return REPORT_DELIVERED;
    if (scan_starts(action, "delay"))
        return REPORT_DELAYED;
    if (!action.len && str_starts(enhanced, "2."))
        return REPORT_DELIVERED;
    return REPORT_FAILED;
}

/* One recipient's block as far as it has been read. */
typedef struct DsnBlock {
    Str final_recipient;
    Str original;
    Str actual;
    Str action;
    Str status;
    Str words;
    Str server;
    Str category;
} DsnBlock;

static Str *
block_field(DsnBlock *block, Str name)
{
    const struct {
        const char *name;
        Str *value;
    } fields[] = {
        {"Final-Recipient", &block->final_recipient},
        {"Original-Recipient", &block->original},
        {"X-Actual-Recipient", &block->actual},
        {"Action", &block->action},
        {"Status", &block->status},
        {"Diagnostic-Code", &block->words},
        {"Diagnostic-Message", &block->words},
        {"X-Supplementary-Info", &block->words},
        {"X-SPAM-Diagnostic", &block->words},
        {"Remote-MTA", &block->server},
        {"X-PowerMTA-BounceCategory", &block->category},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        if (str_eq_nocase(name, fields[i].name))
            return fields[i].value;
    return NULL;
}

/* Words that only name the class of the failure: those of the notice say more. */
static bool
words_are_poor(Str words)
{
    size_t letters = 0;
    for (size_t i = 0; i < words.len; i++)
        letters += g_ascii_isalpha(words.at[i]) != 0;
    return letters < 6;
}

/* PowerMTA sorts what it hears; where it is sure of the mailbox, that ends the question of who said so when. */
static void
category_apply(Str category, InboundReport *report)
{
    if (report->outcome != REPORT_FAILED || report->reason != BOUNCE_FILTERED ||
        !str_is(category, "bad-mailbox"))
        return;
    report->reason = BOUNCE_USER_UNKNOWN;
    report->hard = true;
}

static void
block_end(Arena *arena, DsnBlock *block, const Returned *returned, Reports *ret)
{
    Str final_recipient = scan_first_address(typed_value(block->final_recipient));
    Str original = scan_first_address(typed_value(block->original));
    DsnBlock read = *block;
    *block = (DsnBlock){0};
    if (!final_recipient.len)
        final_recipient = scan_first_address(typed_value(read.actual));
    Str recipient = original.len ? original : final_recipient;
    /* A block without an address: the returned mail may say whom it was for. */
    if (!recipient.len && (read.status.len || read.action.len))
        recipient =
            scan_first_address(letter_field_in(returned->fields, returned->field_count, "To"));
    InboundReport *report = recipient.len ? reports_of(ret, recipient) : NULL;
    if (!report)
        return;
    if (!str_eq_nocase(final_recipient, arena_cstr(arena, recipient)))
        report->final_recipient = final_recipient;
    scan_enhanced(read.status, &report->enhanced);
    report->outcome = action_outcome(read.action, report->enhanced);
    report->server = text_cut(typed_value(read.server), LIMIT_TEXT_BYTES);
    Str words = typed_value(read.words);
    Str prose = notice_words(arena, returned->notice, recipient);
    report->words =
        text_line(arena, words_are_poor(words) && prose.len ? prose : words, LIMIT_TEXT_BYTES);
    report->code = scan_code(words);
    bounce_explain(arena, words, prose, report);
    /* Without words in the report itself the prose may say more than the code, but not that the address is fine after all:
     * somebody's footer about viruses stands there, too. */
    if (words_are_poor(words) && !report->hard) {
        const char *both =
            arena_format(arena, STR_FMT "\n" STR_FMT, STR_ARG(words), STR_ARG(prose));
        bounce_explain(arena, str_of(both), prose, report);
    }
    category_apply(read.category, report);
    /* The report says no more than that it failed: the prose may. */
    if (report->reason == BOUNCE_OTHER && prose.len) {
        report->code = report->code ? report->code : scan_code(prose);
        bounce_explain(arena, prose, prose, report);
    }
}

static void
status_read(Arena *arena, Str text, const Returned *returned, Reports *ret)
{
    DsnBlock block = {0};
    while (text.at) {
        const LetterField *fields;
        size_t count = letter_fields(arena, &text, &fields);
        for (size_t i = 0; i < count; i++) {
            Str *value = block_field(&block, fields[i].name);
            bool next = value == &block.final_recipient && value->len;
            if (next)
                block_end(arena, &block, returned, ret);
            if (value && !value->len)
                *value = fields[i].value;
        }
        if (block.final_recipient.len || block.original.len || block.status.len)
            block_end(arena, &block, returned, ret);
    }
}

/* A report in a text part, or behind a boundary that nobody announced. */
static Str
status_in_text(Str text)
{
    Str rest = text, line;
    size_t block = 0;
    while (rest.at) {
        size_t here = (size_t)(rest.at - text.at);
        str_split(&rest, '\n', &line);
        if (!str_trim(line).len)
            block = here;
        if (scan_starts(line, "Final-Recipient:") || scan_starts(line, "Original-Recipient:"))
            return str_trim(str_sub(text, block, text.len));
    }
    return (Str){0};
}

void
dsn_read(Arena *arena, const Letter *letter, const Returned *returned, Reports *ret)
{
    for (size_t i = 0; i < letter->part_count; i++)
        if (str_is(letter->parts[i].type, "message/delivery-status") ||
            str_is(letter->parts[i].type, "message/global-delivery-status"))
            status_read(arena, letter->parts[i].text, returned, ret);
    if (!ret->count)
        status_read(arena, status_in_text(letter->body), returned, ret);
}
