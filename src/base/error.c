/* error.c - the two ways to fail: must() for our bugs, GError for the world's. */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>

static const ErrorRow rows[ERR_COUNT] = {
#define ROW(code, slug, http, again, cure) [code] = {slug, http, again, cure},
#include "base/errors.def"
#undef ROW
};

void
must_fail(const char *truth, const char *file, int line, const char *function)
{
    fprintf(stderr, "level=fatal what=must file=%s line=%d function=%s truth=\"%s\"\n", file, line,
            function, truth);
    abort();
}

GQuark
postlude_error_quark(void)
{
    return g_quark_from_static_string("postlude");
}

const ErrorRow *
error_row(const GError *error)
{
    if (error && error->domain == POSTLUDE_ERROR && error->code >= 0 && error->code < ERR_COUNT)
        return &rows[error->code];
    return &rows[ERR_INTERNAL];
}

bool
error_is(const GError *error, ErrorCode code)
{
    return g_error_matches(error, POSTLUDE_ERROR, (int)code);
}

bool
fail(GError **error, ErrorCode code, const char *format, ...)
{
    if (!error)
        return false;
    va_list args;
    va_start(args, format);
    /* A second failure on the way out (a rollback, say) must not hide the first. */
    if (!*error)
        *error = g_error_new_valist(POSTLUDE_ERROR, (int)code, format, args);
    va_end(args);
    return false;
}

bool
fail_at(GError **error, const char *format, ...)
{
    if (!error || !*error)
        return false;
    va_list args;
    va_start(args, format);
    g_autofree char *place = g_strdup_vprintf(format, args);
    va_end(args);
    g_prefix_error(error, "%s: ", place);
    return false;
}
