/* version.c - `postlude version`. */
#include "cmd/cmd.h"
#include "engine/schema.h"

#include <stdio.h>

int
cmd_version(int argc, char **argv)
{
    int code;
    CmdOptions options = {.usage = "version", .help = "Tells the version of program and store."};
    if (!cmd_parse(&options, &argc, &argv, &code))
        return code;
    printf("postlude %s, schema %d\n", POSTLUDE_VERSION, SCHEMA_VERSION);
    g_free(options.data);
    return 0;
}
