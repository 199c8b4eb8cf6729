/* compose.c - builds a mail. */
#include "engine/compose.h"
#include "base/text.h"
#include "base/when.h"
#include "engine/mail_body.h"
#include "engine/mail_header.h"

#include <string.h>

enum {
    HEADER_BYTES_GUESS = 2048,
    BOUNDARY_ID_CHARS = 24, /* RFC 2046 5.1.1 allows 70 in all */
    BOUNDARY_CHARS = 64,
};

/* A mail being built. */
typedef struct Composer {
    const Mail *mail;
    Buf out;
    MailBody text;
    MailBody html;
    int multiparts; /* opened so far: each boundary has its number */
    char id[BOUNDARY_ID_CHARS + 1];
} Composer;

/* ---- the header ----------------------------------------------------------------------------- */

/* Fields that compose or the transport writes: a second one could make another mail of it. */
static bool
field_is_taken(Str name)
{
    static const char *const taken[] = {
        "from",
        "to",
        "reply-to",
        "subject",
        "date",
        "message-id",
        "in-reply-to",
        "references",
        "mime-version",
        "list-unsubscribe",
        "sender",
        "cc",
        "bcc",
        "auto-submitted",
        "list-unsubscribe-post",
        "received",
        "return-path",
        "dkim-signature",
        "feedback-id",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(taken); i++) {
        if (str_eq_nocase(name, taken[i]))
            return true;
    }
    return name.len >= 8 && g_ascii_strncasecmp(name.at, "content-", 8) == 0;
}

static bool
compose_own_fields(Composer *composer, GError **error)
{
    Arena *arena = composer->out.arena;
    for (size_t i = 0; i < composer->mail->field_count; i++) {
        const MailField *field = &composer->mail->fields[i];
        char *name = arena_cstr(arena, field->name);
        if (!mail_header_name_valid(field->name) || field_is_taken(field->name))
            return fail(error, ERR_INPUT, "a mail cannot be given a field \"%s\"",
                        arena_cstr(arena, text_line(arena, field->name, 80)));
        if (!mail_header_value(&composer->out, name, field->value, error))
            return false;
    }
    return true;
}

/* A field of programs, if it is there. */
static bool
compose_value(Composer *composer, const char *name, Str value, GError **error)
{
    return value.len == 0 || mail_header_value(&composer->out, name, value, error);
}

/* List-Unsubscribe: <https://...>, <mailto:...>. A bracket or comma in one would end it there. */
static bool
compose_unsubscribe(Composer *composer, GError **error)
{
    const Str ways[] = {composer->mail->unsubscribe, composer->mail->unsubscribe_mail};
    Buf value = {.arena = composer->out.arena};
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        if (ways[i].len == 0)
            continue;
        if (text_has(ways[i], '<') || text_has(ways[i], '>') || text_has(ways[i], ' '))
            return fail(error, ERR_INPUT, "the link to unsubscribe holds a bracket or a space");
        buf_add_cstr(&value, value.len ? ", <" : "<");
        buf_add_str(&value, ways[i]);
        buf_add_char(&value, '>');
    }
    if (!compose_value(composer, "List-Unsubscribe", buf_str(&value), error))
        return false;
    if (composer->mail->unsubscribe.len)
        buf_add_cstr(&composer->out, "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
    return true;
}

/* Addresses come from address_parse, which lets nothing through that could leave its line; a caller
 * who filled one by hand is stopped here. */
static bool
compose_address(Composer *composer, const char *name, const Address *address, GError **error)
{
    for (size_t i = 0; i < address->spec.len; i++) {
        char byte = address->spec.at[i];
        if (!(byte & 0x80) && !g_ascii_isprint(byte))
            return fail(error, ERR_INPUT, "the mail's %s address was not checked", name);
    }
    if (!text_has(address->spec, '@') || !text_valid(address->spec))
        return fail(error, ERR_INPUT, "the mail has no %s address", name);
    mail_header_address(&composer->out, name, address);
    return true;
}

/* "<", something without brackets and spaces, ">". */
static bool
message_id_fits(Str id)
{
    Str inside = str_sub(id, 1, id.len > 2 ? id.len - 2 : 0);
    return inside.len && id.at[0] == '<' && id.at[id.len - 1] == '>' && text_has(inside, '@') &&
           !text_has(inside, '<') && !text_has(inside, '>') && !text_has(inside, ' ');
}

