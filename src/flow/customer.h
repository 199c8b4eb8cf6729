/* customer.h - who buys: accounts of the shop system, and guests known by their address. */
#pragma once

#include "engine/store.h"
#include "model.h"

/* On the writer: finds or makes the customer of an order and takes newer facts over. *ret is 0 where there is
 * neither account nor address. */
bool customer_learn(Db *db, int64_t shop, int64_t cause, Str source, const Customer *told,
                    int64_t *ret, GError **error);

/* Reads one into the arena; one that is gone leaves *ret as it is. */
bool customer_load(Db *db, Arena *arena, int64_t shop, int64_t id, Customer *ret, GError **error);
