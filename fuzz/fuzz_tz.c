/* Any bytes as a tz file: it is refused, or gives a clock for every moment. The whole input is tried as
 * a rule as well. */
#include "base/tz_file.h"
#include "base/tz_rule.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const int64_t moments[] = {-62135596800, -5000000000, -1,         0,
                                      1777629600,   2153350799,  4300000000, 253402300799};
    g_autofree char *copy = g_memdup2(bytes, len);
    Str text = {copy, len};
    TzRule rule;
    bool ruled = tz_rule_parse(text, &rule);
    g_autoptr(TzFile) file = tz_file_new(text, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(moments); i++) {
        if (ruled)
            must(strlen(rule.names[tz_rule_side(&rule, moments[i])]) >= 3);
        if (!file)
            continue;
        TzClock clock = tz_file_clock(file, moments[i]);
        must(clock.offset > -200 * 3600 && clock.offset < 200 * 3600);
        must(strlen(clock.abbreviation) < 65536);
    }
    return 0;
}
