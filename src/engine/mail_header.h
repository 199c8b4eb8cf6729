/* mail_header.h - one header field of a mail: folded, encoded where it must be, never injected.
 *
 * Lines end in CRLF and stay within 78 characters where the text allows it (76 where it holds
 * encoded-words), and always within 998. A field's text cannot end the field: line breaks become
 * spaces in what people wrote and are refused in what programs wrote.
 *
 * Sources: RFC 5322 2.2.3 and 3.2 (folding, phrases), RFC 2047 (encoded-words), RFC 2231
 * (parameters), RFC 6532 (UTF-8 addresses).
 */
#pragma once

#include "base/address.h"
#include "base/base.h"

/* What people wrote (Subject, Comments): any UTF-8. Encoded-words if it is not plain ASCII, without
 * splitting a character, base64 or Q, whichever is shorter. */
void mail_header_text(Buf *buf, const char *name, Str text);

/* What a mailbox looks like: `Ana Lima <ana@x>`, the name quoted or encoded as it needs. */
void mail_header_address(Buf *buf, const char *name, const Address *address);

/* What programs wrote (Message-ID, Feedback-ID, List-Unsubscribe): printable ASCII as it is, folded
 * at its spaces. Fails with ERR_INPUT, naming the field, on control characters, other bytes or a
 * word that no line can hold. */
bool mail_header_value(Buf *buf, const char *name, Str value, GError **error);

/* `; name="value"`, as a folded parameter of the field that the buf just ended with (its CRLF is
 * put behind again). Other letters than ASCII by RFC 2231, in pieces if long. */
void mail_header_param(Buf *buf, const char *name, Str value);

/* True for a field name that RFC 5322 allows. */
bool mail_header_name_valid(Str name);
