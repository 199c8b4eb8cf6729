/* setting.h - what the owner of a shop can set; the rows of settings.def. */
#pragma once

#include "base/base.h"

typedef enum Setting {
#define ROW(setting, key, kind, value, help) setting,
#include "flow/settings.def"
#undef ROW
    SETTINGS_END
} Setting;

typedef struct ShopSettingRow {
    const char *key;
    bool secret;       /* sealed in the store, never shown */
    const char *value; /* the default */
    const char *help;
} ShopSettingRow;

const ShopSettingRow *setting_row(Setting setting);

/* False if there is none of this name. */
bool setting_find(Str key, Setting *ret);

/* What is set of a shop like a setting, but is a field of it: name, currency ...; NULL behind the last. */
const char *setting_field_nth(size_t n, const char **ret_help);

/* The name that was probably meant, of a setting or of a field of the shop itself; NULL if none looks like it. */
const char *setting_nearest(Str key);
