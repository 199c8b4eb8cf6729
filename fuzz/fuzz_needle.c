/* Needles in any body: what stands there plainly is found, and so is what is spelled by an escape that we put around a
 * character of it; nothing is found that the body does not hold in any spelling we know how to undo one by one. The
 * first byte says how long the needle is, the second how it is spelled; the rest is the body. */
#include "base/encode.h"
#include "base/needle.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
spelled_add(Buf *buf, Str needle, int how)
{
    static const char *const forms[] = {"\\u%04x", "%%%02X",    "=%02X",
                                        "&#%d;",   "%%5Cu%04x", "&amp;#x%x;"};
    for (size_t i = 0; i < needle.len; i++) {
        if (i % 3 == (size_t)how % 3)
            buf_format(buf, forms[how % 6], needle.at[i]);
        else
            buf_add_char(buf, needle.at[i]);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len < 2)
        return 0;
    g_autoptr(Arena) arena = arena_new(16 * 1024 * 1024);
    Str body = {(const char *)bytes + 2, len - 2};
    Str needle = str_sub(body, 0, bytes[0] % 40);
    g_autoptr(Needles) needles = needles_new(&needle, 1);
    bool found = needles_found(needles, body);
    bool whole = true; /* letters, and no number that could go on */
    for (size_t i = 0; i < needle.len; i++)
        whole &= g_ascii_isalpha(needle.at[i]) || (needle.at[i] && strchr("@._-", needle.at[i]));
    if (needle.len < NEEDLE_LEAST) {
        must(!found);
        return 0;
    }
    if (!whole)
        return 0;
    must(found);
    Buf text = {.arena = arena};
    buf_add_cstr(&text, "\"");
    spelled_add(&text, needle, bytes[1]);
    buf_add_cstr(&text, "\"");
    must(needles_found(needles, buf_str(&text)));
    must(needles_found(needles, str_of(encode(arena, ENCODE_BASE64, buf_str(&text)))));
    return 0;
}
