/* journey.h - what a customer can go through: steps in order, started by an event.
 *
 * Receipts (order confirmation, parcel news) are built-in journeys of one step, the rows of receipts.def;
 * there is one engine for all.
 */
#pragma once

#include "base/json.h"
#include "flow/step.h"
#include "model.h"

typedef struct JourneyStep {
    const char *id;     /* unique in its journey; run.step */
    const Step *step;   /* what it does */
    const Json *config; /* its fields */
} JourneyStep;

typedef struct Journey {
    const char *name;
    const char *title;
    EventKind event; /* that starts it */
    const JourneyStep *steps;
    size_t step_count;
} Journey;

typedef struct JourneyBook JourneyBook;

/* The built-in ones. Fails with ERR_CONFIG when a row does not fit its step's fields. */
JourneyBook *journeys_new(GError **error);
void journeys_free(JourneyBook *book);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(JourneyBook, journeys_free)

/* Does any journey start from this? What nobody listens to needs no turn of the event stage. */
bool journey_listens(EventKind kind);

const Journey *journey_nth(const JourneyBook *book, size_t n); /* NULL behind the last */
const Journey *journey_find(const JourneyBook *book, Str name);
const JourneyStep *journey_step(const Journey *journey, Str id);
/* The one behind it; NULL at the end. */
const JourneyStep *journey_step_after(const Journey *journey, const JourneyStep *step);