static bool
compose_header(Composer *composer, GError **error)
{
    const Mail *mail = composer->mail;
    Buf *out = &composer->out;
    if (!message_id_fits(mail->message_id))
        return fail(error, ERR_INPUT, "the mail has no Message-ID of the form <id@domain>");
    if (!compose_address(composer, "From", &mail->from, error) ||
        !compose_address(composer, "To", &mail->to, error))
        return false;
    if (mail->reply_to.spec.len && !compose_address(composer, "Reply-To", &mail->reply_to, error))
        return false;
    mail_header_text(out, "Subject", mail->subject);
    buf_add_cstr(out, "Date: ");
    buf_add_cstr(out, when_mail_date(out->arena, mail->at, NULL));
    buf_add_cstr(out, "\r\n");
    if (!compose_value(composer, "Message-ID", mail->message_id, error) ||
        !compose_value(composer, "In-Reply-To", mail->in_reply_to, error) ||
        !compose_value(composer, "References", mail->references, error) ||
        !compose_unsubscribe(composer, error) ||
        !compose_value(composer, "Feedback-ID", mail->feedback_id, error))
        return false;
    if (!mail->by_person)
        buf_add_cstr(out, "Auto-Submitted: auto-generated\r\n");
    if (!compose_own_fields(composer, error))
        return false;
    buf_add_cstr(out, "MIME-Version: 1.0\r\n");
    return true;
}

/* ---- the body --------------------------------------------------------------------------------- */

/* The boundary holds "=_", which neither quoted-printable nor base64 can write; so it can only
 * occur in plain parts, and these are asked. */
static bool
boundary_occurs(const Composer *composer, Str boundary)
{
    const MailBody *bodies[] = {&composer->text, &composer->html};
    size_t at;
    for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++) {
        bool plain = bodies[i]->encoding == MAIL_7BIT || bodies[i]->encoding == MAIL_8BIT;
        if (plain && str_find(bodies[i]->text, boundary, &at))
            return true;
    }
    return false;
}

/* Letters of the Message-ID, so that the parts of a mail quoted whole in another one of ours are
 * not taken for parts of that. */
static void
boundary_id(Composer *composer)
{
    Str id = composer->mail->message_id;
    size_t len = 0;
    for (size_t i = 1; i < id.len && id.at[i] != '@' && len < BOUNDARY_ID_CHARS; i++) {
        if (g_ascii_isalnum(id.at[i]))
            composer->id[len++] = id.at[i];
    }
    composer->id[len] = '\0';
}

/* Starts a multipart; its boundary is put into ret. The line end of the first delimiter is the empty
 * line between header and body. */
static void
multipart_open(Composer *composer, const char *kind, char ret[BOUNDARY_CHARS])
{
    do
        g_snprintf(ret, BOUNDARY_CHARS, "=_%d_%s", ++composer->multiparts, composer->id);
    while (boundary_occurs(composer, str_of(ret)));
    buf_format(&composer->out, "Content-Type: multipart/%s; boundary=\"%s\"\r\n", kind, ret);
}

static void
multipart_next(Composer *composer, const char *boundary)
{
    buf_format(&composer->out, "\r\n--%s\r\n", boundary);
}

static void
multipart_close(Composer *composer, const char *boundary)
{
    buf_format(&composer->out, "\r\n--%s--\r\n", boundary);
}

static void
compose_words(Composer *composer, const char *kind, const MailBody *body)
{
    const char *charset = body->encoding == MAIL_7BIT ? "us-ascii" : "utf-8";
    buf_format(&composer->out,
               "Content-Type: text/%s; charset=%s\r\nContent-Transfer-Encoding: %s\r\n\r\n", kind,
               charset, mail_encoding_name(body->encoding));
    mail_body_add(&composer->out, body);
}

static bool
file_type_fits(Str type)
{
    size_t slashes = 0;
    for (size_t i = 0; i < type.len; i++) {
        char byte = type.at[i];
        slashes += byte == '/';
        if (!g_ascii_isalnum(byte) && !(byte && strchr("/.+-_", byte)))
            return false;
    }
    return slashes == 1 && type.at[0] != '/' && type.at[type.len - 1] != '/' && type.len < 64 &&
           g_ascii_strncasecmp(type.at, "multipart/", MIN(type.len, 10)) != 0 &&
           g_ascii_strncasecmp(type.at, "message/", MIN(type.len, 8)) != 0;
}

