/* customer.h - who buys: accounts of the shop system, and guests known by their address.
 *
 * The shop system's id comes first. A guest whose address is that of exactly one account is that person: the two are
 * merged, which is a row of its own (flow/merge.h) and can be taken back. Accounts are merged only by hand or by the
 * shop system's word, and nothing is ever merged across shops.
 */
#pragma once

#include "engine/store.h"
#include "flow/learn.h"
#include "model.h"

/* A customer as told, made ready outside of the writer. */
typedef struct CustomerNews {
    Customer customer; /* cleaned */
    Str email_key;     /* the address in small letters */
    Str company_key;   /* name of the company in small letters */
    Str addresses;     /* JSON */
} CustomerNews;

void customer_prepare(Arena *arena, const Customer *told, CustomerNews *ret);

/* An address in its normal form; one that cannot be written to as it came. */
Str customer_email_clean(Arena *arena, Str email);

/* What all spellings of an address have in common, for finding; of one that cannot be written to, its small letters. */
Str customer_email_key(Arena *arena, Str email);

/* Ids are 0 where there is neither account nor address. */
typedef struct CustomerRef {
    int64_t id;
    int64_t person; /* the customer that stands for it: itself, or whom it was merged into */
} CustomerRef;

/* On the writer: finds or makes a customer and takes newer facts over. What the teller leaves out stays. */
bool customer_learn(const Learn *learn, const CustomerNews *news, CustomerRef *ret_ref,
                    Learned *ret, GError **error);

/* As customer_learn, and appends the event: for those who were told of for their own sake. */
bool
customer_learn_told(const Learn *learn, const CustomerNews *news, Learned *ret, GError **error);

/* The shop system has the account no more; who it was stays until somebody asks for erasure. */
bool
customer_gone(const Learn *learn, Str foreign_id, int64_t gone_at, Learned *ret, GError **error);

/* Reads one into the arena; one that is gone leaves *ret as it is. */
bool customer_load(Db *db, Arena *arena, int64_t shop, int64_t id, Customer *ret, GError **error);
