/* setting.c - the rows of settings.def. */
#include "flow/setting.h"

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

/* Longest common beginning plus longest common end: enough for typing mistakes in short keys. */
static size_t
likeness(Str left, Str right)
{
    size_t head = 0, tail = 0, most = MIN(left.len, right.len);
    while (head < most && left.at[head] == right.at[head])
        head++;
    while (tail < most - head && left.at[left.len - 1 - tail] == right.at[right.len - 1 - tail])
        tail++;
    return head + tail;
}

const char *
setting_nearest(Str key)
{
    const char *best = rows[0].key;
    size_t best_likeness = 0;
    for (int i = 0; i < SETTINGS_END; i++) {
        size_t found = likeness(key, str_of(rows[i].key));
        if (found > best_likeness) {
            best_likeness = found;
            best = rows[i].key;
        }
    }
    return best;
}