static bool
compose_file(Composer *composer, const MailFile *file, GError **error)
{
    Buf *out = &composer->out;
    if (!file_type_fits(file->type))
        return fail(error, ERR_INPUT, "an attachment's type must be like application/pdf");
    buf_add_cstr(out, "Content-Type: ");
    buf_add_str(out, file->type);
    buf_add_cstr(out, "\r\nContent-Transfer-Encoding: base64\r\n");
    buf_add_cstr(out, file->content_id.len ? "Content-Disposition: inline\r\n"
                                           : "Content-Disposition: attachment\r\n");
    if (file->name.len)
        mail_header_param(out, "filename", file->name);
    if (file->content_id.len) {
        Buf id = {.arena = out->arena};
        buf_add_char(&id, '<');
        buf_add_str(&id, file->content_id);
        buf_add_char(&id, '>');
        if (!message_id_fits(buf_str(&id)) ||
            !mail_header_value(out, "Content-ID", buf_str(&id), NULL))
            return fail(error, ERR_INPUT, "a picture's content id must be like logo@shop.example");
    }
    buf_add_cstr(out, "\r\n");
    mail_body_add_base64(out, file->bytes);
    return true;
}

/* A picture without HTML around it is an attachment. */
static bool
file_is_inside(const Composer *composer, const MailFile *file)
{
    return file->content_id.len && composer->html.text.len;
}

/* The files that are, or are not, inside the HTML; each as a part of the multipart. */
static bool
compose_files(Composer *composer, bool inside, const char *boundary, GError **error)
{
    for (size_t i = 0; i < composer->mail->file_count; i++) {
        const MailFile *file = &composer->mail->files[i];
        if (file_is_inside(composer, file) != inside)
            continue;
        multipart_next(composer, boundary);
        if (!compose_file(composer, file, error))
            return false;
    }
    return true;
}

static bool
compose_has_files(const Composer *composer, bool inside)
{
    for (size_t i = 0; i < composer->mail->file_count; i++) {
        if (file_is_inside(composer, &composer->mail->files[i]) == inside)
            return true;
    }
    return false;
}

static bool
compose_html(Composer *composer, GError **error)
{
    char boundary[BOUNDARY_CHARS];
    if (!compose_has_files(composer, true)) {
        compose_words(composer, "html", &composer->html);
        return true;
    }
    multipart_open(composer, "related", boundary);
    multipart_next(composer, boundary);
    compose_words(composer, "html", &composer->html);
    if (!compose_files(composer, true, boundary, error))
        return false;
    multipart_close(composer, boundary);
    return true;
}

static bool
compose_readable(Composer *composer, GError **error)
{
    char boundary[BOUNDARY_CHARS];
    if (composer->html.text.len == 0) {
        compose_words(composer, "plain", &composer->text);
        return true;
    }
    if (composer->text.text.len == 0)
        return compose_html(composer, error);
    multipart_open(composer, "alternative", boundary);
    multipart_next(composer, boundary);
    compose_words(composer, "plain", &composer->text);
    multipart_next(composer, boundary);
    if (!compose_html(composer, error))
        return false;
    multipart_close(composer, boundary);
    return true;
}

static bool
compose_body(Composer *composer, GError **error)
{
    char boundary[BOUNDARY_CHARS];
    if (!compose_has_files(composer, false))
        return compose_readable(composer, error);
    multipart_open(composer, "mixed", boundary);
    multipart_next(composer, boundary);
    if (!compose_readable(composer, error) || !compose_files(composer, false, boundary, error))
        return false;
    multipart_close(composer, boundary);
    return true;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static size_t
compose_room(const Composer *composer)
{
    size_t room = HEADER_BYTES_GUESS + composer->text.room_bytes + composer->html.room_bytes;
    for (size_t i = 0; i < composer->mail->file_count; i++)
        room += composer->mail->files[i].bytes.len / 57 * 78 + 512;
    return room;
}

bool
mail_compose(Arena *arena, const Mail *mail, MailWire *ret, GError **error)
{
    Composer composer = {.mail = mail, .out = {.arena = arena}};
    composer.text = mail_body_of(text_clean(arena, mail->text), mail->allow_8bit);
    composer.html = mail_body_of(text_clean(arena, mail->html), mail->allow_8bit);
    boundary_id(&composer);
    buf_reserve(&composer.out, compose_room(&composer));
    if (!compose_header(&composer, error))
        return false;
    size_t header_len = composer.out.len;
    if (!compose_body(&composer, error))
        return false;
    if (composer.out.at[composer.out.len - 1] != '\n')
        buf_add_cstr(&composer.out, "\r\n");

    Str bytes = buf_str(&composer.out);
    size_t gap;
    must(str_find(str_sub(bytes, header_len, bytes.len), STR("\r\n\r\n"), &gap));
    *ret = (MailWire){
        .bytes = bytes,
        .body_at = header_len + gap + 4,
        .eight_bit = !text_ascii(bytes),
        .utf8 = mail->from.utf8 || mail->to.utf8 || mail->reply_to.utf8,
    };
    return true;
}
