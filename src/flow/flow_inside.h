/* flow_inside.h - what the files of the path share among themselves. */
#pragma once

#include "flow/flow.h"
#include "flow/journey.h"
#include "flow/outbox.h"
#include "flow/stage.h"
#include "flow/words.h"

#include <pthread.h>

const JourneyBook *flow_journeys(Flow *flow);
const Words *flow_words(Flow *flow);
