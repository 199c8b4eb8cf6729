/* own_rows.h - how a table of own_shape.h is written: for the files that hold one. A row's struct is T. */
#pragma once

#include "plug/own_shape.h"

enum { PARTS_MOST = 200 }; /* parcels, variants, addresses of one noun */

#define FIELD(name, type, member, help)              \
    {                                                \
        name, type, false, offsetof(T, member), help \
    }
#define NEEDED(name, type, member, help)            \
    {                                               \
        name, type, true, offsetof(T, member), help \
    }
#define PRESET(name, type, member, help, value)                       \
    {                                                                 \
        name, type, false, offsetof(T, member), help, .preset = value \
    }
#define WORDS(name, type, member, help, list)                       \
    {                                                               \
        name, type, false, offsetof(T, member), help, .words = list \
    }
#define LIST(name, member, count, of, help)                                 \
    {                                                                       \
        name, OWN_LIST, false, offsetof(T, member), help,                   \
            .shape = of, .count_at = offsetof(T, count), .most = PARTS_MOST \
    }
/* A member of every body, which belongs to no noun. */
#define SOURCE                                                                            \
    {                                                                                     \
        "source", OWN_NAME, false, 0, "Whose ids these are, as shopify. Without it, api." \
    }

/* The source is read into the head of what is told. */
#define TOLD(noun)              \
    typedef struct Told##noun { \
        Str source;             \
        noun noun_itself;       \
    } Told##noun
