/* order_mail.c - the block, and who may write without one; see order_mail.h. */
#include "plug/order_mail.h"

#include "base/address.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/when.h"
#include "plug/inbound/inbound_inside.h"

#include <string.h>

/* ---- the block --------------------------------------------------------------------------------- */

/* What quoting, wrapping and conversion to text put between letters: blanks of all kinds, > and | of quotations, * and \
 * of Markdown, soft hyphens and signs without width; = is base64's padding, which says nothing. */
static size_t
filler_bytes(Str text, size_t at)
{
    static const char *const wide[] = {"\xC2\xA0",     "\xC2\xAD",     "\xE2\x80\x8B",
                                       "\xE2\x80\x8C", "\xE2\x80\x8D", "\xE2\x81\xA0",
                                       "\xEF\xBB\xBF"};
    char sign = text.at[at];
    if (g_ascii_isspace(sign) || (sign && strchr(">|*\\=", sign)))
        return 1;
    for (size_t i = 0; i < G_N_ELEMENTS(wide); i++)
        if (str_starts(str_sub(text, at, 3), wide[i]))
            return strlen(wide[i]);
    return 0;
}

/* The text without all that; a block then stands in one piece. */
static Str
text_squeeze(Arena *arena, Str text)
{
    char *out = arena_bytes(arena, text.len + 1);
    size_t len = 0;
    for (size_t at = 0; at < text.len;) {
        size_t skip = filler_bytes(text, at);
        if (!skip)
            out[len++] = text.at[at++];
        at += skip;
    }
    return (Str){out, len};
}

static size_t
letters_count(Str text)
{
    size_t count = 0;
    while (count < text.len &&
           (g_ascii_isalnum(text.at[count]) || text.at[count] == '-' || text.at[count] == '_'))
        count++;
    return count;
}

/* Takes letters up to the colon behind them. */
static bool
part_take(Str *rest, Str *ret, GError **error)
{
    size_t count = letters_count(*rest);
    if (count == rest->len)
        return fail(error, ERR_INPUT, "the order block in this mail is cut off");
    if (rest->at[count] != ':')
        return fail(error, ERR_INPUT,
                    "the order block in this mail was changed on its way: a sign of code %d stands "
                    "in it",
                    (unsigned char)rest->at[count]);
    *ret = str_sub(*rest, 0, count);
    *rest = str_sub(*rest, count + 1, rest->len);
    return true;
}

static bool
block_open(Arena *arena, Str secret, Str rest, Str *ret_json, GError **error)
{
    uint8_t tag[DIGEST_BYTES];
    size_t bytes = 0;
    Str letters, hex, json;
    if (!part_take(&rest, &letters, error) || !part_take(&rest, &hex, error))
        return false;
    if (letters.len > LIMIT_BODY_BYTES)
        return fail(error, ERR_TOO_BIG, "the order block in this mail is too large");
    g_autoptr(HmacKey) key = hmac_key_new(DIGEST_SHA256, secret);
    if (!decode_to(ENCODE_HEX, hex, sizeof tag, tag, &bytes) ||
        !hmac_check(key, letters, (Str){(const char *)tag, bytes}))
        return fail(
            error, ERR_AUTH,
            "the order block in this mail does not fit its signature: it was changed on its "
            "way, or the snippet is not this shop's");
    if (!decode(arena, ENCODE_BASE64URL, letters, &json))
        return fail(error, ERR_INPUT, "the order block in this mail is no base64");
    *ret_json = json;
    return true;
}

bool
order_block_read(Arena *arena, Str secret, Str text, bool *ret_is, Str *ret_json, GError **error)
{
    static const char mark[] = "postlude:order:1:";
    Str squeezed = text_squeeze(arena, text), json;
    size_t at;
    if (!str_find(squeezed, str_of(mark), &at)) {
        *ret_is = false;
        return true;
    }
    Str rest = str_sub(squeezed, at + sizeof mark - 1, squeezed.len);
    if (!block_open(arena, secret, rest, &json, error))
        return false;
    *ret_is = true;
    *ret_json = json;
    return true;
}

/* All texts of the mail in turn; the first block that is whole counts. Some programs spoil one form of a mail alone. */
static bool
block_find(const OrderMailAsk *ask, const Letter *letter, bool *ret_is, Str *ret_json,
           GError **error)
{
    g_autoptr(GError) first = NULL;
    *ret_is = false;
    for (size_t i = 0; i < letter->part_count && !*ret_is; i++) {
        const LetterPart *part = &letter->parts[i];
        Str text = part->text;
        if (!str_starts(part->type, "text/"))
            continue;
        if (str_is(part->type, "text/html"))
            text = inbound_html_text(ask->arena, text, false);
        order_block_read(ask->arena, ask->secret, text, ret_is, ret_json, first ? NULL : &first);
    }
    if (*ret_is || !first)
        return true;
    g_propagate_error(error, g_steal_pointer(&first));
    return false;
}

/* ---- who wrote it -------------------------------------------------------------------------------- */

/* Without comments and quoted texts, in which a sender could say what he likes; small letters. */
static Str
results_plain(Arena *arena, Str value)
{
    char *out = arena_bytes(arena, value.len + 1);
    size_t len = 0;
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < value.len; i++) {
        char sign = value.at[i];
        if (sign == '\\' && (quoted || depth))
            i++;
        else if (sign == '"' && !depth)
            quoted = !quoted;
        else if (!quoted && sign == '(')
            depth++;
        else if (!quoted && sign == ')' && depth)
            depth--;
        else if (!quoted && !depth)
            out[len++] = g_ascii_tolower(sign);
    }
    return (Str){out, len};
}

