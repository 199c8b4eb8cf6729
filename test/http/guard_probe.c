/* guard_probe.c - a worker with a guard, for test_guard.py.
 *
 *   guard_probe [once] [backoff=MS] [good=MS] [stop=MS]
 *
 * Each worker prints "worker PID", then obeys one line of stdin: "abort", "exit N", "hang" (deaf to
 * SIGTERM). A SIGTERM ends it with "stopped" and exit 0.
 */
#include "engine/guard.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
probe_on_term(int number)
{
    static const char text[] = "stopped\n";
    ssize_t written = write(STDOUT_FILENO, text, sizeof text - 1);
    _exit(written > 0 ? 0 : 9);
}

static bool
probe_line(char *ret, size_t room)
{
    /* Byte by byte: what one worker reads too much the next one would miss. */
    size_t len = 0;
    while (len + 1 < room && read(STDIN_FILENO, ret + len, 1) == 1) {
        if (ret[len] == '\n')
            break;
        len++;
    }
    ret[len] = '\0';
    return len > 0;
}

static int
probe_work(void *arg)
{
    char line[64];
    signal(SIGTERM, probe_on_term);
    printf("worker %ld\n", (long)getpid());
    fflush(stdout);
    while (probe_line(line, sizeof line)) {
        if (strcmp(line, "abort") == 0)
            abort();
        if (strncmp(line, "exit ", 5) == 0)
            return atoi(line + 5);
        if (strcmp(line, "hang") == 0)
            signal(SIGTERM, SIG_IGN);
    }
    for (;;)
        pause();
}

int
main(int argc, char **argv)
{
    GuardOptions options = {0};
    for (int i = 1; i < argc; i++) {
        options.once |= strcmp(argv[i], "once") == 0;
        sscanf(argv[i], "backoff=%d", &options.backoff_first_ms);
        sscanf(argv[i], "most=%d", &options.backoff_most_ms);
        sscanf(argv[i], "good=%d", &options.good_ms);
        sscanf(argv[i], "stop=%d", &options.stop_ms);
    }
    return guard_run(&options, probe_work, NULL);
}
