/* company.h - whom several people buy for. */
#pragma once

#include "flow/customer.h"

/* On the writer: the company of a customer, made on first sight; 0 where there is none. Known by the shop system's id,
 * else by its name. */
bool company_learn(const Learn *learn, const CustomerNews *news, int64_t *ret, GError **error);