/* `shop.example` speaks for itself and for what is below it. */
static bool
domain_covers(Str domain, Str name)
{
    if (!domain.len || name.len < domain.len)
        return false;
    Str end = str_sub(name, name.len - domain.len, domain.len);
    return str_eq(end, domain) &&
           (name.len == domain.len || name.at[name.len - domain.len - 1] == '.');
}

/* One result: dkim=pass header.d=shop.example, dmarc=pass header.from=shop.example. */
static bool
result_proves(Str result, Str domain)
{
    static const struct {
        const char *result, *property;
    } rows[] = {{"dkim=pass", "header.d="}, {"dmarc=pass", "header.from="}};
    Str rest = str_trim(result), word, first = {0};
    for (size_t n = 0; str_split(&rest, ' ', &word); n++) {
        if (n == 0)
            first = word;
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
            if (str_is(first, rows[i].result) && str_starts(word, rows[i].property) &&
                domain_covers(str_sub(word, strlen(rows[i].property), word.len), domain))
                return true;
    }
    return false;
}

/* The newest field of the server that the owner trusts. Older ones of its name a sender could have written, where the server
 * does not remove them as RFC 8601 5 asks for. */
static bool
sender_is_proved(const OrderMailAsk *ask, const Letter *letter, Str domain)
{
    for (size_t i = 0; i < letter->field_count; i++) {
        if (!str_eq_nocase(letter->fields[i].name, "Authentication-Results"))
            continue;
        Str rest = results_plain(ask->arena, letter->fields[i].value), server, result;
        if (!str_split(&rest, ';', &server) ||
            !str_eq_nocase(str_trim(server), arena_cstr(ask->arena, ask->authority)))
            continue;
        while (str_split(&rest, ';', &result))
            if (result_proves(result, domain))
                return true;
        return false;
    }
    return false;
}

static bool
sender_is_named(const OrderMailAsk *ask, Str key, Str domain)
{
    Str rest = results_plain(ask->arena, ask->from), word;
    for (size_t i = 0; i < rest.len; i++)
        if (rest.at[i] == ',')
            ((char *)rest.at)[i] = ' ';
    while (str_split(&rest, ' ', &word))
        if (word.len && (str_eq(word, key) || str_eq(word, domain)))
            return true;
    return false;
}

/* *ret_is is false if a mail of this sender is none of our business. */
static bool
sender_check(const OrderMailAsk *ask, const Letter *letter, bool *ret_is, GError **error)
{
    Address from = {0};
    bool has = address_parse(ask->arena, letter_field(letter, "From"), &from, NULL);
    Str key = has ? address_key(ask->arena, &from) : (Str){0};
    Str domain = has ? str_sub(key, key.len - from.domain.len, key.len) : (Str){0};
    *ret_is = false;
    if (!has || !sender_is_named(ask, key, domain))
        return !ask->addressed ||
               fail(error, ERR_AUTH,
                    "an order mail of " STR_FMT ", which order_mail.from does not name",
                    STR_ARG(has ? key : STR("nobody")));
    if (!ask->authority.len)
        return fail(error, ERR_AUTH,
                    "an order mail of " STR_FMT "; set order_mail.authority, so that it can be "
                    "known as genuine",
                    STR_ARG(key));
    if (!sender_is_proved(ask, letter, domain))
        return fail(error, ERR_AUTH,
                    "an order mail of " STR_FMT " that " STR_FMT
                    " does not call genuine (DKIM or DMARC)",
                    STR_ARG(key), STR_ARG(ask->authority));
    *ret_is = true;
    return true;
}

/* ---- the mail ------------------------------------------------------------------------------------ */

static bool
markup_find(const OrderMailAsk *ask, const Letter *letter, int64_t at, bool *ret_is, Str *ret_json,
            GError **error)
{
    const LetterPart *html = letter_part(letter, "text/html");
    bool is = false, counts = false;
    Str json = {0};
    *ret_is = false;
    if (!html || ask->attached || letter_field(letter, "In-Reply-To").len ||
        letter_field(letter, "References").len)
        return true;
    g_autoptr(GError) problem = NULL;
    bool ok = order_markup_read(ask->arena, html->text, at, &is, &json, &problem);
    if (ok && !is)
        return true;
    if (!sender_check(ask, letter, &counts, error))
        return false;
    if (!counts)
        return true;
    if (!ok) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    *ret_is = true;
    *ret_json = json;
    return true;
}

bool
order_mail_facts(const OrderMailAsk *ask, const Letter *letter, bool *ret_is, Facts *ret,
                 GError **error)
{
    int64_t at = 0;
    bool is = false;
    Str json = {0};
    when_parse_mail(letter_field(letter, "Date"), &at, NULL);
    if (!block_find(ask, letter, &is, &json, error) ||
        (!is && !markup_find(ask, letter, at, &is, &json, error)))
        return false;
    if (!is) {
        *ret_is = false;
        return true;
    }
    Facts facts;
    const Json *root = json_parse(ask->arena, json.at, json.len, error);
    if (!root || !own_order_read(ask->arena, ask->shop, root, &facts, error))
        return fail_at(error, "the order in this mail");
    for (size_t i = 0; i < facts.order_count; i++)
        if (!facts.orders[i].updated_at)
            ((Order *)facts.orders)[i].updated_at = at;
    *ret_is = true;
    *ret = facts;
    return true;
}
