/* house.h - what has time until nothing else is to be done: erasures that were asked for, bodies that were kept long enough,
 * dictionaries for those to come. In small steps, on the flow's thread.
 */
#pragma once

#include "flow/flow.h"

typedef struct House House;

House *house_new(const FlowOptions *options);
void house_free(House *house);

/* One step. *ret_moved: there was something to do, and there may be more. */
bool house_turn(House *house, bool *ret_moved, GError **error);

/* Learns a dictionary, if one is due: when the flow is idle, now and then when it is not. */
void house_learn(House *house, bool idle);
