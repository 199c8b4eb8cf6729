/* config.c - see config.h. GKeyFile reads the file but forgets lines, and they are what somebody with
 * a broken file wants to know; line_of finds them again when an error needs one. */
#include "engine/config.h"
#include "base/nearest.h"
#include "engine/log.h"

#include <stdlib.h>
#include <string.h>

typedef enum Source { SOURCE_USUAL, SOURCE_FILE, SOURCE_ENVIRONMENT, SOURCE_FLAG } Source;

typedef struct Value {
    char *text;
    char *said_by;
    Source source;
} Value;

struct Config {
    Value values[CONFIG_COUNT];
};

static const SettingRow rows[CONFIG_COUNT] = {
#define ROW(name, group, key, kind, usual, help) [CONFIG_##name] = {group, key, kind, usual, help},
#include "engine/settings.def"
#undef ROW
};

const SettingRow *
config_row(ConfigName name)
{
    must(name < CONFIG_COUNT);
    return &rows[name];
}

char *
config_flag(ConfigName name)
{
    const SettingRow *row = config_row(name);
    bool server = strcmp(row->group, "server") == 0;
    char *ret = server ? g_strdup(row->key) : g_strdup_printf("%s-%s", row->group, row->key);
    return g_strdelimit(ret, "_", '-');
}

static char *
environment_name(ConfigName name)
{
    g_autofree char *flag = config_flag(name);
    g_autofree char *words = g_ascii_strup(flag, -1);
    return g_strconcat("POSTLUDE_", g_strdelimit(words, "-", '_'), NULL);
}

/* ---- values ------------------------------------------------------------------------------ */

static bool
is_url(const char *text)
{
    const char *colon = strstr(text, "://");
    return !*text || (colon && colon > text && colon[3] && !strpbrk(text, " \t\""));
}

static bool
is_number(const char *text, double least)
{
    char *end = NULL;
    double number = g_ascii_strtod(text, &end);
    return end != text && !*end && g_ascii_isdigit(*text) && number >= least && number < 1e9;
}

/* What a value of the kind should be, or NULL when this is one. */
static const char *
value_wrong(SettingKind kind, const char *text)
{
    LogLevel level;
    switch (kind) {
    case SETTING_TEXT:
        return NULL;
    case SETTING_URL:
        return is_url(text) ? NULL : "a URL like https://host";
    case SETTING_RATE:
        return strcmp(text, "auto") == 0 || is_number(text, 0.001) ? NULL : "auto or a number";
    case SETTING_COUNT:
        return is_number(text, 1) && !strpbrk(text, ".eE") ? NULL : "a whole number from 1";
    case SETTING_LEVEL:
        return log_level_parse(text, &level) ? NULL : "debug, info, warn or error";
    }
    return NULL;
}

/* Takes both strings over. A weaker source does not replace a stronger one. */
static void
value_set(Config *config, ConfigName name, Value value)
{
    Value *old = &config->values[name];
    Value lost = value;
    if (value.source >= old->source) {
        lost = *old;
        *old = value;
    }
    g_free(lost.text);
    g_free(lost.said_by);
}

Config *
config_new(void)
{
    Config *config = g_new0(Config, 1);
    for (int i = 0; i < CONFIG_COUNT; i++)
        config->values[i] = (Value){g_strdup(rows[i].usual), g_strdup("usual"), SOURCE_USUAL};
    return config;
}

void
config_free(Config *config)
{
    if (!config)
        return;
    for (int i = 0; i < CONFIG_COUNT; i++) {
        g_free(config->values[i].text);
        g_free(config->values[i].said_by);
    }
    g_free(config);
}

const char *
config_get(const Config *config, ConfigName name)
{
    must(name < CONFIG_COUNT);
    return config->values[name].text;
}

const char *
config_source(const Config *config, ConfigName name)
{
    must(name < CONFIG_COUNT);
    return config->values[name].said_by;
}

/* ---- flags and environment --------------------------------------------------------------- */

bool
config_take_flag(Config *config, const char *flag, const char *value, GError **error)
{
    const char *flags[CONFIG_COUNT + 1] = {0};
    int found = -1;
    for (int i = 0; i < CONFIG_COUNT; i++) {
        flags[i] = config_flag((ConfigName)i);
        if (strcmp(flags[i], flag) == 0)
            found = i;
    }
    const char *near = nearest_name(flags, str_of(flag));
    const char *wrong = found < 0 ? NULL : value_wrong(rows[found].kind, value);
    if (found < 0 && near)
        fail(error, ERR_USAGE, "there is no flag --%s; did you mean --%s?", flag, near);
    else if (found < 0)
        fail(error, ERR_USAGE, "there is no flag --%s", flag);
    else if (wrong)
        fail(error, ERR_USAGE, "--%s \"%s\" is not %s", flag, value, wrong);
    else
        value_set(config, (ConfigName)found,
                  (Value){g_strdup(value), g_strconcat("--", flag, NULL), SOURCE_FLAG});
    for (int i = 0; i < CONFIG_COUNT; i++)
        g_free((char *)flags[i]);
    return found >= 0 && !wrong;
}

bool
config_take_environment(Config *config, GError **error)
{
    for (int i = 0; i < CONFIG_COUNT; i++) {
        g_autofree char *name = environment_name((ConfigName)i);
        const char *value = g_getenv(name);
        if (!value)
            continue;
        const char *wrong = value_wrong(rows[i].kind, value);
        if (wrong)
            return fail(error, ERR_CONFIG, "%s \"%s\" is not %s", name, value, wrong);
        value_set(config, (ConfigName)i,
                  (Value){g_strdup(value), g_strdup(name), SOURCE_ENVIRONMENT});
    }
    return true;
}

/* ---- the file ---------------------------------------------------------------------------- */

