/* What comes back, of any bytes: a mail as it arrives, an HTML text, an answer, and the body of each provider's webhook.
 *
 * The first byte chooses: 'm' a mail, 'h' HTML, 't' plain text; '0' and on the body of a provider, by its place in the
 * list. Seeds are such files. */
#include "base/limits.h"
#include "base/text.h"
#include "engine/mime.h"
#include "plug/inbound/inbound.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
report_check(const InboundReport *report)
{
    must(report->recipient.len && text_has(report->recipient, '@') &&
         text_valid(report->recipient));
    must(text_valid(report->words) && text_valid(report->server) &&
         text_valid(report->final_recipient));
    must(text_valid(report->provider_id) && text_valid(report->message_id));
    must((unsigned)report->reason < BOUNCE_REASON_COUNT && bounce_slug(report->reason)[0]);
    must(report->code == 0 || (report->code >= 400 && report->code < 600));
    /* Nothing but a failure that is final stops mail to an address. */
    must(!report->hard || report->outcome == REPORT_FAILED);
}

static void
facts_check(const InboundFacts *facts)
{
    const Str texts[] = {facts->from,        facts->from_name, facts->subject,
                         facts->own_id,      facts->text,      facts->subject_of,
                         facts->message_ids, facts->feedback,  facts->notice};
    must((unsigned)facts->kind < INBOUND_KIND_COUNT && inbound_kind_slug(facts->kind)[0]);
    must(auto_kind_slug(facts->auto_kind)[0]);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        must(text_valid(texts[i]));
    for (size_t i = 0; i < facts->report_count; i++)
        report_check(&facts->reports[i]);
    for (size_t i = 0; i < facts->file_count; i++)
        must(text_valid(facts->files[i].name) && text_valid(facts->files[i].type));
    for (size_t i = 0; i < facts->delivered_to_count; i++)
        must(text_valid(facts->delivered_to[i]));
    /* A vacation note suppresses nobody. */
    must(facts->kind != INBOUND_AUTO || facts->report_count == 0);
    must(!facts->notice.len || facts->kind == INBOUND_SETUP);
}

static void
mail_try(Arena *arena, Str bytes)
{
    Letter letter;
    InboundFacts facts;
    g_autoptr(GError) error = NULL;
    if (!letter_read(arena, bytes, &letter, &error)) {
        must(error_is(error, ERR_INPUT) || error_is(error, ERR_TOO_BIG));
        return;
    }
    must(letter.part_count && text_valid(letter.body));
    for (size_t i = 0; i < letter.part_count; i++)
        must(text_valid(letter.parts[i].text) && text_valid(letter.parts[i].type) &&
             text_valid(letter.parts[i].name));
    inbound_read(arena, &letter, &facts);
    facts_check(&facts);
}

static void
text_try(Arena *arena, Str bytes, bool html)
{
    Str text = text_clean(arena, bytes);
    if (html)
        text = inbound_html_text(arena, text, bytes.len & 1);
    must(text_valid(text));
    Str said = inbound_new_text(arena, text);
    must(text_valid(said) && said.len <= text.len);
}

static Str
no_header(const void *request, const char *name)
{
    (void)request;
    (void)name;
    return (Str){0};
}

static void
provider_try(Arena *arena, const Inbound *inbound, Str bytes)
{
    InboundFacts facts = {.report_count = 77};
    g_autoptr(GError) error = NULL;
    InboundCertificate named;
    InboundSecret secret = {.secret = STR("arn:aws:sns:eu-west-1:123456789012:bounces"),
                            .certificate = STR("-"),
                            .now = 1700000000000};
    PlugHeaders headers = {no_header, NULL};
    if (inbound->certificate) {
        if (inbound->certificate(arena, bytes, &secret, &named, NULL))
            must(str_starts(named.url, "https://sns.eu-west-1.amazonaws.com/") &&
                 str_ends(named.url, ".pem"));
        must(!inbound->check(arena, &headers, bytes, &secret, NULL));
        inbound->delivery(arena, bytes);
        inbound->confirm_url(arena, bytes);
    }
    if (!inbound->read) {
        mail_try(arena, bytes);
        return;
    }
    if (inbound->read(arena, bytes, &facts, &error)) {
        facts_check(&facts);
        return;
    }
    must(facts.report_count == 77 && error->domain == POSTLUDE_ERROR &&
         error_row(error)->http < 500);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (!len)
        return 0;
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    /* A copy of its own size, so that reading one byte behind it is found. */
    g_autofree char *copy = g_memdup2(bytes + 1, len - 1);
    Str rest = {copy ? copy : "", len - 1};
    const Inbound *inbound = inbound_nth((uint8_t)(bytes[0] - '0'));
    if (inbound)
        provider_try(arena, inbound, rest);
    else if (bytes[0] == 'h' || bytes[0] == 't')
        text_try(arena, rest, bytes[0] == 'h');
    else
        mail_try(arena, rest);
    return 0;
}
