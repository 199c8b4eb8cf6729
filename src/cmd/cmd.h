/* cmd.h - what the verbs of the command line share.
 *
 * A verb is one file: `int cmd_NAME(int argc, char **argv)` (argv[0] is the verb's name) and a row in
 * commands.def. Results go to standard output, errors to standard error as
 *
 *     postlude: what happened
 *       what to do
 *
 * and the exit code says which kind: 0 fine, 1 failed, 2 wrong usage or setting, 3 not found, 4 the data folder
 * or port is in use, 5 a store of a newer version (engine/guard.h).
 *
 * Verbs that only look open the store read-only, beside a server that may be running. Verbs that write take the
 * data folder; while a server holds it they hand themselves to the server through DATA/ctl (cmd_write).
 */
#pragma once

#include "base/base.h"
#include "engine/config.h"
#include "engine/folder.h"
#include "engine/keyring.h"
#include "engine/store.h"
#include "flow/import.h"
#include "flow/shop.h"

#define ROW(name, usage, help) int cmd_##name(int argc, char **argv);
#include "cmd/commands.def"
#undef ROW

/* The tables that describe our own options. */
typedef struct CmdOptions {
    const char *usage; /* behind the verb's name */
    const char *help;
    const GOptionEntry *entries; /* beside --data and --help; NULL: none */
    char *data;                  /* --data; owned by the caller */
} CmdOptions;

/* Reads the options; what is left in argv are the words. False: *ret_exit is the exit code (0 after --help). */
bool cmd_parse(CmdOptions *options, int *argc, char ***argv, int *ret_exit);

/* Prints an error and its cure to standard error; gives the exit code. */
int cmd_fail(const GError *error);
/* The same for wrong usage. */
int cmd_usage(const CmdOptions *options, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* ---- the data folder, opened ------------------------------------------------------------------------ */

typedef struct Home {
    Folder *folder; /* NULL when opened to look */
    char *data;
    char *erase_list; /* DATA/erased.list */
    Keyring *keyring;
    Store *store;
    ShopBook *shops;
    Imports *imports;     /* NULL when opened to look */
    const char *smtp_url; /* the installation's server; NULL in a verb, which does not know it */
    bool serves;          /* others wait for the writer */
} Home;

typedef struct HomeOptions {
    const char *data;
    const char *key_file; /* NULL or empty: DATA/secret.key */
    bool look;            /* read-only, beside a running server */
    bool make;            /* makes a data folder that is not there; else ERR_NOT_FOUND */
    bool fresh;           /* puts a store of another schema aside and begins anew */
    bool allow_volatile;
    int wait_ms; /* for the folder's lock */
} HomeOptions;

Home *home_open(const HomeOptions *options, GError **error);
void home_free(Home *home);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Home, home_free)

/* The shop of a slug; ERR_NOT_FOUND names those that there are. Give it back with shop_unref. */
const ShopEntry *home_shop(Home *home, const char *slug, GError **error);

/* ---- verbs that write --------------------------------------------------------------------------------- */

/* The writing half of a verb: works on an open home, in this process or in the server's. Prints to out. */
typedef bool (*CmdWrite)(Home *home, char **words, GString *out, GError **error);

/* Runs the writing half here, or in the server that holds the data folder; prints what it says. verb names
 * the row in cmd_writes. */
int cmd_write(const char *data, const char *verb, char **words);

/* The same without printing: *ret_out is what it said, free with g_free. */
bool cmd_ask(const char *data, const char *verb, char **words, char **ret_out, GError **error);

/* The server's side of it: one line of DATA/ctl. */
void cmd_ctl_line(Str line, Buf *answer, void *home);

bool shop_write(Home *home, char **words, GString *out, GError **error);
bool user_write(Home *home, char **words, GString *out, GError **error);
bool customer_write(Home *home, char **words, GString *out, GError **error);
bool privacy_write(Home *home, char **words, GString *out, GError **error);
bool release_write(Home *home, char **words, GString *out, GError **error);
bool demo_write(Home *home, char **words, GString *out, GError **error);
bool key_write(Home *home, char **words, GString *out, GError **error);
bool import_write(Home *home, char **words, GString *out, GError **error);
bool replay_write(Home *home, char **words, GString *out, GError **error);
