/* main.c - the front door: hands the command line to the verb. */
#include "base/base.h"

int
main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 2;
}