typedef struct File {
    const char *path;
    Str bytes;
    GKeyFile *keys;
} File;

typedef enum LineKind { LINE_EMPTY, LINE_GROUP, LINE_KEY, LINE_BROKEN } LineKind;

/* What a line is, as GKeyFile sees it; *ret_name is the group or the key. */
static LineKind
line_kind(Str line, Str *ret_name)
{
    line = str_trim(line);
    if (line.len == 0 || line.at[0] == '#')
        return LINE_EMPTY;
    if (line.at[0] == '[' && line.at[line.len - 1] == ']') {
        *ret_name = str_sub(line, 1, line.len - 2);
        return LINE_GROUP;
    }
    const char *equals = memchr(line.at, '=', line.len);
    if (!equals || equals == line.at)
        return LINE_BROKEN;
    *ret_name = str_trim((Str){line.at, (size_t)(equals - line.at)});
    return LINE_KEY;
}

/* The line of a key (the last of several, which counts), or of its group when key is NULL, or of
 * the first line that is nothing when both are; 0: there is none. */
static int
line_of(Str bytes, const char *group, const char *key)
{
    Str rest = bytes, line;
    int number = 0, found = 0;
    bool inside = false;
    while (str_split(&rest, '\n', &line)) {
        Str name = {0};
        LineKind kind = line_kind(line, &name);
        number++;
        if (kind == LINE_BROKEN && !group)
            return number;
        if (kind == LINE_GROUP) {
            inside = group && str_is(name, group);
            if (inside && !key)
                return number;
        }
        if (kind == LINE_KEY && inside && key && str_is(name, key))
            found = number;
    }
    return found;
}

static bool
group_unknown(const File *file, const char *group, GError **error)
{
    const char *names[CONFIG_COUNT + 1] = {0};
    for (int i = 0; i < CONFIG_COUNT; i++)
        names[i] = rows[i].group;
    const char *near = nearest_name(names, str_of(group));
    return fail(error, ERR_CONFIG, "%s line %d: there is no group [%s]%s%s%s", file->path,
                line_of(file->bytes, group, NULL), group, near ? "; did you mean [" : "",
                near ? near : "", near ? "]?" : "");
}

/* The most similar key: of this group if one is near, else the same key of another group. */
static bool
key_unknown(const File *file, const char *group, const char *key, GError **error)
{
    const char *names[CONFIG_COUNT + 1] = {0};
    const char *elsewhere = NULL;
    size_t count = 0;
    for (int i = 0; i < CONFIG_COUNT; i++) {
        if (strcmp(rows[i].group, group) == 0)
            names[count++] = rows[i].key;
        else if (strcmp(rows[i].key, key) == 0)
            elsewhere = rows[i].group;
    }
    int line = line_of(file->bytes, group, key);
    const char *near = nearest_name(names, str_of(key));
    if (!near && elsewhere)
        return fail(error, ERR_CONFIG, "%s line %d: [%s] has no key %s; it belongs below [%s]",
                    file->path, line, group, key, elsewhere);
    return fail(error, ERR_CONFIG, "%s line %d: [%s] has no key %s%s%s%s", file->path, line, group,
                key, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static int
row_find(const char *group, const char *key)
{
    for (int i = 0; i < CONFIG_COUNT; i++)
        if (strcmp(rows[i].group, group) == 0 && (!key || strcmp(rows[i].key, key) == 0))
            return i;
    return -1;
}

/* Checks one key, and takes it if config is not NULL. */
static bool
key_take(const File *file, const char *group, const char *key, Config *config, GError **error)
{
    int row = row_find(group, key);
    if (row < 0)
        return key_unknown(file, group, key, error);
    g_autofree char *value = g_key_file_get_string(file->keys, group, key, NULL);
    int line = line_of(file->bytes, group, key);
    const char *wrong = value ? value_wrong(rows[row].kind, g_strstrip(value)) : "UTF-8 text";
    if (wrong)
        return fail(error, ERR_CONFIG, "%s line %d: %s \"%s\" is not %s", file->path, line, key,
                    value ? value : "", wrong);
    if (config)
        value_set(config, (ConfigName)row,
                  (Value){g_steal_pointer(&value), g_strdup_printf("%s line %d", file->path, line),
                          SOURCE_FILE});
    return true;
}

static bool
file_take(const File *file, Config *config, GError **error)
{
    g_auto(GStrv) groups = g_key_file_get_groups(file->keys, NULL);
    for (char **group = groups; *group; group++) {
        g_auto(GStrv) keys = g_key_file_get_keys(file->keys, *group, NULL, NULL);
        if (row_find(*group, NULL) < 0)
            return group_unknown(file, *group, error);
        for (char **key = keys; key && *key; key++)
            if (!key_take(file, *group, *key, config, error))
                return false;
    }
    return true;
}

bool
config_take_file(Config *config, const char *path, GError **error)
{
    g_autofree char *bytes = NULL;
    g_autoptr(GError) inner = NULL;
    g_autoptr(GKeyFile) keys = g_key_file_new();
    gsize len = 0;
    if (!g_file_get_contents(path, &bytes, &len, &inner))
        return fail(error, ERR_CONFIG, "%s", inner->message);
    File file = {path, {bytes, len}, keys};
    if (!g_key_file_load_from_data(keys, bytes, len, G_KEY_FILE_NONE, &inner)) {
        int line = line_of(file.bytes, NULL, NULL);
        if (line)
            return fail(error, ERR_CONFIG, "%s line %d: neither [group] nor key = value", path,
                        line);
        return fail(error, ERR_CONFIG, "%s: %s", path, inner->message);
    }
    /* First look, then take: a file with a mistake changes nothing. */
    return file_take(&file, NULL, error) && file_take(&file, config, error);
}
