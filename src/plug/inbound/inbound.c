/* inbound.c - which of the forms a mail has, and what all of them share. */
#include "plug/inbound/inbound_inside.h"

#include "base/encode.h"
#include "base/limits.h"
#include "base/seal.h"
#include "base/text.h"

#include <string.h>

enum { DELIVERED_TO_MOST = 20, UNSUBSCRIBE_BYTES_MOST = 200 };

static const char *const kind_slugs[] = {"other",     "reply",       "auto", "report",
                                         "complaint", "unsubscribe", "setup"};

const char *
inbound_kind_slug(InboundKind kind)
{
    must((size_t)kind < G_N_ELEMENTS(kind_slugs));
    return kind_slugs[kind];
}

/* ---- tokens ------------------------------------------------------------------------------------- */

/* Fields in which servers write down where they really delivered a mail, and then whom it names. */
static const char *const delivery_fields[] = {
    "X-Original-To", "Delivered-To",   "Envelope-To", "X-Envelope-To",
    "X-Rcpt-To",     "X-Delivered-To", "To",          "Cc",
};

static void
delivered_to_read(Arena *arena, const Letter *letter, InboundFacts *ret)
{
    Str *list = arena_new_of(arena, Str, DELIVERED_TO_MOST);
    size_t count = 0;
    for (size_t w = 0; w < G_N_ELEMENTS(delivery_fields); w++)
        for (size_t i = 0; i < letter->field_count; i++) {
            const LetterField *field = &letter->fields[i];
            size_t at = 0;
            if (!str_eq_nocase(field->name, delivery_fields[w]))
                continue;
            while (count < DELIVERED_TO_MOST && scan_address(field->value, &at, &list[count], NULL))
                count++;
        }
    ret->delivered_to = list;
    ret->delivered_to_count = count;
}

/* Message-IDs that it returns or answers, the nearest first. */
static void
message_ids_read(Arena *arena, const Letter *letter, InboundFacts *ret)
{
    Buf ids = {.arena = arena};
    buf_add_str(&ids, ret->message_ids);
    buf_add_char(&ids, ' ');
    buf_add_str(&ids, letter_field(letter, "In-Reply-To"));
    /* The last reference is the nearest. */
    Str references = letter_field(letter, "References");
    while (references.len) {
        const char *open = memrchr(references.at, '<', references.len);
        size_t at = open ? (size_t)(open - references.at) : 0;
        buf_add_char(&ids, ' ');
        buf_add_str(&ids, str_trim(str_sub(references, at, references.len)));
        references.len = at;
    }
    ret->message_ids = text_cut(str_trim(buf_str(&ids)), LIMIT_HEADER_BYTES);
}

/* ---- who and what -------------------------------------------------------------------------------- */

/* The name in front of <address>, without quotes. */
static Str
display_name(Arena *arena, Str value)
{
    size_t open;
    if (!str_find(value, STR("<"), &open))
        return (Str){0};
    Str name = str_trim(str_sub(value, 0, open));
    if (name.len > 1 && name.at[0] == '"' && name.at[name.len - 1] == '"')
        name = str_trim(str_sub(name, 1, name.len - 2));
    return text_line(arena, name, LIMIT_TEXT_BYTES);
}

/* "Re:", "AW:", "Fwd:", "Re[2]:", "RE :", in whatever language: up to five letters and a colon. */
static Str
subject_of(Str subject, bool *ret_answers)
{
    static const char *const marks[] = {"re",   "aw",   "antw", "sv",  "vs",  "rif",
                                        "res",  "r",    "ref",  "odp", "ynt", "رد",
                                        "回复", "回覆", "答复", "отв", "απ",  "תגובה"};
    *ret_answers = false;
    for (;;) {
        size_t colon;
        if (!str_find(subject, STR(":"), &colon) || colon > 12)
            return subject;
        Str mark = str_trim(str_sub(subject, 0, colon));
        if (mark.len && mark.at[mark.len - 1] == ']') {
            const char *open = memchr(mark.at, '[', mark.len);
            mark.len = open ? (size_t)(open - mark.at) : mark.len;
        }
        bool known = false;
        for (size_t i = 0; i < G_N_ELEMENTS(marks); i++)
            known |= mark.len == strlen(marks[i]) &&
                     g_ascii_strncasecmp(mark.at, marks[i], mark.len) == 0;
        if (!known)
            return subject;
        *ret_answers = true;
        subject = str_trim(str_sub(subject, colon + 1, subject.len));
    }
}

static void
files_read(Arena *arena, const Letter *letter, InboundFacts *ret)
{
    InboundFile *files = arena_new_of(arena, InboundFile, letter->part_count + 1);
    size_t count = 0;
    for (size_t i = 0; i < letter->part_count; i++) {
        const LetterPart *part = &letter->parts[i];
        if (part->attached)
            files[count++] = (InboundFile){part->name, part->type, part->bytes};
    }
    ret->files = files;
    ret->file_count = count;
}

/* The form that List-Unsubscribe's mailto makes: our address says so (unsubscribe+TOKEN@), or the whole subject is the
 * word, in an otherwise all but empty mail. */
