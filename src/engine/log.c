/* log.c - see log.h. A line is put together on the stack, so that logging never fails for want of
 * memory, and leaves in one write. */
#include "engine/log.h"
#include "base/text.h"
#include "base/when.h"
#include "engine/clock.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

enum {
    VALUE_BYTES = 1024, /* of one value, before quoting */
    ADDRESS_MOST = 320, /* 64 + 1 + 255 bytes (RFC 5321 4.5.3.1) */
};

static _Atomic LogLevel level_least = LOG_LEVEL_INFO;
static _Atomic int output = STDERR_FILENO;

static const char *const level_names[] = {
    [LOG_LEVEL_DEBUG] = "debug",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_ERROR] = "error",
};

/* ---- the line ---------------------------------------------------------------------------- */

typedef struct Line {
    char bytes[LOG_LINE_BYTES];
    size_t len;
} Line;

/* Two bytes are kept back for a closing quote and the line's end. */
static bool
line_has_room(const Line *line, size_t len)
{
    return line->len + len + 2 <= sizeof line->bytes;
}

static bool
line_add(Line *line, const char *bytes, size_t len)
{
    if (!line_has_room(line, len))
        return false;
    memcpy(line->bytes + line->len, bytes, len);
    line->len += len;
    return true;
}

static void
line_write(Line *line)
{
    line->bytes[line->len++] = '\n';
    ssize_t written;
    do
        written = write(output, line->bytes, line->len);
    while (written < 0 && errno == EINTR);
    /* A log that cannot be written (disk full, reader gone) must not stop the mail. */
}

/* ---- addresses --------------------------------------------------------------------------- */

/* The characters of an address's parts (RFC 5322 atext, the dot, anything beyond ASCII). '=' and
 * '+' are among them, so a VERP address with another one inside goes as a whole. */
static bool
is_address_char(char byte)
{
    return g_ascii_isalnum(byte) || (byte & 0x80) || (byte && strchr("!#$%&'*+-/=?^_`{|}~.", byte));
}

/* Bytes of an "@", also as a URL has it; 0 if there is none here. */
static size_t
at_sign(Str text, size_t i)
{
    if (text.at[i] == '@')
        return 1;
    return text.at[i] == '%' && str_starts(str_sub(text, i, 3), "%40") ? 3 : 0;
}

/* Where an address that has its at-sign here begins: behind what is no part of one, or was already
 * looked at. */
static size_t
address_start(Str text, size_t sign, size_t done)
{
    size_t start = sign;
    if (start > done + 1 && text.at[start - 1] == '"') { /* "ana maria"@example.com */
        const char *quote = memrchr(text.at + done, '"', start - 1 - done);
        return quote ? (size_t)(quote - text.at) : start;
    }
    while (start > done && is_address_char(text.at[start - 1]))
        start--;
    return start;
}

static size_t
address_end(Str text, size_t end)
{
    bool literal = end < text.len && text.at[end] == '['; /* ana@[192.0.2.1] */
    while (end < text.len && (is_address_char(text.at[end]) || text.at[end] == '@' ||
                              (literal && text.at[end] && strchr("[]:", text.at[end]))))
        end++;
    return end;
}

/* Where a text that was cut ends: before the word that the cut went through, since that may be the
 * first half of an address. Words longer than any address stay. */
static size_t
cut_word(const char *bytes, size_t len)
{
    size_t start = len;
    while (start > 0 && len - start <= ADDRESS_MOST && is_address_char(bytes[start - 1]))
        start--;
    return len - start <= ADDRESS_MOST ? start : len;
}

/* Copies with <address> in place of each one, up to room. */
static size_t
addresses_hide(Str text, char *to, size_t room)
{
    static const char mark[] = "<address>";
    size_t len = 0;
    size_t done = 0; /* up to here the text is dealt with; from here to i it was copied */
    size_t i = 0;
    while (i < text.len && len < room) {
        size_t sign = at_sign(text, i);
        size_t start = sign ? address_start(text, i, done) : i;
        size_t end = sign ? address_end(text, i + sign) : i;
        if (start == i || end == i + sign) {
            to[len++] = text.at[i++];
            continue;
        }
        len -= i - start;
        if (len > 0 && start > done && to[len - 1] == '<' && end < text.len &&
            text.at[end] == '>') {
            len--;
            end++;
        }
        size_t take = MIN(sizeof mark - 1, room - len);
        memcpy(to + len, mark, take);
        len += take;
        i = done = end;
    }
    return i < text.len ? cut_word(to, len) : len;
}

