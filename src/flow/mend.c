/* mend.c - see mend.h. */
#include "flow/mend.h"

#include "engine/clock.h"
#include "engine/log.h"

enum {
    SLACK_MS = 60 * 1000, /* clocks are set by less than this all the time */
    LONGEST_MS =
        2 * 24 * 3600 * 1000, /* no attempt is put off for longer: rate.h, outbox_settle.c */
};

bool
mend_is_due(const Mend *mend, int64_t now)
{
    return now + SLACK_MS < mend->newest_at;
}

static bool
mend_job(Db *db, void *arg, GError **error)
{
    int64_t now = *(const int64_t *)arg, latest = now + SLACK_MS;
    return db_run(db, Q_run_mend, BINDS(bind_int("now", now), bind_int("latest", latest)), NULL,
                  error) &&
           db_run(db, Q_outbox_mend,
                  BINDS(bind_int("now", now), bind_int("latest", latest),
                        bind_int("longest", now + LONGEST_MS)),
                  NULL, error);
}

bool
mend_clock(Store *store, Mend *mend, GError **error)
{
    int64_t now = clock_now();
    log_warn("flow.clock_back", "by_s=%" G_GINT64_FORMAT, (mend->newest_at - now) / 1000);
    if (!store_write(store, STORE_FLOW, mend_job, &now, error))
        return false;
    mend->newest_at = now;
    return true;
}
