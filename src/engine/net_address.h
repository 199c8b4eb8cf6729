/* net_address.h - is an address one that a stranger may make us talk to?
 *
 * Shops enter URLs and host names. On a machine with neighbours each of them could name a service
 * that trusts the machine: the store's own port, a cloud's metadata page, a router. So whatever
 * connects to a place that a shop named asks here, with the address that the kernel is about to be
 * given, never with the name: a name may point elsewhere a moment later.
 *
 * What is refused is not a list of bad ranges but whatever is not plainly public. Sources: the IANA
 * special-purpose registries for IPv4 and IPv6 (RFC 6890 and its updates), RFC 6052 (NAT64), RFC
 * 4291 (mapped addresses).
 */
#pragma once

#include "base/base.h"

#include <sys/socket.h>

/* True for an address of the public Internet. An IPv4 address in an IPv6 one (mapped, NAT64) is
 * judged as what it is; any other family is not public. */
bool net_address_is_public(const struct sockaddr *address);

/* True for 127.0.0.0/8 and ::1, mapped or not. */
bool net_address_is_loopback(const struct sockaddr *address);

/* True also for a public address that one of this machine's interfaces has: what is sent there never leaves it, and passes
 * no firewall on its way. Asks the kernel, since addresses come and go; where it does not answer, any may be one. */
bool net_address_is_own(const struct sockaddr *address);

/* Reads digits, "192.0.2.1" or "2001:db8::1"; false for a name and for an address with a zone. */
bool net_address_parse(const char *digits, struct sockaddr_storage *ret);
