/* fuzz_http_reply.c - Retry-After as any server may send it: whatever it says, the wait is sane. */
#include "engine/http_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const int64_t nows[] = {0, 1782000000000, -62135596800000, 253402300799999};
    for (size_t i = 0; i < G_N_ELEMENTS(nows); i++) {
        int64_t ms = http_retry_after((Str){(const char *)bytes, len}, nows[i]);
        must(ms >= -1 && ms <= HTTP_RETRY_MOST_MS);
    }
    return 0;
}
