/* reach.h - where a shop may lead our connections: its mail server, mailbox and shop system.
 *
 * The installation's rule (net.inner, engine/net_rule.h), made definite for one shop. `auto` opens this machine itself to
 * shops that nobody but the installation's own people own: a mail server on the same machine is what most of them have.
 * A shop whose owner has a role in that shop alone belongs to somebody else, as at an agency: for them the machine's own
 * ports are as closed as its network.
 */
#pragma once

#include "engine/net_rule.h"
#include "engine/store.h"

bool reach_of(Store *store, const NetRule *net, int64_t shop, NetRule *ret, GError **error);
