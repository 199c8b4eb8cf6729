/* fuzz_imap.c - lines of an IMAP server and names of folders, as anybody may write them. */
#include "engine/imap_words.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* What we write must be readable: printable ASCII, quotes closed. */
static void
check_folder(Str name)
{
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    Buf folder = {.arena = arena}, quoted = {.arena = arena};
    if (!imap_folder_add(&folder, name, NULL))
        return;
    for (size_t i = 0; i < folder.len; i++)
        must(folder.at[i] >= ' ' && folder.at[i] < 0x7f);
    imap_quote(&quoted, buf_str(&folder));
    must(quoted.len >= 2 && quoted.at[0] == '"' && quoted.at[quoted.len - 1] == '"');
    for (size_t i = 1; i < quoted.len - 1; i++) {
        must(quoted.at[i] != '"');
        i += quoted.at[i] == '\\';
        must(i < quoted.len - 1);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    Str line = {(const char *)bytes, len}, rest;
    uint32_t number = 0;
    imap_number(line, "[UIDVALIDITY ", &number);
    imap_number(line, "[UIDNEXT ", &number);
    imap_exists(line, &number);
    size_t count = 0;
    if (imap_search(line, &rest))
        while (imap_number_take(&rest, &number))
            must(++count <= len);
    check_folder(line);
    return 0;
}
