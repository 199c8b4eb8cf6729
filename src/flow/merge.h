/* merge.h - two customers that are one person: explicit, logged, reversible, never across shops.
 *
 * Nothing is moved: the one says whom it stands behind (customer.merged_into), orders keep the customer they were told
 * with, and whoever asks for a person's rows asks for all that stand behind it. So taking a merge back is one change.
 */
#pragma once

#include "flow/customer.h"

/* On the writer, for a customer that was just made: if its address is known, a guest goes behind the one account that
 * has it (never behind one of several), and an account takes the guest of its address. ref->person follows. Two that
 * somebody parted are left alone. */
bool merge_find(const Learn *learn, CustomerRef *ref, Str email_key, GError **error);

/* On the writer: from stands behind into, and so do all that stood behind from. ERR_NOT_FOUND, ERR_CONFLICT if they are
 * one already. reason: same_address, by_hand, shop_system. */
bool merge_add(const Learn *learn, int64_t from, int64_t into, const char *reason, GError **error);

/* On the writer: two accounts that the shop system made one. LEARNED_EARLY while one of them is not known; LEARNED_SAME if
 * they are one person already, or if somebody took back what the shop system said before. */
bool merge_learn(const Learn *learn, const MergeFact *merge, Learned *ret, GError **error);

/* On the writer: from stands for itself again, and for those who stood behind it before. ERR_NOT_FOUND if it was not
 * merged. */
bool merge_undo(const Learn *learn, int64_t from, GError **error);
