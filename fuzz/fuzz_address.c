/* fuzz_address.c - any bytes as a mail address. What is taken must be fit for an SMTP command and a
 * header, and must be read back as itself. */
#include "base/address.h"
#include "base/limits.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
check_spec(Arena *arena, const Address *address)
{
    Address again;
    must(address->spec.len > 2 && address->spec.len <= LIMIT_ADDRESS_BYTES);
    must(text_valid(address->spec) && text_ascii(address->domain));
    for (size_t i = 0; i < address->spec.len; i++)
        must((address->spec.at[i] & 0x80) || g_ascii_isprint(address->spec.at[i]));
    must(str_ends(address->spec, address->domain.at));
    must(address_parse_spec(arena, address->spec, &again, NULL));
    must(str_eq(again.spec, address->spec) && again.utf8 == address->utf8);
    must(address_key(arena, &again).len > 2);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    Str text = {(const char *)bytes, len};
    Address address;
    g_autoptr(GError) error = NULL;
    if (address_parse(arena, text, &address, &error)) {
        check_spec(arena, &address);
        must(text_valid(address.name) && !text_has(address.name, '\n') &&
             !text_has(address.name, '\r') && !text_has(address.name, 0));
    } else {
        must(error_is(error, ERR_INPUT));
    }
    if (address_parse_spec(arena, text, &address, NULL))
        check_spec(arena, &address);
    return 0;
}
