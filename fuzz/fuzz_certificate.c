/* Any bytes as a certificate, and as that of the authority above it (behind a line "--"): it is refused with a reason, or is
 * that of the name asked for. Authorities of this machine did not sign what a fuzzer makes up, so nothing is fine. */
#include "engine/certificate.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    g_autoptr(GError) error = NULL;
    g_autofree char *copy = g_memdup2(bytes, MAX(len, 1));
    Str all = {copy, len};
    size_t border;
    CertificateAsk ask = {.pem = all, .names = {"sns.amazonaws.com"}, .name_count = 1};
    ask.now = INT64_C(1760000000000);
    if (str_find(all, STR("\n--\n"), &border)) {
        ask.pem = str_sub(all, 0, border);
        ask.issuer = str_sub(all, border + 4, all.len);
    }
    int64_t expires_at = 7;
    must(!certificate_check(&ask, &expires_at, &error) && expires_at == 7);
    must(error_is(error, ERR_INPUT) || error_is(error, ERR_AUTH) || error_is(error, ERR_TLS));
    Str url = certificate_issuer_url(arena, ask.pem);
    must(!url.len || (str_starts(url, "http://") && !memchr(url.at, '\n', url.len)));
    return 0;
}
