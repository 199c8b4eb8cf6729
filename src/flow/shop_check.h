/* shop_check.h - can a setting have this value? Asked before anything is written, by the command line and the pages. */
#pragma once

#include "base/base.h"

/* What cannot be understood is found out now, not when the first mail should leave: a mail server, a sender, a rate, a
 * domain. ERR_INPUT or ERR_CONFIG begins with the key and says what it may be. True for keys that take any text. */
bool shop_check_value(Str key, Str value, GError **error);