void
log_hide_addresses(Str text, char *to, size_t bytes)
{
    to[addresses_hide(text, to, bytes - 1)] = '\0';
}

/* ---- values ------------------------------------------------------------------------------ */

static bool
is_bare(Str value)
{
    for (size_t i = 0; i < value.len; i++)
        if (!g_ascii_isalnum(value.at[i]) && !(value.at[i] && strchr("._:/+-<>,@#%", value.at[i])))
            return false;
    return value.len > 0;
}

/* One character within quotes. False when the line is full. */
static bool
char_quote(Line *line, Str letter)
{
    char text[8];
    char byte = letter.at[0];
    if (letter.len > 1)
        return line_add(line, letter.at, letter.len);
    if (byte == '"' || byte == '\\')
        g_snprintf(text, sizeof text, "\\%c", byte);
    else if (byte == '\n')
        g_strlcpy(text, "\\n", sizeof text);
    else if ((unsigned char)byte < 0x20 || byte == 0x7f)
        g_snprintf(text, sizeof text, "\\x%02x", (unsigned char)byte);
    else
        return line_add(line, &byte, 1);
    return line_add(line, text, strlen(text));
}

static void
value_quote(Line *line, Str value)
{
    line_add(line, "\"", 1);
    for (size_t i = 0; i < value.len;) {
        Str rest = str_sub(value, i, value.len);
        size_t bad = 1;
        size_t len = text_char(rest, &bad);
        Str letter = len ? str_sub(rest, 0, len) : STR("\xEF\xBF\xBD");
        if (!char_quote(line, letter))
            break;
        i += len ? len : bad;
    }
    line->bytes[line->len++] = '"'; /* room for it was kept */
}

static void
value_add(Line *line, Str value)
{
    char hidden[VALUE_BYTES];
    Str shown = {hidden, addresses_hide(value, hidden, sizeof hidden)};
    if (!line_has_room(line, 3))
        return;
    if (is_bare(shown))
        line_add(line, shown.at, MIN(shown.len, sizeof line->bytes - line->len - 2));
    else
        value_quote(line, shown);
}

static void
field_add(Line *line, Str key, Str value)
{
    if (!line_has_room(line, key.len + 5))
        return;
    line_add(line, " ", 1);
    line_add(line, key.at, key.len);
    line_add(line, "=", 1);
    value_add(line, value);
}

/* ---- the format -------------------------------------------------------------------------- */

/* What is left of a format, and its arguments. A va_list in a struct can be handed on and keeps its
 * place. */
typedef struct Fields {
    const char *format;
    va_list args;
} Fields;

/* The whole number of a %d, %u, %ld, %zu ... with its length letters. */
static Str
number_take(Fields *fields, Str spec, char room[static 32])
{
    size_t longs = 0;
    for (size_t i = 0; i < spec.len; i++)
        longs += spec.at[i] == 'l' || spec.at[i] == 'z' || spec.at[i] == 'j';
    bool is_unsigned = spec.at[spec.len - 1] == 'u';
    if (is_unsigned) {
        guint64 number = longs ? va_arg(fields->args, guint64) : va_arg(fields->args, unsigned);
        return (Str){room, (size_t)g_snprintf(room, 32, "%" G_GUINT64_FORMAT, number)};
    }
    gint64 number = longs ? va_arg(fields->args, gint64) : va_arg(fields->args, int);
    return (Str){room, (size_t)g_snprintf(room, 32, "%" G_GINT64_FORMAT, number)};
}

