/* imap_words.c - see imap_words.h. */
#include "engine/imap_words.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/text.h"

#include <string.h>

static bool
starts_nocase(Str text, const char *word)
{
    return str_eq_nocase(str_sub(text, 0, strlen(word)), word);
}

/* Where a word begins outside of quotes; text.len when nowhere. */
static size_t
word_at(Str text, const char *word)
{
    bool quoted = false;
    for (size_t at = 0; at < text.len; at++) {
        if (quoted && text.at[at] == '\\')
            at++;
        else if (text.at[at] == '"')
            quoted = !quoted;
        else if (!quoted && starts_nocase(str_sub(text, at, text.len), word))
            return at;
    }
    return text.len;
}

bool
imap_number_take(Str *rest, uint32_t *ret)
{
    Str text = *rest;
    uint64_t number = 0;
    size_t len = 0;
    while (text.len && text.at[0] == ' ')
        text = str_sub(text, 1, text.len);
    while (len < text.len && g_ascii_isdigit(text.at[len]) && number <= UINT32_MAX)
        number = number * 10 + (uint64_t)(text.at[len++] - '0');
    if (!len || number > UINT32_MAX)
        return false;
    *rest = str_sub(text, len, text.len);
    *ret = (uint32_t)number;
    return true;
}

bool
imap_number(Str line, const char *word, uint32_t *ret)
{
    size_t at = word_at(line, word), end = at + strlen(word);
    Str rest = str_sub(line, end, line.len);
    return at < line.len && rest.len && g_ascii_isdigit(rest.at[0]) && imap_number_take(&rest, ret);
}

bool
imap_exists(Str line, uint32_t *ret)
{
    uint32_t number;
    Str rest = str_sub(line, 2, line.len);
    if (!str_starts(line, "* ") || !imap_number_take(&rest, &number) ||
        !str_eq_nocase(str_trim(rest), "EXISTS"))
        return false;
    *ret = number;
    return true;
}

bool
imap_search(Str line, Str *ret_numbers)
{
    static const char word[] = "* SEARCH";
    Str rest = str_sub(line, sizeof word - 1, line.len);
    if (!starts_nocase(line, word) || (rest.len && rest.at[0] != ' '))
        return false;
    *ret_numbers = rest;
    return true;
}

/* One run of letters outside ASCII: "&" UTF-16BE in base64 with a comma for the slash "-". */
static void
add_run(Buf *buf, Str run)
{
    Buf wide = {.arena = buf->arena};
    while (run.len) {
        size_t len = text_char(run, NULL);
        uint32_t code = text_code(run.at, len);
        uint32_t units[2] = {code, 0};
        if (code > 0xffff) {
            units[0] = 0xd800 + ((code - 0x10000) >> 10);
            units[1] = 0xdc00 + (code & 0x3ff);
        }
        for (int i = 0; i < (code > 0xffff ? 2 : 1); i++) {
            buf_add_char(&wide, (char)(units[i] >> 8));
            buf_add_char(&wide, (char)(units[i] & 0xff));
        }
        run = str_sub(run, len, run.len);
    }
    char *letters = encode(buf->arena, ENCODE_BASE64, buf_str(&wide));
    buf_add_char(buf, '&');
    for (; *letters && *letters != '='; letters++)
        buf_add_char(buf, *letters == '/' ? ',' : *letters);
    buf_add_char(buf, '-');
}

static size_t
run_len(Str text)
{
    size_t len = 0;
    while (len < text.len && (text.at[len] & 0x80))
        len++;
    return len;
}

bool
imap_folder_add(Buf *buf, Str name, GError **error)
{
    if (!name.len || name.len > LIMIT_TEXT_BYTES || !text_valid(name))
        return fail(error, ERR_CONFIG, "a folder's name is empty, too long or not UTF-8");
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.at[i] < ' ' || name.at[i] == 0x7f)
            return fail(error, ERR_CONFIG, "a folder's name has a control character");
    while (name.len) {
        size_t len = run_len(name);
        if (len)
            add_run(buf, str_sub(name, 0, len));
        else
            buf_add_char(buf, name.at[0]);
        if (name.at[0] == '&')
            buf_add_char(buf, '-');
        name = str_sub(name, MAX(len, 1), name.len);
    }
    return true;
}

void
imap_quote(Buf *buf, Str text)
{
    buf_add_char(buf, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '"' || text.at[i] == '\\')
            buf_add_char(buf, '\\');
        buf_add_char(buf, text.at[i]);
    }
    buf_add_char(buf, '"');
}
