/* connector.c - the list of connectors, and what they share. */
#include "plug/connector/connector.h"

#include "base/encode.h"

#define ROW(name) extern const Connector connector_##name;
#include "plug/connector/connectors.def"
#undef ROW

static const Connector *const connectors[] = {
#define ROW(name) &connector_##name,
#include "plug/connector/connectors.def"
#undef ROW
};

const Connector *
connector_find(Str name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(connectors); i++)
        if (str_is(name, connectors[i]->name))
            return connectors[i];
    return NULL;
}

const Connector *
connector_nth(size_t n)
{
    return n < G_N_ELEMENTS(connectors) ? connectors[n] : NULL;
}

bool
connector_signed(const ConnectorSecret *secret, Str body, Str letters)
{
    uint8_t tag[DIGEST_BYTES];
    size_t tag_bytes = 0;
    return decode_to(ENCODE_BASE64, letters, sizeof tag, tag, &tag_bytes) &&
           hmac_check(secret->sha256, body, (Str){(const char *)tag, tag_bytes});
}
