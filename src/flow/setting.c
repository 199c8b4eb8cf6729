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

const char *
setting_nearest(Str key)
{
    static const char *const fields[] = {"name", "currency", "zone", "locale", "live_since"};
    const char *names[SETTINGS_END + G_N_ELEMENTS(fields) + 1] = {NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        names[i] = fields[i];
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
