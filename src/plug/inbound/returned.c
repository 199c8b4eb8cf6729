/* returned.c - parts a server's notice from what it gives back of our mail.
 *
 * In a multipart/report they are parts of their own (RFC 6522). Everything else writes one text, with some line
 * between the two, or none: then our mail begins where a header begins.
 */
#include "plug/inbound/inbound_inside.h"

#include "base/text.h"

#include <string.h>

enum {
    /* Notices are a page or two; what is behind is no notice, whatever it looks like. */
    NOTICE_BYTES_MOST = 64 * 1024,
    LOOKED_AT_BYTES_MOST = 256 * 1024,
    HEADER_LINES_LOOKED_AT = 60, /* some have twenty Received, each of three lines */
    HEADER_FIELDS_NEEDED = 3,
    FIELDS_TELLING =
        0x0f, /* the first four of mail_fields: notices list To, Date and Subject as well */
};

/* Words of the lines that part notice and mail; such lines start or end with a rule of - = * _ +, or end in a
 * colon. */
static const char *const border_words[] = {
    "copy of the message",
    "copy of your message",
    "original message",
    "original mail",
    "header of the original",
    "below this line",
    "unsent message",
    "message header",
    "returned message",
    "undelivered message",
    "message contents",
    "message text follows",
    "rejected message follows",
    "your message follows",
    "message follows",
    "copy of the original",
    "header text of",
    "headers of the message",
    "returned mail",
    "header of your message",
    "returned headers",
    "beginning of the original",
    "header of the message",
    "message details follow",
};

/* Fields of which real mails have several. */
static const char *const mail_fields[] = {
    "received",
    "return-path",
    "message-id",
    "from",
    "to",
    "subject",
    "date",
    "mime-version",
    "content-type",
    "dkim-signature",
    "reply-to",
    "x-mailer",
    "content-transfer-encoding",
    "x-originating-ip",
    "delivered-to",
    "sender",
    "cc",
};

static bool
is_rule(char byte)
{
    return strchr("-=*_+#", byte) != NULL;
}

static bool
line_is_border(Str line)
{
    line = str_trim(line);
    if (line.len < 8 || line.len > 120)
        return false;
    bool ruled = (is_rule(line.at[0]) && is_rule(line.at[1])) ||
                 (is_rule(line.at[line.len - 1]) && is_rule(line.at[line.len - 2]));
    if (!ruled && line.at[line.len - 1] != ':')
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(border_words); i++)
        if (scan_has_nocase(line, border_words[i]))
            return true;
    return false;
}

/* Which of mail_fields the line is; -1 for none. */
static int
line_field(Str line)
{
    for (size_t i = 0; i < G_N_ELEMENTS(mail_fields); i++) {
        size_t len = strlen(mail_fields[i]);
        if (scan_starts(line, mail_fields[i]) && line.len > len && line.at[len] == ':')
            return (int)i;
    }
    return -1;
}

/* Does the header of a mail begin here? The first line is one of its fields, and two others of them follow soon,
 * with nothing but fields between them. */
static bool
header_begins(Str text)
{
    uint32_t seen = 0;
    Str line;
    for (int lines = 0; lines < HEADER_LINES_LOOKED_AT && text.at; lines++) {
        str_split(&text, '\n', &line);
        if (!str_trim(line).len)
            break;
        int field = line_field(line);
        if (lines == 0 && field < 0)
            return false;
        if (field >= 0)
            seen |= UINT32_C(1) << field;
        else if (line.at[0] != ' ' && line.at[0] != '\t' && !text_has(line, ':'))
            break;
    }
    return (seen & FIELDS_TELLING) && __builtin_popcount(seen) >= HEADER_FIELDS_NEEDED;
}

/* Where our mail begins in a text, and where the notice ends; false if it is not there. */
static bool
split_find(Str text, size_t *ret_notice, size_t *ret_mail)
{
    Str rest = text, line;
    while (rest.at) {
        size_t here = (size_t)(rest.at - text.at);
        Str from = rest;
        str_split(&rest, '\n', &line);
        if (line_is_border(line) && rest.at) {
            *ret_notice = here;
            *ret_mail = (size_t)(rest.at - text.at);
            /* Where one form says "original message:" above some words of its own, those are looked at, too. */
            return true;
        }
        if (header_begins(from)) {
            *ret_notice = *ret_mail = here;
            return true;
        }
    }
    return false;
}

static void
mail_take(Arena *arena, Str mail, Returned *ret)
{
    const LetterField *fields;
    while (mail.len && g_ascii_isspace(mail.at[0]))
        mail = str_sub(mail, 1, mail.len);
    size_t count = letter_fields(arena, &mail, &fields);
    if (ret->field_count || !count)
        return;
    ret->fields = fields;
    ret->field_count = count;
}

/* The header of a mail inside a text that has something else above it: the blank lines and bars of a notice. */
static void
mail_find(Arena *arena, Str text, Returned *ret)
{
    Str line;
    while (text.at && !ret->field_count) {
        Str from = text;
        str_split(&text, '\n', &line);
        if (header_begins(from))
            mail_take(arena, from, ret);
    }
}

static bool
part_is_mail(const LetterPart *part)
{
    return str_is(part->type, "message/rfc822") || str_is(part->type, "text/rfc822-headers") ||
           str_is(part->type, "text/rfc822-header") || str_is(part->type, "message/global") ||
           str_is(part->type, "message/global-headers") || str_is(part->type, "message/partial");
}

static void
notice_add(Arena *arena, Str text, Buf *notice, Returned *ret)
{
    size_t end = text.len, mail = text.len;
    if (split_find(text, &end, &mail)) {
        Str behind = str_sub(text, mail, text.len);
        mail_take(arena, header_begins(behind) ? behind : (Str){0}, ret);
        mail_find(arena, behind, ret);
    }
    buf_add_str(notice, str_sub(text, 0, end));
    buf_add_char(notice, '\n');
}

void
returned_read(Arena *arena, const Letter *letter, Returned *ret)
{
    Buf notice = {.arena = arena};
    Str body = text_cut(letter->body, LOOKED_AT_BYTES_MOST);
    *ret = (Returned){0};
    for (size_t i = 0; i < letter->part_count; i++)
        if (part_is_mail(&letter->parts[i]))
            mail_take(arena, letter->parts[i].text, ret);
    notice_add(arena, text_cut(letter_words(arena, letter, false), LOOKED_AT_BYTES_MOST), &notice,
               ret);
    /* Boundaries that do not match leave nothing but the body as it stands. */
    if (!str_trim(buf_str(&notice)).len)
        notice_add(arena, body, &notice, ret);
    else if (!ret->field_count)
        mail_find(arena, body, ret);
    ret->notice = text_cut(buf_str(&notice), NOTICE_BYTES_MOST);
}
