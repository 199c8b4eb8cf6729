/* auto.c - mails that a machine wrote in answer: vacation, challenges, receipts.
 *
 * They tell nothing about whether an address works (it does: it answered), so nothing follows from them but a note;
 * and nobody answers them by machine, or two machines would write to each other for ever (RFC 3834 2).
 */
#include "plug/inbound/inbound_inside.h"

#include "base/text.h"

#include <string.h>

enum { TEXT_BYTES_LOOKED_AT = 1500 };

typedef enum AutoWhere { SUBJECT, SUBJECT_ALSO, TEXT } AutoWhere;

static const struct {
    AutoKind kind;
    AutoWhere where;
    const char *words;
} words_rows[] = {
#define ROW(kind, where, words) {kind, where, words},
#include "plug/inbound/auto_words.def"
#undef ROW
};

/* Fields that only answering machines write. A value that ends the list of them is looked for in the field's; NULL:
 * the field alone says it. */
static const struct {
    const char *name;
    const char *value;
} answer_fields[] = {
    {"Auto-Submitted", "auto-replied"}, /* RFC 3834 5 */
    {"X-Autoreply", NULL},              /* cPanel, Gandi, web.de */
    {"X-Autorespond", NULL},
    {"X-Autoresponder", NULL},
    {"X-Auto-Reply", NULL},
    {"X-AutoReply-From", NULL},
    {"X-Mail-Autoreply", NULL},
    {"Precedence", "auto_reply"},
    {"Precedence", "auto-reply"},
    {"X-Precedence", "auto_reply"},
    {"X-POST-MessageClass", "Autoresponder"}, /* Freenet */
    {"X-MDAutoResponder", NULL},              /* MDaemon */
    {"Delivered-To", "autoresponder"},
    {"X-Ms-Exchange-Generated-Message-Source", "Mailbox Rules Agent"},
    {"X-Ms-Exchange-Inbox-Rules-Loop", NULL},
    {"X-Mailer", "vacation"},
    {"X-Vacation", NULL},
    {"X-TMDA-Confirm", NULL},
    {"Content-Type", "disposition-notification"}, /* RFC 8098 */
};

/* Fields after which nobody should answer by machine, whoever wrote it. */
static const struct {
    const char *name;
    const char *value;
} loop_fields[] = {
    {"Precedence", "bulk"},
    {"Precedence", "junk"},
    {"Precedence", "list"},
    {"List-Id", NULL},
    {"List-Post", NULL},
    {"List-Unsubscribe", NULL},
    {"X-Auto-Response-Suppress", NULL},
    {"X-Loop", NULL},
    {"X-FC-MachineGenerated", "true"},
    {"X-Cron-Env", NULL},
    {"Feedback-ID", NULL},
};

static const char *const kind_slugs[] = {"none",      "vacation", "left",
                                         "challenge", "receipt",  "other"};

const char *
auto_kind_slug(AutoKind kind)
{
    must((size_t)kind < G_N_ELEMENTS(kind_slugs));
    return kind_slugs[kind];
}

static bool
field_says(const Letter *letter, const char *name, const char *value)
{
    for (size_t i = 0; i < letter->field_count; i++)
        if (str_eq_nocase(letter->fields[i].name, name) &&
            (!value || scan_has_nocase(letter->fields[i].value, value)))
            return true;
    return false;
}

/* Auto-Submitted says anything but no: also auto-generated and auto-notified. */
static bool
is_submitted_by_machine(const Letter *letter)
{
    Str value = letter_field(letter, "Auto-Submitted");
    return value.len && !scan_starts(value, "no");
}

static bool
is_answer_by_field(const Letter *letter)
{
    for (size_t i = 0; i < G_N_ELEMENTS(answer_fields); i++)
        if (field_says(letter, answer_fields[i].name, answer_fields[i].value))
            return true;
    return false;
}

/* The subject without Re:, brackets and quotes in front: "[Auto-Reply] ...", "Re: Abwesenheit". */
static Str
subject_core(Str folded)
{
    for (;;) {
        Str before = folded;
        static const char *const starts[] = {"re:", "aw:", "sv:", "antw:", "rv:", "[",
                                             "(",   "\"",  "*",   "'",     " ",   "<"};
        for (size_t i = 0; i < G_N_ELEMENTS(starts); i++)
            if (str_starts(folded, starts[i]))
                folded = str_sub(folded, strlen(starts[i]), folded.len);
        if (before.len == folded.len)
            return folded;
    }
}

/* ASCII alone is folded by scan_fold; subjects in other alphabets need all letters small. */
static Str
small_letters(Arena *arena, Str text)
{
    g_autofree char *small = text.len ? g_utf8_strdown(text.at, (gssize)text.len) : NULL;
    return scan_fold(arena, arena_copy(arena, str_of(small)));
}

static AutoKind
words_kind(AutoWhere where, Str folded)
{
    for (size_t i = 0; i < G_N_ELEMENTS(words_rows); i++) {
        if (words_rows[i].where != where)
            continue;
        if (where != TEXT ? str_starts(folded, words_rows[i].words)
                          : scan_like(folded, words_rows[i].words))
            return words_rows[i].kind;
    }
    return AUTO_NONE;
}

static bool
is_no_address(Str from)
{
    static const char *const names[] = {
        "noreply",      "no-reply",       "no_reply",    "donotreply", "do-not-reply",
        "do_not_reply", "mailer-daemon@", "postmaster@", "bounce",     "owner-"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (scan_has_nocase(from, names[i]))
            return true;
    return !from.len;
}

static bool
may_loop(const Letter *letter)
{
    if (is_no_address(scan_first_address(letter_field(letter, "From"))) ||
        str_is(letter_field(letter, "Return-Path"), "<>") || is_submitted_by_machine(letter))
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(loop_fields); i++)
        if (field_says(letter, loop_fields[i].name, loop_fields[i].value))
            return true;
    return false;
}

bool
auto_read(Arena *arena, const Letter *letter, InboundFacts *ret)
{
    Str subject = subject_core(small_letters(arena, letter_field(letter, "Subject")));
    Str text =
        small_letters(arena, text_cut(letter_words(arena, letter, true), TEXT_BYTES_LOOKED_AT));
    AutoKind by_subject = words_kind(SUBJECT, subject), by_text = words_kind(TEXT, text);
    ret->no_answer = may_loop(letter);
    if (by_subject == AUTO_NONE && (ret->no_answer || is_answer_by_field(letter)))
        by_subject = words_kind(SUBJECT_ALSO, subject);
    bool receipt = letter_part(letter, "message/disposition-notification") != NULL;
    bool answer = receipt || is_answer_by_field(letter) || by_subject != AUTO_NONE ||
                  (is_submitted_by_machine(letter) && letter_field(letter, "In-Reply-To").len) ||
                  (by_text == AUTO_CHALLENGE) || (by_text != AUTO_NONE && ret->no_answer);
    if (!answer)
        return false;
    ret->no_answer = true;
    if (receipt || by_subject == AUTO_RECEIPT)
        ret->auto_kind = AUTO_RECEIPT;
    else if (by_text == AUTO_LEFT || by_text == AUTO_CHALLENGE || by_subject == AUTO_NONE)
        ret->auto_kind = by_text;
    else
        ret->auto_kind = by_subject;
    if (ret->auto_kind == AUTO_NONE)
        ret->auto_kind = AUTO_OTHER;
    ret->kind = INBOUND_AUTO;
    return true;
}
