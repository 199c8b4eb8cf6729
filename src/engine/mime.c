/* mime.c - the one file that includes GMime; see mime.h. */
#include "engine/mime.h"

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
