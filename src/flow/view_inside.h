/* view_inside.h - what the tables of views are made of. */
#pragma once

#include "flow/view.h"

typedef enum FieldType {
    AS_TEXT,
    AS_INT,
    AS_BOOL,
    AS_MONEY,
    AS_DATE,
    AS_OBJECT,
    AS_MADE
} FieldType;

typedef struct View View;

/* A row as a template's object. */
typedef struct Seen {
    LiquidObject object; /* first */
    const View *view;
    const void *row;
    const char *currency; /* of its amounts */
    const void *more;     /* the row it belongs to */
} Seen;

typedef struct Field {
    Str name; /* its length is known: most names differ in it */
    FieldType type;
    size_t offset;
    bool optional;
    const View *view; /* AS_OBJECT: of the struct that stands there; AS_MADE: of what is made */
    LiquidValue (*make)(const Seen *seen, Arena *arena); /* AS_MADE */
    LiquidType made_type;
    const char *help;
} Field;

struct View {
    const char *name;
    const Field *fields;
    LiquidValue (*value)(const LiquidObject *self,
                         Arena *arena); /* printed as a whole; may be NULL */
};

#define NAME(literal)                \
    {                                \
        literal, sizeof(literal) - 1 \
    }

#define TEXT(struct, member, help_)                                                 \
    {                                                                               \
        .name = NAME(#member), .type = AS_TEXT, .offset = offsetof(struct, member), \
        .optional = true, .help = help_                                             \
    }

/* A row as an object; `more` is the row it belongs to. All must outlive the render. */
LiquidValue
view_see(Arena *arena, const View *view, const void *row, const char *currency, const void *more);

/* A list whose items are made one by one: nth gets the rows as they were given. */
LiquidValue view_list(Arena *arena, size_t count, const Seen *of,
                      LiquidValue (*nth)(const Seen *of, size_t index, Arena *arena));

/* "190.90": for machines, which read no language. */
LiquidValue view_decimal(Arena *arena, int64_t minor, const char *currency);

/* nil for a moment that nobody told of */
LiquidValue view_moment(int64_t at);

extern const View view_of_address, view_of_line, view_of_order, view_of_shop, view_of_parcel,
    view_of_shipment, view_of_refund;
