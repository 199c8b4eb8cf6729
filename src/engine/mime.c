/* mime.c - the one file that includes GMime; see mime.h. */
#include "engine/mime.h"

#include "base/limits.h"
#include "base/text.h"

#include <gmime/gmime.h>
#include <pthread.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;

static Str
part_text(Arena *arena, GMimeObject *part)
{
    g_autofree char *text = g_mime_text_part_get_text(GMIME_TEXT_PART(part));
    return text ? arena_copy(arena, text_clean(arena, str_of(text))) : (Str){0};
}

static void
parts_read(Arena *arena, GMimeMessage *message, MailParts *ret)
{
    GMimePartIter *iter = g_mime_part_iter_new(GMIME_OBJECT(message));
    if (!GMIME_IS_MULTIPART(g_mime_message_get_mime_part(message))) {
        GMimeObject *only = g_mime_message_get_mime_part(message);
        if (GMIME_IS_TEXT_PART(only))
            *(g_mime_content_type_is_type(g_mime_object_get_content_type(only), "text", "html")
                  ? &ret->html
                  : &ret->text) = part_text(arena, only);
        g_mime_part_iter_free(iter);
        return;
    }
    do {
        GMimeObject *part = g_mime_part_iter_get_current(iter);
        if (!part || !GMIME_IS_TEXT_PART(part))
            continue;
        GMimeContentType *type = g_mime_object_get_content_type(part);
        if (!ret->text.at && g_mime_content_type_is_type(type, "text", "plain"))
            ret->text = part_text(arena, part);
        else if (!ret->html.at && g_mime_content_type_is_type(type, "text", "html"))
            ret->html = part_text(arena, part);
    } while (g_mime_part_iter_next(iter));
    g_mime_part_iter_free(iter);
}

static Str
header_text(Arena *arena, Str mail)
{
    size_t end = mail.len;
    if (!str_find(mail, STR("\r\n\r\n"), &end) && !str_find(mail, STR("\n\n"), &end))
        end = mail.len;
    Buf buf = {.arena = arena};
    for (size_t i = 0; i < end; i++)
        if (mail.at[i] != '\r')
            buf_add_char(&buf, mail.at[i]);
    return text_clean(arena, buf_str(&buf));
}

bool
mail_parts(Arena *arena, Str mail, MailParts *ret, GError **error)
{
    pthread_once(&once, g_mime_init);
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(mail.at, mail.len);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    MailParts parts = {.header = header_text(arena, mail)};
    if (message)
        parts_read(arena, message, &parts);
    bool ok = message != NULL;
    g_clear_object(&message);
    g_object_unref(parser);
    g_object_unref(stream);
    if (!ok)
        return fail(error, ERR_INPUT, "these bytes are no mail");
    *ret = parts;
    return true;
}

/* ---- letters --------------------------------------------------------------------------------- */

enum { PARTS_MOST = 500, DEPTH_MOST = 50, MARKS_MOST = 10000, HEADER_BYTES_MOST = 512 * 1024 };

/* The walk of RFC 8621 4.1.4 over the tree. */
typedef struct LetterReader {
    Arena *arena;
    LetterPart *parts;
    size_t count;
} LetterReader;

/* Where in the tree: what the surrounding multiparts decide about their leaves. */
typedef struct LetterPlace {
    const char *multipart; /* subtype of the parent: mixed, related, alternative */
    bool in_alternative;
    bool to_text; /* leaves here may be words in text form */
    bool to_html;
    int depth;
} LetterPlace;

/* Bytes in a charset as UTF-8. What GLib cannot convert is taken as UTF-8 if it is that, else as
 * windows-1252, which gives every byte a letter. */
static Str
charset_text(Arena *arena, Str bytes, const char *charset)
{
    if (!charset || !charset[0] || g_ascii_strcasecmp(charset, "us-ascii") == 0)
        charset = "utf-8";
    gsize len = 0;
    g_autofree char *text = NULL;
    if (bytes.len && g_ascii_strcasecmp(charset, "utf-8") != 0)
        text = g_convert_with_fallback(bytes.at, (gssize)bytes.len, "UTF-8",
                                       g_mime_charset_iconv_name(charset), "\xef\xbf\xbd", NULL,
                                       &len, NULL);
    if (!text && bytes.len && !text_valid(bytes))
        text = g_convert_with_fallback(bytes.at, (gssize)bytes.len, "UTF-8", "WINDOWS-1252",
                                       "\xef\xbf\xbd", NULL, &len, NULL);
    return text ? text_clean(arena, arena_copy(arena, (Str){text, len})) : text_clean(arena, bytes);
}

/* Line ends as LF, without NUL and byte order mark. */
static Str
lines_plain(Arena *arena, Str text)
{
    char *ret = arena_bytes(arena, text.len + 1);
    size_t len = 0;
    if (str_starts(text, "\xef\xbb\xbf"))
        text = str_sub(text, 3, text.len);
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.at[i];
        if (byte == '\0' || (byte == '\n' && i && text.at[i - 1] == '\r'))
            continue;
        ret[len++] = byte == '\r' ? '\n' : byte;
    }
    ret[len] = '\0';
    return (Str){ret, len};
}

