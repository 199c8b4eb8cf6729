/* log.h - one line of key=value for what happened, to stderr.
 *
 *     log_info("smtp.deferred", "shop=%s id=%s code=%d said=%s", shop, id, code, reply);
 *
 *     at=2026-05-01T10:00:00.000Z level=info what=smtp.deferred shop=demo id=msg_7 code=451
 *         said="4.7.1 try again later"                                     (on the same line)
 *
 * `what` is a place and an event, in words that never change, so that they can be searched for. The
 * format is a list of key=%... with single spaces between, and nothing else: must(). Values are
 * quoted where they need it, whatever bytes they have, so no value can make up a second line or
 * another key. No mail address gets through: whatever looks like one, alone or within a text, is
 * written as <address>. Logs are kept, copied and sent to strangers, and erasing a customer does
 * not reach them.
 *
 * A line is one write(2) of at most LOG_LINE_BYTES, so lines of several threads and processes do not
 * mix; longer values are cut. Log once, where an error ends (STYLE.md, E4).
 */
#pragma once

#include "base/base.h"

enum { LOG_LINE_BYTES = 4096 }; /* PIPE_BUF: a pipe takes so much in one piece */

typedef enum LogLevel {
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_INFO,
    LOG_LEVEL_WARN,  /* mends itself, or somebody should look some day */
    LOG_LEVEL_ERROR, /* somebody must do something */
} LogLevel;

void log_debug(const char *what, const char *format, ...) G_GNUC_PRINTF(2, 3);
void log_info(const char *what, const char *format, ...) G_GNUC_PRINTF(2, 3);
void log_warn(const char *what, const char *format, ...) G_GNUC_PRINTF(2, 3);
void log_error(const char *what, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Where an error ends: adds error=SLUG message=... to the line; a warning if trying again can help,
 * else an error. format may be "". */
void
log_failure(const char *what, const GError *error, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Copies a text with <address> in place of each mail address, NUL-terminated, at most `bytes` with it: for what
 * others than the log show to strangers. */
void log_hide_addresses(Str text, char *to, size_t bytes);

/* Lines below this level are not written. At first LOG_LEVEL_INFO. */
void log_set_level(LogLevel least);
/* "debug", "info", "warn", "error"; false for another word. */
bool log_level_parse(const char *word, LogLevel *ret);

/* From here on what GLib has to say is a line of the log, too (what=glib). Once, at start. */
void log_take_glib(void);

/* Where lines go; 2 (stderr) at first. */
void log_set_fd(int fd);
