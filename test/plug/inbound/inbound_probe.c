/* inbound_probe.c - the reader of what comes back, on a command line: one request a line in, one line of JSON out.
 *
 *     mail PATH                               what inbound_read makes of the raw mail in the file
 *     letter PATH                             the mail taken apart: fields and parts
 *     text PATH | html PATH                   the new words of an answer in plain text, in HTML
 *     check NAME SECRET-FILE NOW HEADERS BODY  {"ok": true} if the provider's signature is right; all but NAME and NOW
 *                                             are files, HEADERS of `Name: value` lines
 *     read NAME BODY                          what a provider's webhook tells
 *     heard MOMENT CODE ENHANCED WORDS        a server's own no, heard at connect, mail, rcpt or data; ENHANCED - for none
 */
#include "base/json_write.h"
#include "base/limits.h"
#include "engine/mime.h"
#include "plug/inbound/inbound.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROBE_ARENA_BYTES = 256 * 1024 * 1024 };

static void
put_text(JsonWriter *out, const char *key, Str text)
{
    json_put_key(out, key);
    json_put_text(out, text.at ? text : STR(""));
}

static void
put_int(JsonWriter *out, const char *key, int64_t number)
{
    json_put_key(out, key);
    json_put_int(out, number);
}

static void
put_bool(JsonWriter *out, const char *key, bool truth)
{
    json_put_key(out, key);
    json_put_bool(out, truth);
}

static Str
file_bytes(Arena *arena, const char *path)
{
    char *bytes = NULL;
    gsize len = 0;
    if (!g_file_get_contents(path, &bytes, &len, NULL))
        return (Str){0};
    Str ret = arena_copy(arena, (Str){bytes, len});
    g_free(bytes);
    return ret;
}

static void
report_put(JsonWriter *out, const InboundReport *report)
{
    static const char *const outcomes[] = {"failed", "delayed", "delivered", "complained", "told"};
    json_put_object(out);
    put_text(out, "outcome", str_of(outcomes[report->outcome]));
    put_text(out, "recipient", report->recipient);
    put_text(out, "final", report->final_recipient);
    put_text(out, "reason", str_of(bounce_slug(report->reason)));
    put_bool(out, "hard", report->hard);
    put_int(out, "code", report->code);
    put_text(out, "enhanced", report->enhanced);
    put_text(out, "server", report->server);
    put_text(out, "words", report->words);
    put_text(out, "provider_id", report->provider_id);
    put_text(out, "message_id", report->message_id);
    put_int(out, "at", report->at);
    json_put_end(out);
}

static void
facts_put(JsonWriter *out, const InboundFacts *facts)
{
    put_text(out, "kind", str_of(inbound_kind_slug(facts->kind)));
    put_text(out, "from", facts->from);
    put_text(out, "from_name", facts->from_name);
    put_text(out, "subject", facts->subject);
    put_text(out, "subject_of", facts->subject_of);
    put_text(out, "own_id", facts->own_id);
    put_text(out, "message_ids", facts->message_ids);
    put_text(out, "feedback", facts->feedback);
    put_text(out, "auto", str_of(auto_kind_slug(facts->auto_kind)));
    put_bool(out, "no_answer", facts->no_answer);
    put_text(out, "text", facts->text);
    put_text(out, "notice", facts->notice);
    json_put_key(out, "delivered_to");
    json_put_array(out);
    for (size_t i = 0; i < facts->delivered_to_count; i++)
        json_put_text(out, facts->delivered_to[i]);
    json_put_end(out);
    json_put_key(out, "reports");
    json_put_array(out);
    for (size_t i = 0; i < facts->report_count; i++)
        report_put(out, &facts->reports[i]);
    json_put_end(out);
    json_put_key(out, "files");
    json_put_array(out);
    for (size_t i = 0; i < facts->file_count; i++) {
        json_put_object(out);
        put_text(out, "name", facts->files[i].name);
        put_text(out, "type", facts->files[i].type);
        put_int(out, "bytes", (int64_t)facts->files[i].bytes);
        json_put_end(out);
    }
    json_put_end(out);
}

static void
letter_put(JsonWriter *out, const Letter *letter)
{
    json_put_key(out, "fields");
    json_put_array(out);
    for (size_t i = 0; i < letter->field_count; i++) {
        json_put_array(out);
        json_put_text(out, letter->fields[i].name);
        json_put_text(out, letter->fields[i].value);
        json_put_end(out);
    }
    json_put_end(out);
    json_put_key(out, "parts");
    json_put_array(out);
    for (size_t i = 0; i < letter->part_count; i++) {
        const LetterPart *part = &letter->parts[i];
        json_put_object(out);
        put_text(out, "type", part->type);
        put_text(out, "name", part->name);
        put_text(out, "text", part->text);
        put_int(out, "bytes", (int64_t)part->bytes);
        put_bool(out, "in_text", part->in_text);
        put_bool(out, "in_html", part->in_html);
        put_bool(out, "attached", part->attached);
        json_put_end(out);
    }
    json_put_end(out);
}

