/* asset_table.h - the embedded files as tools/embed.py writes them; for asset.c only. */
#pragma once

#include "engine/asset.h"

extern const Asset asset_table[]; /* sorted by name, byte order */
extern const size_t asset_table_count;
