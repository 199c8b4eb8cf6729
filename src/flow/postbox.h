/* postbox.h - what comes back by mail, as the mail server on this machine hands it over (engine/lmtp.h).
 *
 * Taken for: what is a shop's (flow/mail_owner.h). Everything else is refused at RCPT, so that nobody's mail is kept who did not write to a shop. A mail
 * is acknowledged after its inbox row is on the disk; one that is handed over twice is one row, by its bytes.
 *
 * Makes a listener and its thread; all functions but these two are that thread's.
 */
#pragma once

#include "flow/flow.h"

typedef struct Postbox Postbox;

/* ERR_CONFIG, ERR_LISTEN, ERR_IO. `listen` is a loopback address with a port. */
Postbox *postbox_new(Flow *flow, const char *listen, GError **error);

int postbox_port(const Postbox *postbox);

/* Takes no more; what is being stored is answered first, for at most some seconds. Then the thread ends. Before the flow
 * and the store do. */
void postbox_free(Postbox *postbox);