/* What a leaf holds, its transfer encoding undone. */
static Str
leaf_bytes(Arena *arena, GMimePart *leaf)
{
    GMimeDataWrapper *content = g_mime_part_get_content(leaf);
    if (!content)
        return (Str){0};
    GMimeStream *memory = g_mime_stream_mem_new();
    g_mime_data_wrapper_write_to_stream(content, memory);
    GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(memory));
    Str ret = arena_copy(arena, (Str){(const char *)bytes->data, bytes->len});
    g_object_unref(memory);
    return ret;
}

static Str
message_bytes(Arena *arena, GMimeMessagePart *part)
{
    GMimeMessage *message = g_mime_message_part_get_message(part);
    g_autofree char *text = message ? g_mime_object_to_string(GMIME_OBJECT(message), NULL) : NULL;
    return arena_copy(arena, str_of(text));
}

static bool
type_is_media(Str type)
{
    return str_starts(type, "image/") || str_starts(type, "audio/") || str_starts(type, "video/");
}

static bool
type_is_words(Str type)
{
    return str_is(type, "text/plain") || str_is(type, "text/html");
}

/* Whether a leaf is shown among the words, and in which form. */
static void
leaf_place(LetterPlace *place, size_t index, bool disposed, LetterPart *ret)
{
    bool media = type_is_media(ret->type);
    bool related = strcmp(place->multipart, "related") == 0;
    bool shown = !disposed && (type_is_words(ret->type) || media) &&
                 (index == 0 || (!related && (media || !ret->name.len)));
    if (!shown) {
        ret->attached = true;
        return;
    }
    if (strcmp(place->multipart, "alternative") == 0) {
        ret->in_text = str_is(ret->type, "text/plain") && place->to_text;
        ret->in_html = str_is(ret->type, "text/html") && place->to_html;
        ret->attached = media;
        return;
    }
    if (place->in_alternative && str_is(ret->type, "text/plain"))
        place->to_html = false;
    if (place->in_alternative && str_is(ret->type, "text/html"))
        place->to_text = false;
    ret->in_text = place->to_text;
    ret->in_html = place->to_html;
    ret->attached = media && (!place->to_text || !place->to_html);
}

static void
leaf_read(LetterReader *reader, GMimeObject *object, LetterPlace *place, size_t index)
{
    /* No look at the arena: half a mail would be read as another mail than it is. Its parts are smaller than it. */
    if (reader->count == PARTS_MOST)
        return;
    LetterPart *part = &reader->parts[reader->count++];
    GMimeContentType *type = g_mime_object_get_content_type(object);
    const char *disposition = g_mime_object_get_disposition(object);
    g_autofree char *mime = g_mime_content_type_get_mime_type(type);
    part->type =
        text_lower(reader->arena, text_line(reader->arena, str_of(mime), LIMIT_TEXT_BYTES));
    bool message = GMIME_IS_MESSAGE_PART(object);
    const char *name = GMIME_IS_PART(object)
                           ? g_mime_part_get_filename(GMIME_PART(object))
                           : g_mime_object_get_content_type_parameter(object, "name");
    part->name =
        text_line(reader->arena, arena_copy(reader->arena, str_of(name)), LIMIT_TEXT_BYTES);
    Str bytes = message                 ? message_bytes(reader->arena, GMIME_MESSAGE_PART(object))
                : GMIME_IS_PART(object) ? leaf_bytes(reader->arena, GMIME_PART(object))
                                        : (Str){0};
    part->bytes = bytes.len;
    if (message || str_starts(part->type, "text/") || str_starts(part->type, "message/"))
        part->text =
            lines_plain(reader->arena,
                        charset_text(reader->arena, bytes,
                                     g_mime_object_get_content_type_parameter(object, "charset")));
    bool disposed = disposition && g_ascii_strcasecmp(disposition, "attachment") == 0;
    leaf_place(place, index, disposed, part);
}

/* How many leaves from here on are in one form. */
static size_t
count_shown(const LetterReader *reader, size_t from, bool html)
{
    size_t count = 0;
    for (size_t i = from; i < reader->count; i++)
        count += html ? reader->parts[i].in_html : reader->parts[i].in_text;
    return count;
}

