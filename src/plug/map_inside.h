/* map_inside.h - what the files of a map share. */
#pragma once

#include "base/json.h"

/* An object that stands for one value: it has one of the keys at, first, text, sum. */
bool map_spec_is_value(const Json *spec);

/* A member of our own words that is an amount, whatever object it stands in. */
bool map_key_is_amount(Str key);

/* What stands around the sections: no other names than those of map.h, and a way to sign that there is. */
bool map_root_check(const Json *root, GError **error);

/* A section: each name is one of our own words, each place is a place. ERR_INPUT names where it is not so. */
bool map_section_check(const Json *section, GError **error);
