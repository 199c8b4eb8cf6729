/* dkim.c - DKIM signatures. */
#include "engine/dkim.h"
#include "base/digest.h"
#include "base/domain.h"
#include "base/encode.h"

#include <string.h>

enum {
    LINE_CHARS = 76,    /* of the signature's field */
    STRING_BYTES = 255, /* of one string of a TXT record (RFC 1035 3.3) */
    SELECTOR_CHARS_MOST = 63,
};

struct DkimKey {
    SignKey *sign_key;
    char *domain;
    char *selector;
};

/* ---- keys -------------------------------------------------------------------------------------- */

static bool
dkim_selector_valid(Str selector)
{
    Str rest = selector, label;
    if (selector.len == 0 || selector.len > SELECTOR_CHARS_MOST)
        return false;
    while (str_split(&rest, '.', &label)) {
        if (!domain_label_valid(label))
            return false;
    }
    return true;
}

DkimKey *
dkim_key_new(SignKey *sign_key, Str domain, Str selector, GError **error)
{
    g_autoptr(DkimKey) key = g_new0(DkimKey, 1);
    g_autoptr(Arena) arena = arena_new(64 * 1024);
    Str checked = {0};
    key->sign_key = sign_key;
    if (!domain_parse(arena, domain, &checked, error)) {
        fail_at(error, "DKIM");
        return NULL;
    }
    if (!dkim_selector_valid(selector)) {
        fail(error, ERR_INPUT,
             "a DKIM selector is made of letters, digits and hyphens, like s2026");
        return NULL;
    }
    key->domain = g_strndup(checked.at, checked.len);
    key->selector = g_ascii_strdown(selector.at, (gssize)selector.len);
    return g_steal_pointer(&key);
}

void
dkim_key_free(DkimKey *key)
{
    if (!key)
        return;
    sign_key_free(key->sign_key);
    g_free(key->domain);
    g_free(key->selector);
    g_free(key);
}

const SignKey *
dkim_key_sign_key(const DkimKey *key)
{
    return key->sign_key;
}

/* ---- canonicalisation -------------------------------------------------------------------------- */

static bool
dkim_is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* Adds text with every run of white space as one space, none at its ends (RFC 6376 3.4.2). */
static void
relaxed_add(Buf *out, Str text)
{
    bool blank = false, started = false;
    buf_reserve(out, text.len + 1);
    char *at = out->at + out->len;
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.at[i];
        if (dkim_is_blank(byte) || byte == '\r' || byte == '\n') {
            blank = true;
            continue;
        }
        if (blank && started)
            *at++ = ' ';
        *at++ = byte;
        blank = false, started = true;
    }
    out->len = (size_t)(at - out->at);
}

/* A field: small name, colon, relaxed value, CRLF unless it is the last thing hashed. */
static void
relaxed_add_field(Buf *out, Str name, Str value, bool last)
{
    for (size_t i = 0; i < name.len; i++)
        buf_add_char(out, g_ascii_tolower(name.at[i]));
    buf_add_char(out, ':');
    relaxed_add(out, value);
    if (!last)
        buf_add(out, "\r\n", 2);
}

/* One line of the body without its CRLF: runs of white space become one space, none at its end; at
 * its start it stays (RFC 6376 3.4.4). */
static char *
relaxed_write_line(char *at, Str line)
{
    while (line.len && dkim_is_blank(line.at[line.len - 1]))
        line.len--;
    for (size_t i = 0; i < line.len; i++) {
        if (!dkim_is_blank(line.at[i]))
            *at++ = line.at[i];
        else if (!dkim_is_blank(line.at[i + 1])) /* there is one: the last byte is not blank */
            *at++ = ' ';
    }
    return at;
}

/* The relaxed body: without empty lines at its end, and with a CRLF there unless it is empty.
 * False if a line ends otherwise than with CRLF. */
