/* plug.h - what all plugs share.
 *
 * A plug speaks one dialect of the outside world and is PURE: bytes to structs of model.h, structs to
 * bytes. It opens no socket, reads no clock, touches no store; the flow does that on its behalf. So a plug is
 * one file, one row in its KINDs.def, and recorded bytes in test/plug/KIND/NAME/ as its test.
 */
#pragma once

#include "base/base.h"

/* Looks up a header of the request, whatever its case; empty if it is not there. */
typedef struct PlugHeaders {
    Str (*get)(const void *request, const char *name);
    const void *request;
} PlugHeaders;

static inline Str
plug_header(const PlugHeaders *headers, const char *name)
{
    return headers->get(headers->request, name);
}
