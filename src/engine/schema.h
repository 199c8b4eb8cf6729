/* schema.h - the shape of the store today: sql/schema/, and its number. */
#pragma once

/* Counts up with every change of sql/schema/. Before tag v0.1 another number is refused (`--fresh` puts the
 * old store aside); after it sql/upgrade/ leads from each to the next. */
enum { SCHEMA_VERSION = 13 };

/* All statements of sql/schema/ in the order of their files. Free with g_free. */
char *schema_text(void);
