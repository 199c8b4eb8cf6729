/* refund.h - money that went back. */
#pragma once

#include "flow/learn.h"
#include "model.h"

Refund refund_clean(Arena *arena, const Refund *told);

/* On the writer. A refund is told once and never changes. LEARNED_EARLY if its order is not known yet. */
bool refund_learn(const Learn *learn, const Refund *refund, Learned *ret, GError **error);

/* Reads one into the arena, without its lines. ERR_NOT_FOUND if there is none. */
bool refund_load(Db *db, Arena *arena, int64_t shop, int64_t id, Refund *ret, GError **error);

/* *ret: all that the order cost went back with it, and its cancellation became known within a minute of the refund. */
bool refund_with_cancellation(Db *db, int64_t shop, int64_t id, bool *ret, GError **error);