static void
part_read(LetterReader *reader, GMimeObject *object, LetterPlace *place, size_t index)
{
    if (!GMIME_IS_MULTIPART(object) || place->depth >= DEPTH_MOST) {
        leaf_read(reader, object, place, index);
        return;
    }
    GMimeContentType *type = g_mime_object_get_content_type(object);
    g_autofree char *subtype = g_ascii_strdown(g_mime_content_type_get_media_subtype(type), -1);
    bool alternative = strcmp(subtype, "alternative") == 0;
    LetterPlace inner = *place;
    inner.multipart = subtype;
    inner.in_alternative = place->in_alternative || alternative;
    inner.depth++;
    size_t from = reader->count;
    int count = g_mime_multipart_get_count(GMIME_MULTIPART(object));
    for (int i = 0; i < count; i++)
        part_read(reader, g_mime_multipart_get_part(GMIME_MULTIPART(object), i), &inner, (size_t)i);
    if (!alternative || !inner.to_text || !inner.to_html)
        return;
    /* Only one of two forms is there: it serves for both. */
    bool no_text = !count_shown(reader, from, false), no_html = !count_shown(reader, from, true);
    for (size_t i = from; i < reader->count; i++) {
        reader->parts[i].in_text |= no_text && reader->parts[i].in_html;
        reader->parts[i].in_html |= no_html && reader->parts[i].in_text;
    }
}

/* The value of a field as people read it: RFC 2047 undone, first, since raw bytes inside of an encoded word are in
 * its charset; what is no UTF-8 then, by guess. */
static Str
field_words(Arena *arena, Str value)
{
    size_t at;
    if (!str_find(value, STR("=?"), &at))
        return charset_text(arena, value, NULL);
    g_autofree char *text = g_mime_utils_header_decode_text(NULL, arena_cstr(arena, value));
    return text_line(arena, charset_text(arena, arena_copy(arena, str_of(text)), NULL),
                     LIMIT_HEADER_BYTES);
}

static void
letter_read_fields(Arena *arena, Str *rest, Letter *ret)
{
    const LetterField *raw;
    size_t count = letter_fields(arena, rest, &raw);
    LetterField *fields = arena_new_of(arena, LetterField, count + 1);
    for (size_t i = 0; i < count; i++)
        fields[i] = (LetterField){raw[i].name, field_words(arena, raw[i].value)};
    ret->fields = fields;
    ret->field_count = count;
}

/* A mail from a mbox, or quoted by a server, has a line in front that is no field. */
static Str
without_from_line(Str mail)
{
    Str rest = mail, line;
    /* Mails that were saved from a web page begin with empty lines. */
    for (Str next = rest; str_split(&next, '\n', &line) && next.at && !str_trim(line).len;)
        rest = next;
    while (str_starts(rest, "From ") || str_starts(rest, ">From "))
        if (!str_split(&rest, '\n', &line) || !rest.at)
            return (Str){0};
    return rest;
}

/* Fills the reader; true if the mail is a multipart. */
static bool
parts_walk(LetterReader *reader, Str mail)
{
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(mail.at, mail.len);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    GMimeObject *root = message ? g_mime_message_get_mime_part(message) : NULL;
    LetterPlace place = {.multipart = "mixed", .to_text = true, .to_html = true};
    bool multipart = root && GMIME_IS_MULTIPART(root);
    if (root)
        part_read(reader, root, &place, 0);
    g_clear_object(&message);
    g_object_unref(parser);
    g_object_unref(stream);
    return multipart;
}

/* More parts or fields than any mail has: GMime's tree of them would cost seconds. It is shown as text then. */
static bool
is_absurd(Str mail, size_t body_at)
{
    size_t marks = 0;
    for (size_t i = body_at; i + 2 < mail.len && marks <= MARKS_MOST; i++)
        marks += mail.at[i] == '\n' && mail.at[i + 1] == '-' && mail.at[i + 2] == '-';
    return marks > MARKS_MOST || body_at > HEADER_BYTES_MOST;
}

bool
letter_read(Arena *arena, Str mail, Letter *ret, GError **error)
{
    pthread_once(&once, g_mime_init);
    if (mail.len > LIMIT_MAIL_BYTES)
        return fail(error, ERR_TOO_BIG, "the mail has %zu bytes", mail.len);
    mail = without_from_line(mail);
    Letter letter = {0};
    Str plain = lines_plain(arena, mail), rest = plain;
    letter_read_fields(arena, &rest, &letter);
    if (!letter.field_count)
        return fail(error, ERR_INPUT, "these bytes are no mail");
    letter.body = charset_text(arena, rest, NULL);

    LetterReader reader = {.arena = arena, .parts = arena_new_of(arena, LetterPart, PARTS_MOST)};
    size_t body_at = rest.at ? (size_t)(rest.at - plain.at) : plain.len;
    if (!is_absurd(plain, body_at))
        letter.multipart = parts_walk(&reader, mail);
    /* Boundaries that never come leave a multipart empty: what stands there is shown as text. */
    if (!reader.count)
        reader.parts[reader.count++] = (LetterPart){.type = STR("text/plain"),
                                                    .text = letter.body,
                                                    .bytes = letter.body.len,
                                                    .in_text = true,
                                                    .in_html = true};
    letter.parts = reader.parts;
    letter.part_count = reader.count;
    *ret = letter;
    return true;
}
