/* Tables: any bytes give the same records in pieces of any length, in order and within their bounds; what is
 * written of them is read back; any encoding gives UTF-8, whole or in pieces. */
#include "base/charset.h"
#include "base/csv.h"
#include "base/limits.h"
#include "base/text.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

typedef struct Pieces {
    Str text;
    size_t at;
    size_t piece;
} Pieces;

static bool
pieces_read(void *arg, char *to, size_t room, size_t *ret_len, GError **error)
{
    Pieces *pieces = arg;
    size_t len = MIN(MIN(room, pieces->piece), pieces->text.len - pieces->at);
    if (len)
        memcpy(to, pieces->text.at + pieces->at, len);
    pieces->at += len;
    *ret_len = len;
    return true;
}

/* All records written down, problems by their words. */
static Str
records_of(Arena *arena, Str text, size_t piece, char delimiter)
{
    Pieces pieces = {.text = text, .piece = piece};
    CsvSource source = {pieces_read, &pieces};
    g_autoptr(CsvReader) reader = csv_new(&source, delimiter);
    Buf buf = {.arena = arena};
    CsvRecord record;
    int64_t line = 0, offset = -1;
    while (csv_next(reader, &record)) {
        must(record.line > line && record.offset > offset && record.count >= 1);
        must(record.count <= LIMIT_CSV_FIELDS && (!record.problem || record.count == 1));
        line = record.line;
        offset = record.offset;
        if (record.problem)
            buf_add_cstr(&buf, record.problem);
        csv_write(&buf, record.fields, record.count, delimiter);
    }
    must(csv_ok(reader, NULL));
    return buf_str(&buf);
}

static void
encodings_hold(Arena *arena, Str text, size_t piece)
{
    for (int charset = 0; charset < CHARSET_COUNT; charset++) {
        CharsetDecoder whole = {.charset = (Charset)charset}, parts = whole;
        Buf joined = {.arena = arena};
        char *to = arena_bytes(arena, charset_room(text.len));
        size_t len = charset_decode(&whole, text, true, to);
        must(text_valid((Str){to, len}));
        /* The mark is looked for in the first piece. */
        for (size_t i = 0, step = MAX(piece, 4); i < text.len; i += step, step = piece) {
            Str part = str_sub(text, i, step);
            buf_reserve(&joined, charset_room(part.len));
            joined.len +=
                charset_decode(&parts, part, i + step >= text.len, joined.at + joined.len);
        }
        must(str_eq(buf_str(&joined), (Str){to, len}) && whole.replaced == parts.replaced);
    }
    CharsetGuess guess = {0}, slow = {0};
    charset_look(&guess, text);
    for (size_t i = 0, step = MAX(piece, 1024); i < text.len; i += step, step = piece)
        charset_look(&slow, str_sub(text, i, step));
    Charset found = charset_decide(&guess);
    must(found == charset_decide(&slow) && guess.bad_offset == slow.bad_offset);
    must(found != CHARSET_UTF8 || guess.marked || text_valid(text));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const char delimiters[] = {',', ';', '\t', '|'};
    if (len < 1)
        return 0;
    g_autoptr(Arena) arena = arena_new(64 * 1024 * 1024);
    g_autofree char *copy = g_memdup2(bytes + 1, len - 1);
    Str text = {copy, len - 1};
    char delimiter = delimiters[bytes[0] & 3];
    size_t piece = 1 + (bytes[0] >> 2);
    Str whole = records_of(arena, text, len, delimiter);
    must(str_eq(whole, records_of(arena, text, piece, delimiter)));
    records_of(arena, text, len, 0); /* finds a delimiter by itself */
    encodings_hold(arena, text, piece);
    return 0;
}
