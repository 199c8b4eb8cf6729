/* net_rule.c - see net_rule.h. */
#include "engine/net_rule.h"

#include "engine/net_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

enum { MAPPED_BITS = 96 }; /* ::ffff:0:0/96, RFC 4291 2.5.5.2 */

/* The address as sixteen bytes, IPv4 mapped. False for another family. */
static bool
bytes_of(const struct sockaddr *address, uint8_t ret[16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (address->sa_family == AF_INET) {
        struct sockaddr_in four;
        memcpy(&four, address, sizeof four);
        memcpy(ret, mapped, sizeof mapped);
        memcpy(ret + 12, &four.sin_addr, 4);
        return true;
    }
    if (address->sa_family != AF_INET6)
        return false;
    struct sockaddr_in6 six;
    memcpy(&six, address, sizeof six);
    memcpy(ret, &six.sin6_addr, 16);
    return true;
}

static bool
range_has(const NetRange *range, const uint8_t at[16])
{
    int whole = range->bits / 8, rest = range->bits % 8;
    if (memcmp(range->at, at, (size_t)whole) != 0)
        return false;
    return rest == 0 || (range->at[whole] ^ at[whole]) >> (8 - rest) == 0;
}

static bool
range_parse(Str text, NetRange *ret)
{
    char digits[INET6_ADDRSTRLEN];
    struct sockaddr_storage address;
    Str rest = text, first;
    int most;
    if (!str_split(&rest, '/', &first) || !first.len || first.len >= sizeof digits)
        return false;
    memcpy(digits, first.at, first.len);
    digits[first.len] = '\0';
    NetRange range = {0};
    if (!net_address_parse(digits, &address) ||
        !bytes_of((const struct sockaddr *)&address, range.at))
        return false;
    most = address.ss_family == AF_INET ? 32 : 128;
    range.bits = most;
    if (rest.at) {
        int bits = 0;
        for (size_t i = 0; i < rest.len; i++)
            bits = g_ascii_isdigit(rest.at[i]) && bits <= most ? bits * 10 + rest.at[i] - '0'
                                                               : most + 1;
        if (!rest.len || bits > most)
            return false;
        range.bits = bits;
    }
    if (address.ss_family == AF_INET)
        range.bits += MAPPED_BITS;
    *ret = range;
    return true;
}

bool
net_rule_parse(Str text, NetRule *ret, GError **error)
{
    NetRule rule = {.here = NET_HERE_NO};
    Str rest = str_trim(text), word;
    if (str_is(rest, "auto"))
        rule.here = NET_HERE_AUTO;
    if (rule.here == NET_HERE_AUTO || str_is(rest, "none"))
        rest = (Str){0};
    while (rest.len) {
        size_t end = 0;
        while (end < rest.len && !strchr(", \t", rest.at[end]))
            end++;
        word = str_sub(rest, 0, end);
        rest = str_sub(rest, MIN(end + 1, rest.len), rest.len);
        if (!word.len)
            continue;
        if (rule.range_count == NET_RANGES_MOST)
            return fail(error, ERR_CONFIG, "net.inner lists more than %d ranges", NET_RANGES_MOST);
        if (!range_parse(word, &rule.ranges[rule.range_count++]))
            return fail(error, ERR_CONFIG,
                        "net.inner: '" STR_FMT "' is no address and no range like 10.0.0.0/8; else "
                        "it is auto or none",
                        STR_ARG(word));
    }
    *ret = rule;
    return true;
}

bool
net_rule_allows(const NetRule *rule, const struct sockaddr *address)
{
    uint8_t at[16];
    if (rule->scope == NET_LOOPBACK)
        return net_address_is_loopback(address);
    if (rule->scope == NET_ANY)
        return true;
    bool here = net_address_is_own(address);
    if (here ? rule->here == NET_HERE_YES : net_address_is_public(address))
        return true;
    if (!bytes_of(address, at))
        return false;
    for (size_t i = 0; i < rule->range_count; i++)
        if (range_has(&rule->ranges[i], at))
            return true;
    return false;
}

const char *
net_rule_words(const NetRule *rule)
{
    if (rule->scope == NET_LOOPBACK)
        return "is not on this machine, and nothing else may be asked under test control";
    return "is not at a public address of another machine; which others shops may name says the "
           "installation's setting net.inner";
}
