/* config.h - the settings of the installation: a flag, over the environment, over the file of
 * --config, over what is usual.
 *
 *     g_autoptr(Config) config = config_new();
 *     config_take_flag(config, "listen", "0.0.0.0:80", error) &&
 *         config_take_environment(config, error) && config_take_file(config, path, error)
 *     const char *listen = config_get(config, CONFIG_SERVER_LISTEN);
 *
 * The settings are the rows of settings.def, and there are no others: a group, key or flag that
 * nobody declared is an error that names file, line and the most similar setting there is, because
 * a misspelt setting that is silently ignored is found months later. Values are checked when they
 * are taken. The sources may be taken in any order. Not for several threads until it is filled.
 */
#pragma once

#include "base/base.h"

typedef enum ConfigName {
#define ROW(name, group, key, kind, usual, help) CONFIG_##name,
#include "engine/settings.def"
#undef ROW
    CONFIG_COUNT
} ConfigName;

typedef enum SettingKind {
    SETTING_TEXT,
    SETTING_URL,   /* scheme://host..., or empty */
    SETTING_RATE,  /* auto, or a positive number */
    SETTING_COUNT, /* a whole number from 1 */
    SETTING_LEVEL, /* of log.h */
} SettingKind;

typedef struct SettingRow {
    const char *group;
    const char *key;
    SettingKind kind;
    const char *usual; /* the value when nobody sets it */
    const char *help;
} SettingRow;

/* One row of settings.def, for the manual and --help. */
const SettingRow *config_row(ConfigName name);
char *config_flag(ConfigName name); /* "smtp-ca-file"; g_free it */

typedef struct Config Config;

Config *config_new(void);
void config_free(Config *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Config, config_free)

/* Takes the value of a flag, without its dashes. ERR_USAGE: no such flag, no such value. */
bool config_take_flag(Config *config, const char *flag, const char *value, GError **error);

/* Takes the POSTLUDE_... that are set. ERR_CONFIG: no such value. */
bool config_take_environment(Config *config, GError **error);

/* Takes an ini file. ERR_CONFIG, with file and line; nothing is taken then. */
bool config_take_file(Config *config, const char *path, GError **error);

/* Never NULL. Lives as long as the config. */
const char *config_get(const Config *config, ConfigName name);

/* Who said so: "--listen", "POSTLUDE_LISTEN", "/etc/postlude.ini line 3", "usual". For messages about
 * a value that turned out to be wrong. */
const char *config_source(const Config *config, ConfigName name);