static bool
unsubscribe_read(Arena *arena, const Letter *letter, InboundFacts *ret)
{
    static const char *const words[] = {"unsubscribe",    "abmelden",      "désabonner",
                                        "se désabonner",  "darse de baja", "baja",
                                        "disiscriviti",   "uitschrijven",  "cancelar inscrição",
                                        "إلغاء الاشتراك", "remove",        "stop",
                                        "opt-out",        "opt out"};
    bool answers, asked = false;
    Str subject = scan_fold(arena, subject_of(str_trim(ret->subject), &answers));
    Str text =
        str_trim(scan_fold(arena, inbound_new_text(arena, letter_words(arena, letter, true))));
    for (size_t i = 0; i < ret->delivered_to_count; i++)
        asked |= scan_starts(ret->delivered_to[i], "unsubscribe+") ||
                 scan_starts(ret->delivered_to[i], "unsubscribe@");
    /* Long texts are for people to read, whatever stands above them. */
    for (size_t i = 0; i < G_N_ELEMENTS(words) && text.len <= UNSUBSCRIBE_BYTES_MOST; i++)
        asked |= str_is(subject, words[i]) || (!subject.len && str_is(text, words[i]));
    if (asked)
        ret->kind = INBOUND_UNSUBSCRIBE;
    return asked;
}

static void
person_read(Arena *arena, const Letter *letter, InboundFacts *ret)
{
    bool answers;
    ret->subject_of = subject_of(str_trim(ret->subject), &answers);
    ret->text = inbound_new_text(arena, letter_words(arena, letter, true));
    files_read(arena, letter, ret);
    if (ret->kind != INBOUND_OTHER)
        return;
    if (answers || letter_field(letter, "In-Reply-To").len ||
        letter_field(letter, "References").len)
        ret->kind = INBOUND_REPLY;
}

/* Lines that were too long for a mail, put together: JSON itself has no line ends within a text. */
static Str
unfolded(Arena *arena, Str json)
{
    char *ret = arena_bytes(arena, json.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < json.len; i++)
        if (json.at[i] != '\n')
            ret[len++] = json.at[i];
        else if (i + 1 < json.len && json.at[i + 1] == ' ')
            i++;
    return (Str){ret, len};
}

/* A notification of Amazon's by mail: JSON, and below it a line about how to stop it. */
static bool
notification_read(Arena *arena, const Letter *letter, InboundFacts *ret)
{
    Str words = str_trim(letter_words(arena, letter, false));
    size_t end;
    if (!str_starts(words, "{") || !scan_has_nocase(words, "notificationType"))
        return false;
    if (str_find(words, STR("\n--"), &end))
        words = str_trim(str_sub(words, 0, end));
    words = unfolded(arena, words);
    InboundFacts facts = {0};
    if (!ses_notification_read(arena, words, &facts, NULL))
        return false;
    ret->kind = facts.kind;
    ret->reports = facts.reports;
    ret->report_count = facts.report_count;
    ret->feedback = facts.feedback;
    ret->no_answer = true;
    ret->message_ids = facts.report_count ? facts.reports[0].message_id : (Str){0};
    return true;
}

void
inbound_read(Arena *arena, const Letter *letter, InboundFacts *ret)
{
    Str from = letter_field(letter, "From");
    *ret = (InboundFacts){
        .from = scan_first_address(from),
        .from_name = display_name(arena, from),
        .subject = text_line(arena, letter_field(letter, "Subject"), LIMIT_TEXT_BYTES),
        .own_id = str_trim(letter_field(letter, "Message-ID")),
    };
    delivered_to_read(arena, letter, ret);
    if (notification_read(arena, letter, ret))
        return;
    /* Machines that answer by themselves often come from no address, and quote; servers call their reports
     * auto-replied: so a report in its own form goes first, then answers, then reports in prose. */
    if (complaint_read(arena, letter, ret) || bounce_read(arena, letter, true, ret))
        ret->no_answer = true;
    else if (unsubscribe_read(arena, letter, ret))
        person_read(arena, letter, ret);
    else if (auto_read(arena, letter, ret))
        person_read(arena, letter, ret);
    else if (bounce_read(arena, letter, false, ret))
        ret->no_answer = true;
    else
        person_read(arena, letter, ret);
    message_ids_read(arena, letter, ret);
}

/* ---- logins ------------------------------------------------------------------------------------- */

/* "user:password": the password is the secret, or all of it where the secret was set with a name. */
static bool
login_is(Arena *arena, Str header, Str secret)
{
    Str login, rest, name;
    if (!scan_starts(header, "Basic ") ||
        !decode(arena, ENCODE_BASE64, str_trim(str_sub(header, 6, header.len)), &login))
        return false;
    rest = login;
    if (!str_split(&rest, ':', &name))
        return false;
    bool password = seal_same(rest, secret), whole = seal_same(login, secret);
    return password || whole;
}

bool
inbound_login(Arena *arena, const PlugHeaders *headers, const InboundSecret *secret, GError **error)
{
    must(secret->secret.len);
    if (seal_same(secret->path_token, secret->secret) ||
        login_is(arena, plug_header(headers, "Authorization"), secret->secret))
        return true;
    return fail(error, ERR_AUTH, "the delivery has neither the login nor the address that is set");
}

/* ---- providers ----------------------------------------------------------------------------------- */

#define ROW(name) extern const Inbound inbound_##name;
#include "plug/inbound/inbounds.def"
#undef ROW

static const Inbound *const inbounds[] = {
#define ROW(name) &inbound_##name,
#include "plug/inbound/inbounds.def"
#undef ROW
};

const Inbound *
inbound_find(Str name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(inbounds); i++)
        if (str_is(name, inbounds[i]->name))
            return inbounds[i];
    return NULL;
}

const Inbound *
inbound_nth(size_t n)
{
    return n < G_N_ELEMENTS(inbounds) ? inbounds[n] : NULL;
}
