/* What a shop chose of its mails' sections, and schemas of sections: whatever is taken can be put into a mail. The first
 * byte says which. */
#include "flow/section.h"

#include "base/limits.h"
#include "engine/asset.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* How many of the template's sections cannot be switched off. */
static size_t
always_count(const SectionBook *book, Str source)
{
    size_t count = 0;
    Str line, name;
    while (str_split(&source, '\n', &line))
        count += section_line(line, &name) && section_find(book, name)->always;
    return count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    g_autoptr(GError) error = NULL;
    SectionBook book;
    SectionChoices choices;
    Section section;
    if (!len)
        return 0;
    g_autofree char *copy = g_memdup2(bytes + 1, len - 1);
    Str text = {copy ? copy : "", len - 1};
    if (bytes[0] == 's') {
        section_read(arena, STR("items"), text, &section, &error);
    } else {
        must(section_book_read(arena, &book, NULL));
        if (section_choices_read(arena, &book, text, &choices, &error)) {
            Str source = asset_get("ui/mail/order_confirmation.liquid");
            Str own = section_arrange(arena, &choices, STR("order_confirmation"), source);
            must(always_count(&book, own) == always_count(&book, source));
        }
    }
    must(!error || g_utf8_validate(error->message, -1, NULL));
    return 0;
}
