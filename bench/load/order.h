/* order.h - distinct signed orders, cheaply, for the load generator.
 *
 * The file that orders.py writes holds one template a line; an order is a template with its number,
 * its buyer's number and the moment written over the runs of control bytes. Signatures are worked
 * out before the run (8 us each), the body is put together while sending (2 us): a million distinct
 * signed orders cost 32 MB and take nothing from the measured program.
 *
 * Every third order comes from somebody who bought before, unless told otherwise.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ORDER_BODY_BYTES = 64 * 1024, /* no template is longer */
    ORDER_SIGNATURE_CHARS = 44,   /* base64 of 32 bytes */
};

typedef struct Orders Orders;

typedef struct OrderPlan {
    const char *templates; /* file written by orders.py */
    const char *secret;    /* the app's client secret */
    const char *moment;    /* 25 characters, 2026-03-02T10:00:00+01:00: created_at of all orders */
    uint64_t first;        /* number of the first order */
    uint64_t count;        /* how many are signed beforehand */
    bool new_buyers;       /* every order has a buyer of its own, with the order's number */
} OrderPlan;

/* Reads the templates and signs. Ends the program with a message where that fails. */
Orders *orders_new(const OrderPlan *plan);
void orders_free(Orders *orders);

/* Writes the body of order `number` (first <= number < first + count) to body, which has room for
 * ORDER_BODY_BYTES, and its signature, base64 and NUL-terminated. Returns the length of the body. */
size_t order_write(const Orders *orders, uint64_t number, char *body,
                   char signature[ORDER_SIGNATURE_CHARS + 1]);

/* A number that looks random and is the same for the same seed (splitmix64). */
uint64_t order_scramble(uint64_t seed);
