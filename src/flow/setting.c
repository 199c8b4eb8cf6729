/* setting.c - the rows of settings.def. */
#include "flow/setting.h"

#include "base/nearest.h"

#include <string.h>

enum { OPEN = 0, SECRET = 1 };

static const ShopSettingRow rows[SETTINGS_END] = {
#define ROW(setting, key, kind, value, help) [setting] = {key, kind == SECRET, value, help},
#include "flow/settings.def"
#undef ROW
};

const ShopSettingRow *
setting_row(Setting setting)
{
    must((int)setting >= 0 && setting < SETTINGS_END);
    return &rows[setting];
}

bool
setting_find(Str key, Setting *ret)
{
    for (int i = 0; i < SETTINGS_END; i++) {
        if (!str_is(key, rows[i].key))
            continue;
        *ret = (Setting)i;
        return true;
    }
    return false;
}

/* What a shop is beside its settings (flow/shop.c sets them). */
static const struct {
    const char *key, *help;
} fields[] = {
    {"name", "The shop's name, as its customers know it."},
    {"currency", "Currency of what does not name its own: ISO 4217, like EUR."},
    {"zone",
     "Time zone of the shop, like Europe/Lisbon: for dates without one, and for its pages."},
    {"locale", "Language of the shop, like en or pt-BR: for customers who have none of their own."},
    {"live_since",
     "now, never, or a moment: orders placed from then on cause mails, older ones are history."},
};

const char *
setting_field_nth(size_t n, const char **ret_help)
{
    *ret_help = n < G_N_ELEMENTS(fields) ? fields[n].help : NULL;
    return n < G_N_ELEMENTS(fields) ? fields[n].key : NULL;
}

const char *
setting_nearest(Str key)
{
    const char *names[SETTINGS_END + G_N_ELEMENTS(fields) + 1] = {NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        names[i] = fields[i].key;
    for (int i = 0; i < SETTINGS_END; i++)
        names[G_N_ELEMENTS(fields) + (size_t)i] = rows[i].key;
    const char *near = nearest_name(names, key);
    /* "country" for shop.country. */
    for (int i = 0; !near && key.len && i < SETTINGS_END; i++) {
        const char *dot = strchr(rows[i].key, '.');
        if (dot && str_eq_nocase(key, dot + 1))
            near = rows[i].key;
    }
    return near;
}
