/* mail_probe.c - lets tests in Python call the mail rooms: one JSON object a line in, one out.
 *
 *     {"op": "compose", "from": "Ana <ana@x>", "to": ..., "subject": ..., "text": ...}
 *         -> {"ok": true, "mail": base64, "body_at": n, "eight_bit": b, "utf8": b}
 *     {"op": "sign", "kind": "rsa" | "ed25519", "domain": d, "selector": s, "at": ms, "mail": base64}
 *         -> {"ok": true, "field": base64, "key": base64, "name", "record", "strings"};
 *            with "key64" the key given is used
 *     anything that fails -> {"ok": false, "error": slug, "message": text}
 *
 * A text named x may come as "x" or, for bytes that JSON cannot hold, as base64 in "x64".
 */
#include "base/encode.h"
#include "base/json.h"
#include "base/json_write.h"
#include "engine/compose.h"
#include "engine/dkim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROBE_ARENA_BYTES = 64 * 1024 * 1024 };

static Str
probe_text(Arena *arena, const Json *line, const char *name)
{
    Str coded = json_text(json_get(line, arena_format(arena, "%s64", name))), bytes = {0};
    if (coded.len && decode(arena, ENCODE_BASE64, coded, &bytes))
        return bytes;
    return json_text(json_get(line, name));
}

/* "from": text to be parsed; or {"name", "spec"}, which goes unchecked into the composer. */
static bool
probe_address(Arena *arena, const Json *line, const char *name, Address *ret, GError **error)
{
    const Json *value = json_get(line, name);
    if (json_missing(value))
        return true;
    if (json_type(value) == JSON_STRING)
        return address_parse(arena, json_text(value), ret, error);
    ret->name = probe_text(arena, value, "name");
    ret->spec = probe_text(arena, value, "spec");
    return true;
}

static void
probe_lists(Arena *arena, const Json *line, Mail *mail)
{
    const Json *fields = json_get(line, "fields"), *files = json_get(line, "files");
    MailField *field_list = arena_new_of(arena, MailField, json_len(fields) + 1);
    MailFile *file_list = arena_new_of(arena, MailFile, json_len(files) + 1);
    for (size_t i = 0; i < json_len(fields); i++) {
        const Json *field = json_nth(fields, i);
        field_list[i] =
            (MailField){probe_text(arena, field, "name"), probe_text(arena, field, "value")};
    }
    for (size_t i = 0; i < json_len(files); i++) {
        const Json *file = json_nth(files, i);
        file_list[i] = (MailFile){probe_text(arena, file, "name"), probe_text(arena, file, "type"),
                                  probe_text(arena, file, "bytes"), probe_text(arena, file, "id")};
    }
    mail->fields = field_list, mail->field_count = json_len(fields);
    mail->files = file_list, mail->file_count = json_len(files);
}

static void
probe_put(JsonWriter *out, const char *key, const char *text)
{
    json_put_key(out, key);
    json_put_str(out, text);
}

static bool
probe_compose(Arena *arena, const Json *line, JsonWriter *out, GError **error)
{
    Mail mail = {
        .subject = probe_text(arena, line, "subject"),
        .message_id = probe_text(arena, line, "message_id"),
        .in_reply_to = probe_text(arena, line, "in_reply_to"),
        .references = probe_text(arena, line, "references"),
        .unsubscribe = probe_text(arena, line, "unsubscribe"),
        .unsubscribe_mail = probe_text(arena, line, "unsubscribe_mail"),
        .feedback_id = probe_text(arena, line, "feedback_id"),
        .text = probe_text(arena, line, "text"),
        .html = probe_text(arena, line, "html"),
    };
    MailWire wire;
    json_bool(json_get(line, "allow_8bit"), &mail.allow_8bit);
    json_int(json_get(line, "at"), &mail.at);
    probe_lists(arena, line, &mail);
    if (!probe_address(arena, line, "from", &mail.from, error) ||
        !probe_address(arena, line, "to", &mail.to, error) ||
        !probe_address(arena, line, "reply_to", &mail.reply_to, error) ||
        !mail_compose(arena, &mail, &wire, error))
        return false;
    probe_put(out, "mail", encode(arena, ENCODE_BASE64, wire.bytes));
    json_put_key(out, "body_at");
    json_put_int(out, (int64_t)wire.body_at);
    json_put_key(out, "eight_bit");
    json_put_bool(out, wire.eight_bit);
    json_put_key(out, "utf8");
    json_put_bool(out, wire.utf8);
    return true;
}

/* Every key goes through its stored form, as it does in the product. */
static DkimKey *
probe_key(Arena *arena, const Json *line, GError **error)
{
    bool rsa = str_is(json_text(json_get(line, "kind")), "rsa");
    Str stored = probe_text(arena, line, "key");
    if (!stored.len) {
        g_autoptr(SignKey) fresh = sign_key_make(rsa ? SIGN_RSA : SIGN_ED25519);
        stored = sign_key_private(arena, fresh);
    }
    SignKey *sign_key = sign_key_open(stored, error);
    if (!sign_key)
        return NULL;
    return dkim_key_new(sign_key, probe_text(arena, line, "domain"),
                        probe_text(arena, line, "selector"), error);
}

static bool
probe_sign(Arena *arena, const Json *line, JsonWriter *out, GError **error)
{
    Str field;
    int64_t at = 0;
    g_autoptr(DkimKey) key = probe_key(arena, line, error);
    json_int(json_get(line, "at"), &at);
    if (!key || !dkim_sign(arena, key, probe_text(arena, line, "mail"), at, &field, error))
        return false;
    Str private = sign_key_private(arena, dkim_key_sign_key(key));
    probe_put(out, "field", encode(arena, ENCODE_BASE64, field));
    probe_put(out, "key", encode(arena, ENCODE_BASE64, private));
    probe_put(out, "name", dkim_record_name(arena, key));
    probe_put(out, "record", dkim_record(arena, key));
    probe_put(out, "strings", dkim_record_strings(arena, key));
    return true;
}

static void
probe_answer(Arena *arena, Str text)
{
    g_autoptr(GError) error = NULL;
    Buf good = {.arena = arena}, bad = {.arena = arena};
    JsonWriter out = {.buf = &good}, failure = {.buf = &bad};
    const Json *line = json_parse(arena, text.at, text.len, &error);
    bool compose = str_is(json_text(json_get(line, "op")), "compose");

    json_put_object(&out);
    json_put_key(&out, "ok");
    json_put_bool(&out, true);
    if (line && (compose ? probe_compose : probe_sign)(arena, line, &out, &error)) {
        json_put_end(&out);
        puts(buf_cstr(&good));
        return;
    }
    json_put_object(&failure);
    json_put_key(&failure, "ok");
    json_put_bool(&failure, false);
    probe_put(&failure, "error", error_row(error)->slug);
    probe_put(&failure, "message", error->message);
    json_put_end(&failure);
    puts(buf_cstr(&bad));
}

int
main(void)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    while ((len = getline(&line, &room, stdin)) > 0) {
        g_autoptr(Arena) arena = arena_new(PROBE_ARENA_BYTES);
        probe_answer(arena, (Str){line, (size_t)len});
        fflush(stdout);
    }
    free(line);
    return 0;
}
