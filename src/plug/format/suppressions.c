/* suppressions.c - addresses that are not to be written to, in the simplest table there is: a column of them.
 *
 * Reason, scope, channel and topic may stand beside; a table of suppressed profiles out of another program fits without
 * being changed. Without a reason its owner asked.
 */
#include "base/text.h"
#include "plug/format/format.h"

#include <string.h>

enum { ADDRESS, REASON, SCOPE, CHANNEL };

static const FormatColumn columns[] = {
    [ADDRESS] = {"email|address|email address|recipient|subscriber|e-mail|phone", true},
    [REASON] = {"reason|suppression reason|type|status|cause"},
    [SCOPE] = {"scope"},
    [CHANNEL] = {"channel"},
    {0},
};

static bool
suppressions_claims(Str name)
{
    static const char *const known[] = {"date",      "created",       "created_at", "created at",
                                        "timestamp", "suppressed at", "id",         "first name",
                                        "last name", "name",          "source"};
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (str_eq_nocase(name, known[i]))
            return true;
    return false;
}

/* Words of other programs for "the address does not work" and "its owner called us spam". */
static const struct {
    const char *word;
    const char *reason;
    bool all;
} reasons[] = {
    {"bounce", "hard_bounce", true}, {"invalid", "hard_bounce", true},
    {"clean", "hard_bounce", true},  {"undeliverable", "hard_bounce", true},
    {"spam", "complaint", false},    {"complain", "complaint", false},
    {"abuse", "complaint", false},   {"user_suppressed", "by_hand", false},
    {"manual", "by_hand", false},    {"by_hand", "by_hand", false},
};

static bool
suppressions_read(Arena *arena, const FormatRecord *record, FormatFacts *ret, GError **error)
{
    Str address = cell_text(record, 0, ADDRESS), scope = cell_text(record, 0, SCOPE);
    Str channel = cell_text(record, 0, CHANNEL);
    FormatOptOut *out = arena_new_of(arena, FormatOptOut, 1);
    bool mail = memchr(address.at ? address.at : "", '@', address.len) != NULL;
    *out = (FormatOptOut){
        .channel = channel.len ? text_lower(arena, channel)
                   : mail      ? STR("email")
                               : STR("sms"),
        .address = address,
        .reason = "asked",
    };
    g_autofree char *reason = g_ascii_strdown(arena_cstr(arena, cell_text(record, 0, REASON)), -1);
    for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++) {
        if (!strstr(reason, reasons[i].word))
            continue;
        out->reason = reasons[i].reason;
        out->all = reasons[i].all;
        break;
    }
    if (scope.len && !str_eq_nocase(scope, "all") && !str_eq_nocase(scope, "marketing")) {
        fail(error, ERR_INPUT, "'" STR_FMT "' is neither all nor marketing",
             STR_ARG(str_sub(scope, 0, 60)));
        return cell_fail(error, record, 0, SCOPE);
    }
    if (scope.len)
        out->all = str_eq_nocase(scope, "all");
    ret->facts = (Facts){.source = STR("import")};
    ret->opt_outs = out;
    ret->opt_out_count = 1;
    return true;
}

const Format format_suppressions = {
    .name = "suppressions",
    .title = "Addresses not to be written to",
    .help = "Any table with a column of addresses: those who said no, and those that do not work.",
    .columns = columns,
    .has_opt_outs = true,
    .claims = suppressions_claims,
    .read = suppressions_read,
};
