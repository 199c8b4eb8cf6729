/* fuzz_mail.c - a mail of any bytes: its first line is the subject, the second the name, the third
 * one field's value, then text and, behind a NUL, HTML. What comes out keeps the rules of compose.h
 * and can be signed. */
#include "base/limits.h"
#include "base/text.h"
#include "engine/compose.h"
#include "engine/dkim.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { LINE_BYTES_MOST = 998 };

/* Every line ends in CRLF and has at most 998 bytes; CR and LF stand nowhere else; no NUL. */
static void
check_lines(Str mail)
{
    must(str_ends(mail, "\r\n"));
    size_t column = 0;
    for (size_t i = 0; i < mail.len; i++) {
        must(mail.at[i] != 0);
        if (mail.at[i] == '\r') {
            must(i + 1 < mail.len && mail.at[i + 1] == '\n' && column <= LINE_BYTES_MOST);
            i++;
            column = 0;
        } else {
            must(mail.at[i] != '\n');
            column++;
        }
    }
}

/* No more fields than were asked for. */
static void
check_fields(Str header, bool own)
{
    size_t fields = 0;
    Str line;
    while (str_split(&header, '\n', &line))
        fields += line.len > 1 && line.at[0] != ' ' && line.at[0] != '\t';
    must(fields == (size_t)(own ? 9 : 8) || fields == (size_t)(own ? 10 : 9));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static DkimKey *key; /* of the fuzzer: making one takes longer than using it */
    if (!key)
        key = dkim_key_new(sign_key_make(SIGN_ED25519), STR("shop.example"), STR("s"), NULL);
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    Str rest = {(const char *)bytes, len}, subject = {0}, name = {0}, value = {0}, text = {0};
    str_split(&rest, '\n', &subject);
    str_split(&rest, '\n', &name);
    str_split(&rest, '\n', &value);
    str_split(&rest, '\0', &text);
    MailField own = {STR("X-Own"), value};
    Mail mail = {
        .subject = subject,
        .message_id = STR("<abc@shop.example>"),
        .text = text,
        .html = rest,
        .fields = &own,
        .field_count = value.len > 0,
        .allow_8bit = len & 1,
    };
    must(address_parse(arena, STR("shop@shop.example"), &mail.from, NULL));
    must(address_parse(arena, STR("ana@customer.example"), &mail.to, NULL));
    mail.to.name = name;

    MailWire wire;
    Str field;
    if (!mail_compose(arena, &mail, &wire, NULL))
        return 0;
    check_lines(wire.bytes);
    check_fields(str_sub(wire.bytes, 0, wire.body_at - 2), value.len > 0);
    must(wire.eight_bit == !text_ascii(wire.bytes) && !wire.utf8);
    must(dkim_sign(arena, key, wire.bytes, 0, &field, NULL));
    check_lines(field);
    return 0;
}
