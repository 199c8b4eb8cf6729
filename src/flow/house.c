/* house.c - see house.h. */
#include "flow/house.h"

#include "engine/clock.h"
#include "engine/log.h"
#include "flow/body.h"
#include "flow/erase.h"
#include "flow/keep.h"

enum { LEARN_MS = 20 };

struct House {
    const FlowOptions *options;
    Erase *erase;
    Keep keep;
    int64_t learned_at; /* monotonic */
};

House *
house_new(const FlowOptions *options)
{
    House *house = g_new0(House, 1);
    house->options = options;
    house->erase = erase_new(options->store, options->shops, options->keyring, options->erase_list);
    house->learned_at = clock_monotonic();
    return house;
}

void
house_free(House *house)
{
    if (!house)
        return;
    erase_free(house->erase);
    g_free(house);
}

bool
house_turn(House *house, bool *ret_moved, GError **error)
{
    const FlowOptions *options = house->options;
    if (!erase_turn(house->erase, ret_moved, error))
        return fail_at(error, "an erasure");
    return *ret_moved || keep_turn(&house->keep, options->store, options->shops, ret_moved, error);
}

/* Dictionaries can wait until nothing else is to be done, but not for ever. */
void
house_learn(House *house, bool idle)
{
    g_autoptr(GError) error = NULL;
    int64_t now = clock_monotonic();
    if (!idle && (house->options->manual || now - house->learned_at < LEARN_MS))
        return;
    house->learned_at = now;
    if (!body_learn(house->options->store, &error))
        log_failure("flow.learn_failed", error, "");
}
