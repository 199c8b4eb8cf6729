/* owed.c - see owed.h. */
#include "flow/owed.h"

static const Owed list[] = {
#define ON  true
#define OFF false
#define ROW(name, event, template, class, lane, not_after, skip, title, usual, setting) \
    {template, title, event, class, lane, not_after, skip, usual, setting},
#include "flow/receipts.def"
#undef ROW
#undef ON
#undef OFF
};

static const Rival rivals[] = {
#define ROW(source, receipt, title, can_be_off, what_to_do) \
    {source, receipt, title, can_be_off, what_to_do},
#include "flow/rivals.def"
#undef ROW
};

static const char *const legal_countries[] = {
#define ROW(country) country,
#include "flow/legal_countries.def"
#undef ROW
};

const Owed *
owed_nth(size_t n)
{
    return n < G_N_ELEMENTS(list) ? &list[n] : NULL;
}

const Owed *
owed_find(Str name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(list); i++)
        if (str_is(name, list[i].name))
            return &list[i];
    return NULL;
}

const Rival *
rival_nth(size_t n)
{
    return n < G_N_ELEMENTS(rivals) ? &rivals[n] : NULL;
}

const Rival *
rival_find(Str source, Str receipt)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rivals); i++)
        if (str_is(source, rivals[i].source) && str_is(receipt, rivals[i].receipt))
            return &rivals[i];
    return NULL;
}

bool
owed_needs_legal(Str country)
{
    for (size_t i = 0; i < G_N_ELEMENTS(legal_countries); i++)
        if (str_eq_nocase(country, legal_countries[i]))
            return true;
    return false;
}

/* Of all receipts the law binds the confirmation of the contract alone. */
static bool
owed_is_legal(const ShopEntry *shop, const Owed *owed, bool has_legal)
{
    return owed->setting != SETTING_RECEIPT_ORDER_CONFIRMATION || has_legal ||
           shop_setting(shop, SETTING_LEGAL_TEXT).len ||
           !owed_needs_legal(shop_setting(shop, SETTING_COUNTRY));
}

OwedWho
owed_who(const ShopEntry *shop, const Owed *owed, Str source, bool has_legal)
{
    Str set = shop_setting(shop, owed->setting);
    const Rival *rival = rival_find(source, str_of(owed->name));
    if (str_is(set, "off"))
        return OWED_SET_OFF;
    if (!owed_is_legal(shop, owed, has_legal))
        return OWED_NOT_LEGAL;
    if (str_is(set, "on"))
        return OWED_OURS;
    if (rival && !rival->can_be_off)
        return OWED_THEIRS;
    return owed->usual ? OWED_OURS : OWED_NOT_SET;
}

const char *
owed_words(OwedWho who)
{
    static const char *const words[] = {
        [OWED_OURS] = "Postlude sends it.",
        [OWED_NOT_SET] = "It is off, as usual.",
        [OWED_SET_OFF] = "It is switched off.",
        [OWED_THEIRS] = "The shop system sends its own, which cannot be switched off.",
        [OWED_NOT_LEGAL] = "The law asks for legal texts in it, and the shop has given none.",
    };
    must((size_t)who < G_N_ELEMENTS(words));
    return words[who];
}

bool
owed_check(const ShopEntry *shop, Str key, Str value, bool has_legal, GError **error)
{
    static const char start[] = "receipt.";
    if (!str_starts(key, start))
        return true;
    const Owed *owed = owed_find(str_sub(key, sizeof start - 1, key.len));
    if (!owed || !value.len || str_is(value, "off"))
        return true;
    if (!str_is(value, "on"))
        return fail(error, ERR_INPUT, STR_FMT " is on, off, or empty for the usual", STR_ARG(key));
    return owed_is_legal(shop, owed, has_legal) ||
           fail(error, ERR_INPUT,
                "an order confirmation from " STR_FMT " has to carry terms, withdrawal instruction "
                "and model form; give them under Legal texts, or in legal.text, first",
                STR_ARG(shop_setting(shop, SETTING_COUNTRY)));
}