/* The next argument, as its conversion says: %s, %.*s (a Str), whole numbers, %g and %f. */
static Str
value_take(Fields *fields, Str spec, char room[static 32])
{
    char last = spec.at[spec.len - 1];
    if (last == 's' && str_is(spec, "%.*s")) {
        int len = va_arg(fields->args, int);
        return (Str){va_arg(fields->args, const char *), (size_t)MAX(len, 0)};
    }
    if (last == 's') {
        const char *text = va_arg(fields->args, const char *);
        return text ? str_of(text) : STR("none");
    }
    if (last == 'g' || last == 'f') {
        g_ascii_formatd(room, 32, "%.6g", va_arg(fields->args, double));
        return str_of(room);
    }
    must(last == 'd' || last == 'i' || last == 'u');
    return number_take(fields, spec, room);
}

/* Adds the fields one by one: key=%..., a space, key=%... */
static void
fields_add(Line *line, Fields *fields)
{
    while (*fields->format) {
        Str key = {fields->format, strcspn(fields->format, "= ")};
        must(key.len > 0 && strncmp(key.at + key.len, "=%", 2) == 0);
        const char *from = key.at + key.len + 1;
        Str spec = {from, strcspn(from, " ")};
        char room[32];
        field_add(line, key, value_take(fields, spec, room));
        fields->format = from + spec.len + (from[spec.len] == ' ');
    }
}

/* ---- the calls --------------------------------------------------------------------------- */

static void
line_start(Line *line, LogLevel level, const char *what)
{
    char at[WHEN_BYTES];
    when_iso(clock_now(), at);
    line->len = 0;
    line_add(line, "at=", 3);
    line_add(line, at, strlen(at));
    field_add(line, STR("level"), str_of(level_names[level]));
    field_add(line, STR("what"), str_of(what));
}

static void
log_fields(LogLevel level, const char *what, const GError *error, Fields *fields)
{
    Line line;
    if (level < level_least)
        return;
    line_start(&line, level, what);
    fields_add(&line, fields);
    if (error) {
        field_add(&line, STR("error"), str_of(error_row(error)->slug));
        field_add(&line, STR("message"), str_of(error->message));
    }
    line_write(&line);
}

void
log_debug(const char *what, const char *format, ...)
{
    Fields fields = {.format = format};
    va_start(fields.args, format);
    log_fields(LOG_LEVEL_DEBUG, what, NULL, &fields);
    va_end(fields.args);
}

void
log_info(const char *what, const char *format, ...)
{
    Fields fields = {.format = format};
    va_start(fields.args, format);
    log_fields(LOG_LEVEL_INFO, what, NULL, &fields);
    va_end(fields.args);
}

void
log_warn(const char *what, const char *format, ...)
{
    Fields fields = {.format = format};
    va_start(fields.args, format);
    log_fields(LOG_LEVEL_WARN, what, NULL, &fields);
    va_end(fields.args);
}

void
log_error(const char *what, const char *format, ...)
{
    Fields fields = {.format = format};
    va_start(fields.args, format);
    log_fields(LOG_LEVEL_ERROR, what, NULL, &fields);
    va_end(fields.args);
}

void
log_failure(const char *what, const GError *error, const char *format, ...)
{
    Fields fields = {.format = format};
    LogLevel level = error_row(error)->again ? LOG_LEVEL_WARN : LOG_LEVEL_ERROR;
    va_start(fields.args, format);
    log_fields(level, what, error, &fields);
    va_end(fields.args);
}

/* ---- settings ---------------------------------------------------------------------------- */

void
log_set_level(LogLevel least)
{
    level_least = least;
}

bool
log_level_parse(const char *word, LogLevel *ret)
{
    for (size_t i = 0; i < G_N_ELEMENTS(level_names); i++) {
        if (strcmp(word, level_names[i]) == 0) {
            *ret = (LogLevel)i;
            return true;
        }
    }
    return false;
}

void
log_set_fd(int fd)
{
    output = fd;
}

/* GLib's criticals and warnings are mistakes of ours. Its debug output is not for us. */
static GLogWriterOutput
glib_write(GLogLevelFlags flags, const GLogField *fields, gsize count, gpointer user)
{
    const char *message = "";
    for (gsize i = 0; i < count; i++)
        if (strcmp(fields[i].key, "MESSAGE") == 0 && fields[i].length < 0)
            message = fields[i].value;
    if (flags & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING))
        log_error("glib", "message=%s", message);
    return G_LOG_WRITER_HANDLED;
}

void
log_take_glib(void)
{
    g_log_set_writer_func(glib_write, NULL, NULL);
}