static bool
relaxed_body(Arena *arena, Str body, Str *ret)
{
    char *start = arena_bytes(arena, body.len + 2), *at = start, *end = start;
    while (body.len) {
        const char *feed = memchr(body.at, '\n', body.len);
        size_t len = feed ? (size_t)(feed - body.at) : body.len, taken = feed ? len + 1 : len;
        if (feed && (len == 0 || body.at[--len] != '\r'))
            return false;
        if (len && memchr(body.at, '\r', len))
            return false;
        char *before = at;
        at = relaxed_write_line(at, (Str){body.at, len});
        bool empty = at == before;
        at = mempcpy(at, "\r\n", 2);
        end = empty ? end : at;
        body = (Str){body.at + taken, body.len - taken};
    }
    *ret = (Str){start, (size_t)(end - start)};
    return true;
}

/* ---- fields -------------------------------------------------------------------------------------- */

typedef struct Field {
    Str name;
    Str value; /* with its folds, without the CRLF at its end */
} Field;

typedef struct Fields {
    Field *list;
    size_t count;
} Fields;

/* Which fields are signed, in this order. Those marked are signed as absent too, so that nobody can
 * add one; the others only where they are, since relays and lists add them rightly. */
static const struct {
    const char *name;
    bool even_absent;
} signed_fields[] = {
    {"from", true},
    {"to", true},
    {"cc", true},
    {"subject", true},
    {"date", true},
    {"message-id", true},
    {"reply-to", true},
    {"in-reply-to", false},
    {"references", false},
    {"mime-version", true},
    {"content-type", true},
    {"content-transfer-encoding", false},
    {"list-unsubscribe", true},
    {"list-unsubscribe-post", true},
    {"list-id", false},
    {"auto-submitted", false},
    {"feedback-id", false},
};

/* Takes the next field with its folded lines off the header. */
static bool
field_next(Str *header, Field *ret, GError **error)
{
    size_t end = 0;
    do {
        size_t line;
        if (!str_find(str_sub(*header, end, header->len), STR("\r\n"), &line))
            return fail(error, ERR_INPUT, "a mail to be signed has a line without CRLF");
        end += line + 2;
    } while (end < header->len && dkim_is_blank(header->at[end]));
    Str whole = {header->at, end - 2};
    size_t colon;
    if (!str_find(whole, STR(":"), &colon) || colon == 0)
        return fail(error, ERR_INPUT, "a mail to be signed has a line in its header without colon");
    *ret = (Field){str_trim(str_sub(whole, 0, colon)), str_sub(whole, colon + 1, whole.len)};
    *header = str_sub(*header, end, header->len);
    return true;
}

/* Cuts the mail into its fields and its body. */
static bool
fields_read(Arena *arena, Str mail, Fields *ret, Str *ret_body, GError **error)
{
    size_t room = 32;
    Fields fields = {.list = arena_new_of(arena, Field, room)};
    while (mail.len && !str_starts(mail, "\r\n")) {
        if (fields.count == room) {
            Field *more = arena_new_of(arena, Field, room * 2);
            memcpy(more, fields.list, room * sizeof *more);
            fields.list = more;
            room *= 2;
        }
        if (!field_next(&mail, &fields.list[fields.count], error))
            return false;
        fields.count++;
    }
    *ret = fields;
    *ret_body = str_sub(mail, 2, mail.len);
    return true;
}

/* Adds every field of a name, the lowest first (RFC 6376 5.4.2); returns how many. */
static size_t
fields_add(Buf *hashed, const Fields *fields, const char *name)
{
    size_t count = 0;
    for (size_t i = fields->count; i-- > 0;) {
        if (!str_eq_nocase(fields->list[i].name, name))
            continue;
        relaxed_add_field(hashed, fields->list[i].name, fields->list[i].value, false);
        count++;
    }
    return count;
}

/* ---- the signature ------------------------------------------------------------------------------ */

/* Adds a word to a field that is folded before it where the line would get too long. */
static void
folded_add(Buf *out, size_t *column, Str word)
{
    if (*column + word.len > LINE_CHARS) {
        buf_add(out, "\r\n ", 3);
        *column = 1;
    }
    buf_add_str(out, word);
    *column += word.len;
}

