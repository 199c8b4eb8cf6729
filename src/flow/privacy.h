/* privacy.h - what people ask by law of what we keep: a copy of it (GDPR article 15) or its erasure (article 17).
 *
 * The asking is a row with the day on which it is due; doing it is another matter.
 */
#pragma once

#include "flow/learn.h"
#include "model.h"

enum { PRIVACY_DUE_DAYS = 30 /* article 12 (3), and Shopify's own rule */ };

/* As it is asked, made ready outside of the writer. */
typedef struct PrivacyNews {
    PrivacyAsk ask;
    Str email_key;
    Str orders; /* JSON list; empty: all */
    Str name;   /* what makes it one asking: the id as told, else whom it is about */
} PrivacyNews;

void privacy_prepare(Arena *arena, const PrivacyAsk *told, PrivacyNews *ret);

/* On the writer: keeps it; asked twice, it is one. */
bool privacy_learn(const Learn *learn, const PrivacyNews *news, Learned *ret, GError **error);
