/* net_address.c - see net_address.h. */
#include "engine/net_address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>

typedef struct Range4 {
    uint8_t at[4];
    int bits;
} Range4;

typedef struct Range6 {
    uint8_t at[16];
    int bits;
} Range6;

/* iana.org/assignments/iana-ipv4-special-registry, and multicast and the reserved rest. */
static const Range4 special4[] = {
    {{0}, 8},             /* this network */
    {{10}, 8},            /* private */
    {{100, 64}, 10},      /* behind a provider's NAT */
    {{127}, 8},           /* loopback */
    {{169, 254}, 16},     /* link-local; clouds keep their metadata here */
    {{172, 16}, 12},      /* private */
    {{192, 0, 0}, 24},    /* protocol assignments */
    {{192, 0, 2}, 24},    /* documentation */
    {{192, 31, 196}, 24}, /* AS112 */
    {{192, 52, 193}, 24}, /* AMT */
    {{192, 88, 99}, 24},  /* 6to4 relays */
    {{192, 168}, 16},     /* private */
    {{192, 175, 48}, 24}, /* AS112 */
    {{198, 18}, 15},      /* benchmarks */
    {{198, 51, 100}, 24}, /* documentation */
    {{203, 0, 113}, 24},  /* documentation */
    {{224}, 4},           /* multicast */
    {{240}, 4},           /* reserved, broadcast */
};

/* Within 2000::/3, the only part that is given out; what lies outside is not public anyway. */
static const Range6 special6[] = {
    {{0x20, 0x01, 0x00}, 23},             /* protocol assignments, Teredo, ORCHID */
    {{0x20, 0x01, 0x0d, 0xb8}, 32},       /* documentation */
    {{0x20, 0x02}, 16},                   /* 6to4: an IPv4 address in disguise */
    {{0x26, 0x20, 0x00, 0x4f, 0x80}, 48}, /* AS112 */
    {{0x3f, 0xff}, 20},                   /* documentation */
};

static const Range6 global6 = {{0x20}, 3};
static const Range6 nat64 = {{0x00, 0x64, 0xff, 0x9b}, 96};

static bool
bits_are(const uint8_t *left, const uint8_t *right, int bits)
{
    int whole = bits / 8, rest = bits % 8;
    if (memcmp(left, right, (size_t)whole) != 0)
        return false;
    return rest == 0 || (left[whole] ^ right[whole]) >> (8 - rest) == 0;
}

static bool
is_public4(const uint8_t at[4])
{
    for (size_t i = 0; i < G_N_ELEMENTS(special4); i++)
        if (bits_are(at, special4[i].at, special4[i].bits))
            return false;
    return true;
}

static bool
is_public6(const struct in6_addr *address)
{
    const uint8_t *at = address->s6_addr;
    if (IN6_IS_ADDR_V4MAPPED(address) || bits_are(at, nat64.at, nat64.bits))
        return is_public4(at + 12);
    if (!bits_are(at, global6.at, global6.bits))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(special6); i++)
        if (bits_are(at, special6[i].at, special6[i].bits))
            return false;
    return true;
}

/* False for another family. The caller's address may be aligned for nothing, so it is copied. */
static bool
address_read(const struct sockaddr *address, struct in6_addr *ret_six, uint8_t ret_four[4])
{
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    if (address->sa_family == AF_INET) {
        memcpy(&four, address, sizeof four);
        memcpy(ret_four, &four.sin_addr, 4);
        return true;
    }
    if (address->sa_family != AF_INET6)
        return false;
    memcpy(&six, address, sizeof six);
    *ret_six = six.sin6_addr;
    return true;
}

bool
net_address_is_public(const struct sockaddr *address)
{
    uint8_t four[4];
    struct in6_addr six;
    if (!address_read(address, &six, four))
        return false;
    return address->sa_family == AF_INET ? is_public4(four) : is_public6(&six);
}

bool
net_address_is_loopback(const struct sockaddr *address)
{
    uint8_t four[4];
    struct in6_addr six;
    if (!address_read(address, &six, four))
        return false;
    if (address->sa_family == AF_INET)
        return four[0] == 127;
    return IN6_IS_ADDR_LOOPBACK(&six) || (IN6_IS_ADDR_V4MAPPED(&six) && six.s6_addr[12] == 127);
}

/* IPv4 in its mapped form, so that both spellings of an address are the same. */
static bool
address_as_six(const struct sockaddr *address, struct in6_addr *ret)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    uint8_t four[4];
    if (!address_read(address, ret, four))
        return false;
    if (address->sa_family == AF_INET) {
        memcpy(ret->s6_addr, mapped, sizeof mapped);
        memcpy(ret->s6_addr + sizeof mapped, four, sizeof four);
    }
    return true;
}

bool
net_address_is_own(const struct sockaddr *address)
{
    struct in6_addr asked, one;
    struct ifaddrs *list = NULL;
    if (net_address_is_loopback(address))
        return true;
    if (!address_as_six(address, &asked))
        return false;
    if (getifaddrs(&list) != 0)
        return true;
    bool own = false;
    for (const struct ifaddrs *at = list; at && !own; at = at->ifa_next)
        own = at->ifa_addr && address_as_six(at->ifa_addr, &one) &&
              memcmp(&asked, &one, sizeof one) == 0;
    freeifaddrs(list);
    return own;
}

bool
net_address_parse(const char *digits, struct sockaddr_storage *ret)
{
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    *ret = (struct sockaddr_storage){0};
    if (inet_pton(AF_INET, digits, &four.sin_addr) == 1)
        memcpy(ret, &four, sizeof four);
    else if (inet_pton(AF_INET6, digits, &six.sin6_addr) == 1)
        memcpy(ret, &six, sizeof six);
    return ret->ss_family != AF_UNSPEC;
}
