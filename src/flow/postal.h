/* postal.h - postal addresses as they are stored: JSON with the fields of PostalAddress, and lists of them. */
#pragma once

#include "model.h"

/* One line of UTF-8 in each field. */
PostalAddress postal_clean(Arena *arena, PostalAddress address);

/* JSON; empty if no field has anything. */
Str postal_json(Arena *arena, PostalAddress address);
Str postal_list_json(Arena *arena, const PostalAddress *list, size_t count);

/* Back again; empty is an address without fields. Fails with ERR_JSON: the store is damaged. */
bool postal_load(Arena *arena, Str json, PostalAddress *ret, GError **error);
