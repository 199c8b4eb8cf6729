/* mailbox.h - what comes back by mail, fetched: a shop's mailbox over IMAP, and the Maildir of the installation.
 *
 * For those whose mail server cannot hand mails over (flow/postbox.h). Every minute each mailbox is asked for what is new;
 * each mail becomes an inbox row of the sender `mail` in the transaction that also moves the place, (uidvalidity, uid), so
 * a kill anywhere loses none and takes none twice; only then the mailbox is told (seen, or moved to mailbox.done). A mailbox
 * that was numbered anew is read from its start: what is known already is known by its bytes.
 *
 * A Maildir has mails of all shops: whose one is says the address it was delivered to (flow/mail_owner.h). There the name
 * is the place: who is in new/ was not read. What is nobody's, or cannot be read, is flagged and left in cur/ for people.
 *
 * One thread, one mailbox at a time, whoever has waited longest first. Who refuses or fails is asked again later and later,
 * up to an hour; what is wrong stands in mailbox.reason, on the health page, and in `postlude list mailboxes`.
 */
#pragma once

#include "flow/flow.h"

typedef struct Mailbox Mailbox;

/* Borrows all options; `flow` is woken when mails came. */
Mailbox *mailbox_new(Flow *flow, const FlowOptions *options);
void mailbox_free(Mailbox *mailbox);

/* Reads one mailbox that is due, some mails at most. *ret_moved: one was. A mailbox's failure is none of ours: it is noted,
 * and true is returned. Waits for the other side: connections 10 s, each step 60 s. */
bool mailbox_turn(Mailbox *mailbox, bool *ret_moved, GError **error);

/* Whether `mailbox.imap` can be understood. ERR_CONFIG; its words never repeat the password. */
bool mailbox_check_imap(Str url, GError **error);

/* From another thread: what is under way ends within a second or two, and no turn begins any more. */
void mailbox_stop(Mailbox *mailbox);
