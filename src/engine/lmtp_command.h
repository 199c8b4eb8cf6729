/* lmtp_command.h - the words of MAIL and RCPT: a path and its parameters. Pure.
 *
 * Part of the LMTP room. Sources: RFC 5321 4.1.2 (paths), 6531 3.3 (UTF-8 in them), 1870, 6152.
 */
#pragma once

#include "base/base.h"

typedef struct LmtpParameters {
    uint64_t size; /* SIZE=N; 0: not told */
    bool eight_bit;
    bool utf8;
} LmtpParameters;

/* Takes "<local@domain>" off the front of *rest, blanks before it included. *ret is what stands
 * between the brackets, empty for <>, borrowed. False for what is no path: routes ("@a,@b:c@d"),
 * control characters, broken UTF-8, blanks outside quotes, over LIMIT_ADDRESS_BYTES. */
bool lmtp_path_take(Str *rest, Str *ret);

/* Reads "SIZE=1 BODY=8BITMIME SMTPUTF8"; false with the bad word in *ret_bad. */
bool lmtp_parameters_parse(Str text, LmtpParameters *ret, Str *ret_bad);
