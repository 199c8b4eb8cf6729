/* Any bytes as a value of the log: one line comes out, UTF-8, with the fields it should have, and no
 * at-sign between two letters or digits, so no address. */
#include "engine/clock.h"
#include "engine/log.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* An escape like \x1f ends in letters that are none of the value's. */
static bool
is_escape_end(const char *line, const char *at)
{
    return at - line >= 4 && at[-4] == '\\' && at[-3] == 'x';
}

static void
line_check(const char *line, size_t len)
{
    must(len > 0 && len <= LOG_LINE_BYTES);
    must(memchr(line, '\n', len) == line + len - 1);
    must(g_utf8_validate_len(line, len, NULL));
    must(g_str_has_prefix(line, "at=2026-05-01T10:00:00.123Z level=info what=fuzz value="));
    for (const char *at = line; (at = strchr(at, '@')); at++)
        must(!g_ascii_isalnum(at[-1]) || !g_ascii_isalnum(at[1]) || is_escape_end(line, at) ||
             g_str_has_prefix(at - 2, "\\n@"));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static int fd = -1;
    static char line[LOG_LINE_BYTES + 1];
    if (fd < 0) {
        fd = memfd_create("log", 0);
        must(fd >= 0);
        log_set_fd(fd);
        clock_set(1777629600123);
    }
    g_autofree char *copy = g_memdup2(bytes, len);
    log_info("fuzz", "value=%.*s next=%d", (int)len, copy ? copy : "", 1);
    ssize_t got = pread(fd, line, LOG_LINE_BYTES, 0);
    must(got > 0 && ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0);
    line[got] = '\0';
    line_check(line, (size_t)got);
    return 0;
}
