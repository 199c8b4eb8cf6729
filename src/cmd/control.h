/* control.h - test control: a wall clock to turn, work on demand, a stop after a chosen COMMIT.
 *
 * One line in, one line out, over a unix socket: `at TIME`, `after DURATION`, `now`, `work`, `commits`,
 * `stop-at-commit N`, `signers HTTPS HTTP CA-FILE`. Only for a data folder that is marked scratch; see cmd/serve.c.
 */
#pragma once

#include "base/base.h"
#include "engine/store.h"
#include "flow/flow.h"

typedef struct Control Control;

Control *control_new(const char *path, Store *store, Flow *flow, GError **error);
void control_free(Control *control);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Control, control_free)
