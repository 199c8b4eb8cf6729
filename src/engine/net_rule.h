/* net_rule.h - where may a connection go that somebody else named?
 *
 * Shops name mail servers, mailboxes and shop systems; certificates and redirects name more. All of them are judged by
 * ONE rule, here, by the address that the kernel is about to be given (net_address.h says why not by the name):
 *
 *     public addresses       always, but those of this machine
 *     this machine           as `here` says, whatever address of it is named
 *     other inner addresses  those of the ranges that the installation lists (net.inner), no others
 *
 * What the installation's own settings name is not judged: who writes them could connect from the machine's shell.
 */
#pragma once

#include "base/base.h"

#include <sys/socket.h>

enum { NET_RANGES_MOST = 32 };

typedef enum NetScope {
    NET_PUBLIC,   /* the rule as above: what nobody filled in is the strict one */
    NET_ANY,      /* the installation's own word */
    NET_LOOPBACK, /* nowhere but to this machine (test control) */
} NetScope;

typedef enum NetHere {
    NET_HERE_NO,
    NET_HERE_YES,
    NET_HERE_AUTO, /* not decided yet (flow/reach.h decides for each shop); judged as no */
} NetHere;

/* 10.0.0.0/8 as its mapped IPv6 range, so that one form holds both. */
typedef struct NetRange {
    uint8_t at[16];
    int bits;
} NetRange;

typedef struct NetRule {
    NetScope scope;
    NetHere here;
    size_t range_count;
    NetRange ranges[NET_RANGES_MOST];
} NetRule;

/* Reads net.inner: "auto", "none", or addresses and ranges parted by commas or blanks, "127.0.0.1, 10.8.0.0/16, fd00::/8".
 * ERR_CONFIG, naming the one that is none. */
bool net_rule_parse(Str text, NetRule *ret, GError **error);

bool net_rule_allows(const NetRule *rule, const struct sockaddr *address);

/* Why an address was refused, behind the name of the host: "is not at a public address of ..." */
const char *net_rule_words(const NetRule *rule);
