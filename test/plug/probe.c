/* probe.c - a connector on a command line: recorded bytes in, what it made of them out, as text that a
 * person reads once and a diff keeps.
 *
 *     plug_probe read  CONNECTOR TOPIC BODY            all fields of all nouns, one a line, by their path
 *     plug_probe check CONNECTOR SECRET HEADERS BODY   the envelope; HEADERS is a file of `Name: value` lines
 *     plug_probe list                                  the names of all connectors
 *
 * plug/show.h says how fields look. A refusal is one line, `error SLUG MESSAGE`: it too can be what a recording expects.
 */
#include "plug/connector/connector.h"
#include "plug/show.h"

#include <stdio.h>

static int
show_error(const GError *error)
{
    printf("error %s %s\n", error_row(error)->slug, error->message);
    return 0;
}

/* ---- asking -------------------------------------------------------------------------------------- */

/* A file of `Name: value` lines, as they were recorded. */
static Str
header_get(const void *request, const char *name)
{
    Str rest = str_of(request), line, field;
    while (str_split(&rest, '\n', &line))
        if (str_split(&line, ':', &field) && str_eq_nocase(str_trim(field), name))
            return str_trim(line);
    return (Str){0};
}

/* What the shop has set: `key=value` lines of the file that PROBE_SETTINGS names. */
static Str
setting_get(const void *shop, const char *key)
{
    Arena *arena = (Arena *)shop;
    const char *file = g_getenv("PROBE_SETTINGS");
    g_autofree char *text = NULL;
    if (!file || !g_file_get_contents(file, &text, NULL, NULL))
        return (Str){0};
    Str rest = arena_copy(arena, str_of(text)), line, name;
    while (str_split(&rest, '\n', &line))
        if (str_split(&line, '=', &name) && str_is(name, key))
            return str_trim(line);
    return (Str){0};
}

static int
probe_read(Arena *arena, const Connector *connector, const char *topic, Str body)
{
    g_autoptr(GError) error = NULL;
    Facts facts = {0};
    ConnectorAsk ask = {
        .arena = arena,
        .topic = str_of(topic),
        .body = body,
        .currency = "EUR",
        .settings = {setting_get, arena},
    };
    if (!connector->read(&ask, &facts, &error))
        return show_error(error);
    Buf out = {.arena = arena};
    show_facts(arena, &facts, false, &out);
    printf("%s", buf_cstr(&out));
    return 0;
}

static int
probe_check(Arena *arena, const Connector *connector, const char *secret, const char *headers,
            Str body)
{
    g_autoptr(HmacKey) key = hmac_key_new(DIGEST_SHA256, str_of(secret));
    g_autoptr(GError) error = NULL;
    ConnectorSecret shared = {str_of(secret), key};
    PlugHeaders found = {header_get, headers};
    Envelope envelope = {0};
    ConnectorKnock knock = {found, body, &shared, 0, {setting_get, arena}};
    if (!connector->check(&knock, &envelope, &error))
        return show_error(error);
    Buf out = {.arena = arena};
    show_text(arena, "topic", envelope.topic, &out);
    show_text(arena, "delivery", envelope.delivery, &out);
    printf("%s", buf_cstr(&out));
    return 0;
}

static int
probe_list(void)
{
    for (size_t i = 0; connector_nth(i); i++)
        printf("%s%s\n", connector_nth(i)->name, connector_nth(i)->secret ? "" : " unsigned");
    return 0;
}

static Str
file_load(const char *path, GError **error)
{
    Str ret = {0};
    char *bytes = NULL;
    if (g_file_get_contents(path, &bytes, &ret.len, error))
        ret.at = bytes;
    return ret;
}

int
main(int argc, char **argv)
{
    bool reads = argc == 5 && g_str_equal(argv[1], "read");
    bool checks = argc == 6 && g_str_equal(argv[1], "check");
    if (argc == 2 && g_str_equal(argv[1], "list"))
        return probe_list();
    const Connector *connector = reads || checks ? connector_find(str_of(argv[2])) : NULL;
    if (!connector) {
        fprintf(
            stderr,
            "plug_probe list | read CONNECTOR TOPIC BODY | check CONNECTOR SECRET HEADERS BODY\n");
        return 2;
    }
    g_autoptr(Arena) arena = arena_new(SIZE_MAX / 8);
    g_autoptr(GError) error = NULL;
    Str body = file_load(argv[argc - 1], &error);
    Str headers = checks ? file_load(argv[4], &error) : (Str){0};
    if (error) {
        fprintf(stderr, "plug_probe: %s\n", error->message);
        return 1;
    }
    int code = reads ? probe_read(arena, connector, argv[3], body)
                     : probe_check(arena, connector, argv[3], headers.at, body);
    g_free((char *)body.at);
    g_free((char *)headers.at);
    return code;
}
