/* own_shape.h - the shapes of what is told in our own words: which members an object has, what may stand in each.
 *
 * One table a noun. The reader fills a struct of model.h by it and names each member that is wrong by its JSON pointer
 * (RFC 6901); the description of the API (OpenAPI) is written from the same rows. So nothing is described that is not
 * checked, and nothing is checked that is not described.
 */
#pragma once

#include "plug/own.h"

typedef enum OwnType {
    OWN_TEXT,       /* Str, one line */
    OWN_ID,         /* Str: the teller's own id */
    OWN_EMAIL,      /* Str */
    OWN_URL,        /* Str */
    OWN_NAME,       /* Str of small letters, digits, - and _: a source, a topic */
    OWN_KIND,       /* Str: an event's kind, shop.NAME */
    OWN_CURRENCY,   /* Str: ISO 4217 */
    OWN_AMOUNT,     /* int64_t in minor units */
    OWN_SUM,        /* the same, never negative */
    OWN_MOMENT,     /* int64_t, ms UTC */
    OWN_DAY,        /* int32_t, month * 100 + day */
    OWN_COUNT,      /* int64_t */
    OWN_YES,        /* bool */
    OWN_WORD,       /* int: the place in `words` */
    OWN_SLUG,       /* Str: one of `words` */
    OWN_PROPERTIES, /* Str: an object as JSON */
    OWN_OBJECT,     /* the struct of `shape` in place */
    OWN_LIST,       /* a pointer to an array of them, its length at count_at */
    OWN_TYPES
} OwnType;

enum {
    OWN_TEXT_CHARS = 1000,
    OWN_ID_CHARS = 200,
    OWN_URL_CHARS = 1000,
    OWN_NAME_CHARS = 40,
    OWN_COUNT_MOST = 1000 * 1000,
    OWN_PROPERTIES_MOST = 50,         /* members of an event */
    OWN_PROPERTIES_BYTES = 16 * 1024, /* of all of them, as JSON */
    OWN_PROBLEMS_MOST = 50,           /* told at once */
};

typedef struct OwnShape OwnShape;

typedef struct OwnField {
    const char *name; /* NULL ends a table */
    OwnType type;
    bool needed;
    size_t offset;
    const char *help;
    int preset;               /* of a COUNT or YES that is not told */
    const char *const *words; /* of WORD and SLUG, NULL-terminated */
    const OwnShape *shape;    /* of OBJECT and LIST */
    size_t count_at;          /* of a LIST */
    size_t most;              /* of a LIST: its elements */
} OwnField;

struct OwnShape {
    const char *title; /* Order */
    const char *about;
    size_t size;
    const OwnField *fields;
};

/* What stands behind a type, for checks and descriptions alike. A NULL or 0 says nothing. */
typedef struct OwnTypeRow {
    const char *json;    /* JSON Schema's type; NULL: string or number */
    const char *pattern; /* ECMA 262, as JSON Schema has it */
    const char *format;
    size_t chars;      /* at most */
    const char *words; /* what may stand there, for messages */
} OwnTypeRow;
const OwnTypeRow *own_type_row(OwnType type);

typedef struct OwnProblem {
    const char *pointer; /* RFC 6901; "" is the whole body */
    const char *detail;
} OwnProblem;

/* One reading. */
typedef struct OwnReading {
    Arena *arena;
    const OwnShop *shop;
    bool
        loose; /* letters of numbers are numbers and the other way round: what tables and maps make */
    char currency[4]; /* of the amounts; own_shape_read sets it by the member of that name */
    OwnProblem problems[OWN_PROBLEMS_MOST];
    size_t problem_count;
} OwnReading;

/* Notes that something is wrong; returns false. Those beyond OWN_PROBLEMS_MOST are not told. */
bool
own_wrong(OwnReading *reading, const char *pointer, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Reads an object into its struct; `place` NULL only looks whether it is right. False: problems say what is wrong, all
 * of it. */
bool own_shape_read(OwnReading *reading, const OwnShape *shape, const Json *object, void *place);

/* Reads one LIST alone, as a member of `owner`; none there is right, too. */
bool own_list_read(OwnReading *reading, const OwnField *field, const Json *list, void *owner);

/* The currencies that we know, "EUR", in the order of the alphabet; *ret_count of them. */
const char *const *own_currencies(Arena *arena, size_t *ret_count);
