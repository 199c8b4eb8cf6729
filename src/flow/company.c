/* company.c - see company.h. */
#include "flow/company.h"

#include "engine/id.h"

bool
company_learn(const Learn *learn, const CustomerNews *news, int64_t *ret, GError **error)
{
    const Customer *customer = &news->customer;
    *ret = 0;
    if (!customer->company.len)
        return true;
    Bind shop = bind_int("shop", learn->shop), source = bind_text("source", learn->source);
    Bind foreign_id =
        bind_text("foreign_id", customer->company_foreign_id.len ? customer->company_foreign_id
                                                                 : news->company_key);
    Bind name = bind_text("name", customer->company);
    if (!db_int(learn->db, Q_company_known, BINDS(shop, source, foreign_id), ret, error))
        return false;
    if (*ret)
        return db_run(learn->db, Q_company_rename, BINDS(name, shop, bind_int("id", *ret)), NULL,
                      error);
    *ret = id_new(KIND_COMPANY);
    return db_run(learn->db, Q_company_append,
                  BINDS(bind_int("id", *ret), shop, bind_int("at", learn->at),
                        bind_id("cause", learn->cause), source, foreign_id, name),
                  NULL, error);
}
