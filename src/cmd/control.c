/* control.c - test control; see control.h. */
#include "cmd/control.h"

#include "base/when.h"
#include "engine/clock.h"
#include "engine/line_server.h"

#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

struct Control {
    LineServer *lines;
    Store *store;
    Flow *flow;
    _Atomic int64_t stop_at; /* commits so far at which to die; 0: never */
};

/* On the writer, right after a COMMIT, before anybody is told: the worst moment there is. */
static void
control_on_commit(void *arg)
{
    Control *control = arg;
    int64_t stop_at = atomic_load(&control->stop_at);
    if (stop_at && store_commits(control->store) >= stop_at)
        kill(getpid(), SIGKILL);
}

static bool
control_at(Control *control, Str words, Buf *answer, GError **error)
{
    int64_t at;
    if (!when_parse(words, NULL, &at, error))
        return false;
    clock_set(at);
    return true;
}

static bool
control_after(Control *control, Str words, Buf *answer, GError **error)
{
    int64_t ms;
    if (!duration_parse(words, &ms, error))
        return false;
    clock_set(clock_now() + ms);
    return true;
}

static bool
control_now(Control *control, Str words, Buf *answer, GError **error)
{
    char text[WHEN_BYTES];
    when_iso(clock_now(), text);
    buf_format(answer, " %s", text);
    return true;
}

static bool
control_work(Control *control, Str words, Buf *answer, GError **error)
{
    int64_t turns = 0;
    if (!flow_work(control->flow, &turns, error))
        return false;
    buf_format(answer, " turns=%" G_GINT64_FORMAT, turns);
    return true;
}

static bool
control_commits(Control *control, Str words, Buf *answer, GError **error)
{
    buf_format(answer, " %" G_GINT64_FORMAT, store_commits(control->store));
    return true;
}

static bool
control_stop_at(Control *control, Str words, Buf *answer, GError **error)
{
    g_autofree char *text = g_strndup(words.len ? words.at : "", words.len);
    int64_t count = g_ascii_strtoll(text, NULL, 10);
    if (count < 1)
        return fail(error, ERR_INPUT, "stop-at-commit takes a number from 1");
    atomic_store(&control->stop_at, store_commits(control->store) + count);
    return true;
}

/* signers HTTPS-PLACE HTTP-PLACE CA-FILE: where certificates are asked for instead of at their owners. */
static bool
control_signers(Control *control, Str words, Buf *answer, GError **error)
{
    g_autofree char *text = g_strndup(words.len ? words.at : "", words.len);
    g_auto(GStrv) parts = g_strsplit(text, " ", 4);
    if (g_strv_length(parts) != 3)
        return fail(error, ERR_INPUT, "signers takes two places and a file of authorities");
    SignerDetour detour = {.https = parts[0], .http = parts[1], .ca_file = parts[2]};
    signers_detour(flow_signers(control->flow), &detour);
    return true;
}

static const struct {
    const char *word;
    bool (*run)(Control *control, Str words, Buf *answer, GError **error);
} verbs[] = {
    {"at", control_at},           {"after", control_after},     {"now", control_now},
    {"work", control_work},       {"commits", control_commits}, {"stop-at-commit", control_stop_at},
    {"signers", control_signers},
};

static void
control_line(Str line, Buf *answer, void *arg)
{
    g_autoptr(GError) error = NULL;
    Str rest = line, word = {0};
    str_split(&rest, ' ', &word);
    buf_add_cstr(answer, "ok");
    bool known = false, ok = true;
    for (size_t i = 0; i < G_N_ELEMENTS(verbs) && !known; i++) {
        known = str_is(word, verbs[i].word);
        ok = !known || verbs[i].run(arg, str_trim(rest), answer, &error);
    }
    if (known && ok)
        return;
    answer->len = 0;
    if (error)
        buf_format(answer, "error %s", error->message);
    else
        buf_format(answer, "error there is no control word '" STR_FMT "'", STR_ARG(word));
}

Control *
control_new(const char *path, Store *store, Flow *flow, GError **error)
{
    Control *control = g_new0(Control, 1);
    control->store = store;
    control->flow = flow;
    store_on_commit(store, control_on_commit, control);
    control->lines = line_server_new(path, -1, control_line, control, error);
    if (control->lines)
        return control;
    control_free(control);
    return NULL;
}

void
control_free(Control *control)
{
    if (!control)
        return;
    line_server_free(control->lines);
    atomic_store(&control->stop_at, 0);
    store_on_commit(control->store, NULL, NULL);
    g_free(control);
}