/* Header lines of a file, as a request has them. */
static Str
header_get(const void *request, const char *name)
{
    Str rest = *(const Str *)request, line, field;
    while (str_split(&rest, '\n', &line))
        if (str_split(&line, ':', &field) && str_eq_nocase(field, name))
            return str_trim(line);
    return (Str){0};
}

static bool
probe_check(Arena *arena, char **words, GError **error)
{
    const Inbound *inbound = inbound_find(str_of(words[1]));
    must(inbound);
    Str lines = file_bytes(arena, words[4]), body = file_bytes(arena, words[5]);
    InboundSecret secret = {
        .secret = str_trim(file_bytes(arena, words[2])),
        .now = g_ascii_strtoll(words[3], NULL, 10),
        .path_token = header_get(&lines, ":token"),
    };
    PlugHeaders headers = {header_get, &lines};
    if (inbound->certificate) {
        InboundCertificate certificate;
        /* The file holds the topic and, in the lines below, what would be fetched. */
        secret.certificate = secret.secret;
        str_split(&secret.certificate, '\n', &secret.secret);
        if (!inbound->certificate(arena, body, &secret, &certificate, error))
            return false;
    }
    return inbound->check(arena, &headers, body, &secret, error);
}

static bool
probe_heard(Arena *arena, char **words, JsonWriter *out)
{
    static const char *const moments[] = {"", "connect", "mail", "rcpt", "data"};
    InboundReport report = {
        .outcome = REPORT_FAILED,
        .code = atoi(words[2]),
        .enhanced = strcmp(words[3], "-") == 0 ? (Str){0} : str_of(words[3]),
        .words = str_of(words[4]),
    };
    for (size_t i = 1; i < G_N_ELEMENTS(moments); i++)
        if (strcmp(words[1], moments[i]) == 0)
            report.moment = (BounceMoment)i;
    bounce_heard(arena, &report);
    json_put_key(out, "report");
    report_put(out, &report);
    return true;
}

static bool
probe_answer(Arena *arena, char **words, JsonWriter *out, GError **error)
{
    Letter letter;
    InboundFacts facts;
    bool mail = strcmp(words[0], "mail") == 0;
    if (mail || strcmp(words[0], "letter") == 0) {
        if (!letter_read(arena, file_bytes(arena, words[1]), &letter, error))
            return false;
        if (!mail) {
            letter_put(out, &letter);
            return true;
        }
        inbound_read(arena, &letter, &facts);
        facts_put(out, &facts);
        return true;
    }
    if (strcmp(words[0], "check") == 0)
        return probe_check(arena, words, error);
    if (strcmp(words[0], "read") == 0) {
        const Inbound *inbound = inbound_find(str_of(words[1]));
        must(inbound && inbound->read);
        if (!inbound->read(arena, file_bytes(arena, words[2]), &facts, error))
            return false;
        facts_put(out, &facts);
        return true;
    }
    if (strcmp(words[0], "heard") == 0)
        return probe_heard(arena, words, out);
    Str text = file_bytes(arena, words[1]);
    if (strcmp(words[0], "html") == 0)
        text = inbound_html_text(arena, text, true);
    put_text(out, "whole", text);
    put_text(out, "text", inbound_new_text(arena, text));
    return true;
}

static void
probe_line(Arena *arena, char *line)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) words = g_strsplit(g_strchomp(line), "\t", 8);
    Buf good = {.arena = arena}, bad = {.arena = arena};
    JsonWriter out = {.buf = &good}, failure = {.buf = &bad};
    json_put_object(&out);
    put_bool(&out, "ok", true);
    if (words[0] && words[1] && probe_answer(arena, words, &out, &error)) {
        json_put_end(&out);
        puts(buf_cstr(&good));
        return;
    }
    json_put_object(&failure);
    put_bool(&failure, "ok", false);
    put_text(&failure, "error", str_of(error ? error_row(error)->slug : "usage"));
    put_text(&failure, "message", str_of(error ? error->message : "what?"));
    json_put_end(&failure);
    puts(buf_cstr(&bad));
}

int
main(void)
{
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, stdin) > 0) {
        g_autoptr(Arena) arena = arena_new(PROBE_ARENA_BYTES);
        probe_line(arena, line);
        fflush(stdout);
    }
    free(line);
    return 0;
}