/* "from:from:to:to:..." into list; the fields themselves into hashed. */
static bool
dkim_add_fields(Buf *list, Buf *hashed, const Fields *fields, GError **error)
{
    size_t column = 2;
    for (size_t i = 0; i < G_N_ELEMENTS(signed_fields); i++) {
        const char *name = signed_fields[i].name;
        size_t count = fields_add(hashed, fields, name);
        if (i == 0 && count == 0)
            return fail(error, ERR_INPUT, "a mail to be signed has no From");
        if (count == 0 && !signed_fields[i].even_absent)
            continue;
        for (size_t j = 0; j <= count; j++) {
            if (list->len) {
                buf_add_char(list, ':');
                column++;
            }
            folded_add(list, &column, str_of(name));
        }
    }
    return true;
}

static char *
dkim_body_hash(Arena *arena, Str body)
{
    uint8_t digest[DIGEST_BYTES];
    digest_sha256(body, digest);
    return encode(arena, ENCODE_BASE64, (Str){(char *)digest, sizeof digest});
}

/* Signs what was hashed. RFC 8463 3: Ed25519 signs the SHA-256 of the fields, not the fields. */
static Str
dkim_signature(Arena *arena, const DkimKey *key, Str hashed)
{
    uint8_t digest[DIGEST_BYTES];
    if (sign_key_kind(key->sign_key) == SIGN_RSA)
        return sign_make(arena, key->sign_key, hashed);
    digest_sha256(hashed, digest);
    return sign_make(arena, key->sign_key, (Str){(char *)digest, sizeof digest});
}

bool
dkim_sign(Arena *arena, const DkimKey *key, Str mail, int64_t at, Str *ret_field, GError **error)
{
    Fields fields;
    Str body;
    Buf list = {.arena = arena}, hashed = {.arena = arena}, field = {.arena = arena};
    buf_reserve(&list, 512);
    buf_reserve(&hashed, 4096);
    if (!fields_read(arena, mail, &fields, &body, error) ||
        !dkim_add_fields(&list, &hashed, &fields, error))
        return false;
    if (!relaxed_body(arena, body, &body))
        return fail(error, ERR_INPUT, "a mail to be signed has a line without CRLF");

    bool rsa = sign_key_kind(key->sign_key) == SIGN_RSA;
    Str name = STR("DKIM-Signature");
    buf_reserve(&field, 2048);
    buf_format(&field,
               STR_FMT ": v=1; a=%s; c=relaxed/relaxed;\r\n d=%s;\r\n s=%s; t=%" G_GINT64_FORMAT
                       ";\r\n h=" STR_FMT ";\r\n bh=%s;\r\n b=",
               STR_ARG(name), rsa ? "rsa-sha256" : "ed25519-sha256", key->domain, key->selector,
               at / 1000, STR_ARG(buf_str(&list)), dkim_body_hash(arena, body));
    relaxed_add_field(&hashed, name, str_sub(buf_str(&field), name.len + 1, field.len), true);

    Str letters =
        str_of(encode(arena, ENCODE_BASE64, dkim_signature(arena, key, buf_str(&hashed))));
    size_t column = 3;
    for (size_t i = 0; i < letters.len; i += LINE_CHARS - 4)
        folded_add(&field, &column, str_sub(letters, i, LINE_CHARS - 4));
    buf_add(&field, "\r\n", 2);
    *ret_field = buf_str(&field);
    return true;
}

/* ---- the DNS record ------------------------------------------------------------------------------ */

char *
dkim_record_name(Arena *arena, const DkimKey *key)
{
    return arena_format(arena, "%s._domainkey.%s", key->selector, key->domain);
}

char *
dkim_record(Arena *arena, const DkimKey *key)
{
    bool rsa = sign_key_kind(key->sign_key) == SIGN_RSA;
    return arena_format(arena, "v=DKIM1; k=%s; p=%s", rsa ? "rsa" : "ed25519",
                        encode(arena, ENCODE_BASE64, sign_key_public(arena, key->sign_key)));
}

char *
dkim_record_strings(Arena *arena, const DkimKey *key)
{
    Str record = str_of(dkim_record(arena, key));
    Buf strings = {.arena = arena};
    for (size_t i = 0; i < record.len; i += STRING_BYTES) {
        buf_add_cstr(&strings, i ? " \"" : "\"");
        buf_add_str(&strings, str_sub(record, i, STRING_BYTES));
        buf_add_char(&strings, '"');
    }
    return buf_cstr(&strings);
}
