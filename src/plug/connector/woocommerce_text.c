/* woocommerce_text.c - fields as WooCommerce writes them: names in HTML, 0 for no id, notes of plugins. */
#include "plug/connector/woocommerce_inside.h"

#include <string.h>

/* ---- HTML in names -------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *text;
} entities[] = {
    {"amp", "&"},   {"lt", "<"},    {"gt", ">"},     {"quot", "\""}, {"apos", "'"},
    {"nbsp", " "},  {"ndash", "–"}, {"mdash", "—"},  {"lsquo", "‘"}, {"rsquo", "’"},
    {"ldquo", "“"}, {"rdquo", "”"}, {"hellip", "…"}, {"times", "×"}, {"reg", "®"},
    {"copy", "©"},  {"trade", "™"}, {"deg", "°"},    {"euro", "€"},  {"middot", "·"},
};

/* &#8211; and &#x2013; */
static bool
entity_number(Buf *out, Str digits)
{
    bool hex = digits.len > 1 && (digits.at[0] | 0x20) == 'x';
    uint32_t code = 0;
    for (size_t i = hex; i < digits.len; i++) {
        int value = hex ? g_ascii_xdigit_value(digits.at[i]) : g_ascii_digit_value(digits.at[i]);
        if (value < 0 || code > 0x10FFFF)
            return false;
        code = code * (hex ? 16 : 10) + (uint32_t)value;
    }
    char utf8[6];
    if (!code || !g_unichar_validate(code))
        return false;
    buf_add(out, utf8, (size_t)g_unichar_to_utf8(code, utf8));
    return true;
}

static bool
entity_add(Buf *out, Str name)
{
    if (name.len > 1 && name.at[0] == '#')
        return entity_number(out, str_sub(name, 1, name.len));
    for (size_t i = 0; i < G_N_ELEMENTS(entities); i++) {
        if (!str_is(name, entities[i].name))
            continue;
        buf_add_cstr(out, entities[i].text);
        return true;
    }
    return false;
}

/* The text of a little HTML: tags are left out, entities become what they stand for, and what is neither stays. */
static Str
text_of_html(Arena *arena, Str html)
{
    enum { ENTITY_MOST = 10, TAG_MOST = 256 }; /* so that a name of nothing but `<a` is soon read */
    if (!memchr(html.at ? html.at : "", '&', html.len) &&
        !memchr(html.at ? html.at : "", '<', html.len))
        return html;
    Buf out = {.arena = arena};
    for (size_t i = 0; i < html.len;) {
        Str rest = str_sub(html, i, html.len);
        size_t end = 0;
        bool tag = rest.len > 1 && rest.at[0] == '<' &&
                   (g_ascii_isalpha(rest.at[1]) || rest.at[1] == '/') &&
                   str_find(str_sub(rest, 0, TAG_MOST), STR(">"), &end);
        bool entity = rest.at[0] == '&' &&
                      str_find(str_sub(rest, 0, ENTITY_MOST), STR(";"), &end) &&
                      entity_add(&out, str_sub(rest, 1, end - 1));
        if (!tag && !entity)
            buf_add_char(&out, rest.at[0]);
        i += tag || entity ? end + 1 : 1;
    }
    return str_trim(buf_str(&out));
}

/* ---- fields ------------------------------------------------------------------------------------ */

Str
woocommerce_title(Arena *arena, const Json *object, const char *key)
{
    return text_of_html(arena, plug_text(arena, object, key));
}

Str
woocommerce_id(Arena *arena, const Json *object, const char *key)
{
    Str id = plug_text(arena, object, key);
    return str_is(id, "0") ? (Str){0} : id;
}

PostalAddress
woocommerce_address(Arena *arena, const Json *from)
{
    Str country = plug_text(arena, from, "country"), state = plug_text(arena, from, "state");
    return (PostalAddress){
        .name = connector_name(arena, plug_text(arena, from, "first_name"),
                               plug_text(arena, from, "last_name")),
        .company = plug_text(arena, from, "company"),
        .line1 = plug_text(arena, from, "address_1"),
        .line2 = plug_text(arena, from, "address_2"),
        .zip = plug_text(arena, from, "postcode"),
        .city = plug_text(arena, from, "city"),
        .province = state,
        .province_code = state,
        .country = country,
        .country_code = country,
        .phone = plug_text(arena, from, "phone"),
    };
}

bool
woocommerce_address_empty(const PostalAddress *address)
{
    return !(address->name.len + address->company.len + address->line1.len + address->line2.len +
             address->zip.len + address->city.len);
}

const Json *
woocommerce_note(const Json *object, const char *key)
{
    const Json *notes = json_get(object, "meta_data");
    for (size_t i = 0; i < json_len(notes); i++)
        if (str_is(json_text(json_get(json_nth(notes, i), "key")), key))
            return json_get(json_nth(notes, i), "value");
    return NULL;
}

Str
woocommerce_note_text(Arena *arena, const Json *object, const char *key)
{
    return str_trim(json_as_text(arena, woocommerce_note(object, key)));
}

/* "de_DE" of WordPress is de-DE. */
Str
woocommerce_locale(Arena *arena, const Json *object)
{
    static const char *const keys[] = {
        "wpml_language",   /* WPML */
        "trp_language",    /* TranslatePress */
        "weglot_language", /* Weglot */
    };
    Str locale = {0};
    for (size_t i = 0; i < G_N_ELEMENTS(keys) && !locale.len; i++)
        locale = woocommerce_note_text(arena, object, keys[i]);
    char *letters = arena_cstr(arena, locale);
    for (size_t i = 0; i < locale.len; i++)
        if (letters[i] == '_')
            letters[i] = '-';
    return (Str){letters, locale.len};
}

bool
woocommerce_versions(Arena *arena, const Json *from, int64_t *ret_created, int64_t *ret_updated,
                     GError **error)
{
    if (!plug_moment(arena, from, "date_created_gmt", ret_created, error) ||
        !plug_moment(arena, from, "date_modified_gmt", ret_updated, error))
        return false;
    if (!*ret_updated)
        *ret_updated = *ret_created;
    return true;
}
