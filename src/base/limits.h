/* limits.h - how much of anything we take. Every bound on input stands here, once.
 *
 * A bound is generous for real use and small enough that a hundred of them at once fit into the
 * memory of a small machine.
 */
#pragma once

enum {
    LIMIT_BODY_BYTES = 4 * 1024 * 1024,   /* one request; Shopify's largest orders are below 2 MB */
    LIMIT_HEADER_BYTES = 32 * 1024,       /* all headers of a request */
    LIMIT_JSON_DEPTH = 128,               /* nesting; real payloads stay below 20 */
    LIMIT_ARENA_BYTES = 32 * 1024 * 1024, /* one request or one job */
    LIMIT_ORDER_LINES = 2000,             /* one order */
    LIMIT_TEMPLATE_BYTES = 256 * 1024,    /* source of one template */
    LIMIT_RENDER_BYTES = 1024 * 1024,     /* output of one template */
    LIMIT_RENDER_STEPS = 5 * 1000 * 1000, /* instructions of one render */
    LIMIT_PARTIAL_DEPTH = 100,            /* nesting of render and include, as Shopify's */
    LIMIT_ADDRESS_BYTES = 254,            /* RFC 5321 4.5.3.1.3, less the brackets */
    LIMIT_TEXT_BYTES = 4096,              /* one text field: a name, a note */
    LIMIT_MAIL_BYTES = 16 * 1024 * 1024,  /* one mail that comes in, with its attachments */
    LIMIT_PAGE_ROWS = 200,                /* rows of one page */
    LIMIT_TURN_ROWS = 128,                /* rows of one stage's turn */
    LIMIT_INBOX_CONNECTIONS = 4096,       /* open connections of the web server */
    LIMIT_CSV_RECORD_BYTES = 1024 * 1024, /* one record of a table that is imported */
    LIMIT_CSV_FIELDS = 1024,              /* of one record; Shopify's widest export has 90 */
    LIMIT_IMPORT_MAP_BYTES = 64 * 1024,   /* the mapping of a table that we do not know */
    LIMIT_IMPORT_RECORD_BYTES = 8 * 1024 * 1024, /* all rows of one order */
    LIMIT_IMPORT_HELD_BYTES = 128 * 1024 * 1024, /* rows that wait for the rest of their order */
    LIMIT_IMPORT_HELD_ROWS =
        100 * 1000, /* rows of orders that do not stand together in their file */
};
