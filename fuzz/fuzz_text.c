/* fuzz_text.c - any bytes as text: what comes out is valid, bounded, and stays as it is when it goes
 * through again. GLib is the judge of what is UTF-8. */
#include "base/limits.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { MOST_BYTES = 100 };

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    Str text = {(const char *)bytes, len};
    if (!text_has(text, 0)) /* which GLib does not take */
        must(text_valid(text) == g_utf8_validate_len(text.at ? text.at : "", len, NULL));
    Str clean = text_clean(arena, text);
    must(text_valid(clean) && text_count(clean) == text_count(text));

    Str line = text_line(arena, text, MOST_BYTES), block = text_block(arena, text, MOST_BYTES);
    must(line.len <= MOST_BYTES && block.len <= MOST_BYTES);
    must(text_valid(line) && text_valid(block));
    for (size_t i = 0; i < line.len; i++)
        must((uint8_t)line.at[i] >= 0x20 && line.at[i] != 0x7f);
    must(str_eq(text_line(arena, line, MOST_BYTES), line));
    must(str_eq(text_block(arena, block, MOST_BYTES), block));

    Buf html = {.arena = arena};
    text_html(&html, text);
    must(!text_has(buf_str(&html), '<') && !text_has(buf_str(&html), '"'));
    return 0;
}
