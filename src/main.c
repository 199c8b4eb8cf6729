/* main.c - the front door: hands the command line to the verb. */
#include "base/nearest.h"
#include "cmd/cmd.h"
#include "engine/guard.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *usage;
    const char *help;
} commands[] = {
#define ROW(name, usage, help) {#name, cmd_##name, usage, help},
#include "cmd/commands.def"
#undef ROW
};

/* send_test is send-test on the command line. */
static bool
names(const char *row, const char *word)
{
    for (; *row && *word; row++, word++)
        if (*row != *word && !(*row == '_' && *word == '-'))
            return false;
    return *row == *word;
}

static int
help(FILE *to)
{
    fputs("Postlude: everything after checkout.\n\nUsage: postlude VERB [--data DIR] ...\n\n", to);
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_autofree char *name = g_strdelimit(g_strdup(commands[i].name), "_", '-');
        fprintf(to, "  %-10s %s\n", name, commands[i].help);
    }
    fputs("\npostlude help VERB tells more about each.\n", to);
    return to == stdout ? GUARD_OK : GUARD_USAGE;
}

/* "send_test" or "send-test", as the command line has it; NULL-terminated, free with g_strfreev. */
static char **
verbs(void)
{
    char **list = g_new0(char *, G_N_ELEMENTS(commands) + 1);
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        list[i] = g_strdelimit(g_strdup(commands[i].name), "_", '-');
    return list;
}

static int
run(int argc, char **argv)
{
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        if (names(commands[i].name, argv[0]))
            return commands[i].run(argc, argv);
    g_auto(GStrv) list = verbs();
    const char *near = nearest_name((const char *const *)list, str_of(argv[0]));
    fprintf(stderr, "postlude: there is no verb '%s'%s%s%s\n  postlude help lists them.\n", argv[0],
            near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    return GUARD_USAGE;
}

int
main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    if (argc < 2)
        return help(stderr);
    bool asks = strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
                strcmp(argv[1], "-h") == 0;
    if (asks && (argc == 2 || argv[2][0] == '-'))
        return help(stdout);
    char *helped[] = {argv[2], (char *)"--help", NULL};
    if (asks)
        return run(2, helped);
    if (strcmp(argv[1], "--version") == 0)
        argv[1] = (char *)"version";
    return run(argc - 1, argv + 1);
}
