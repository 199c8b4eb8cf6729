/* fuzz_liquid.c - any bytes as a template, compiled, rendered, checked and formatted within budgets.
 *
 * The first byte holds the options, the byte 1 separates the template from a partial "p"; "self" is
 * the template itself. What must hold: a formatted template prints what the template printed, and
 * formatting it again changes nothing; in HTML mode no value brings a tag of its own.
 */
#include "base/limits.h"
#include "engine/liquid_shop/liquid_shop.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const char DATA[] =
    "{\"a\":[3,1,2,null,\"x\"],\"s\":\"<i>h\xc3\xa9llo \\\"w\\\" & co</i>\",\"n\":-7,\"f\":19.95,"
    "\"big\":9223372036854775807,\"t\":true,\"o\":{\"x\":{\"y\":[1,{\"z\":\"q\"}]},\"size\":4},"
    "\"l\":[{\"k\":\"b\",\"v\":2},{\"k\":\"A\",\"v\":1},{\"v\":null}],\"d\":\"2025-03-14T09:26:"
    "53Z\","
    "\"u\":\"javascript:alert(1)\",\"e\":\"\",\"m\":[],\"h\":{}}";

static const LiquidField item_fields[] = {
    {"k", LIQUID_TYPE_STRING, true, NULL, NULL}, {"v", LIQUID_TYPE_NUMBER, false, NULL, NULL}, {0}};
static const LiquidField item[] = {{"", LIQUID_TYPE_OBJECT, false, item_fields, NULL}, {0}};
static const LiquidField fields[] = {{"a", LIQUID_TYPE_LIST, false, NULL, NULL},
                                     {"s", LIQUID_TYPE_STRING, true, NULL, NULL},
                                     {"l", LIQUID_TYPE_LIST, false, item, NULL},
                                     {"o", LIQUID_TYPE_OBJECT, false, NULL, NULL},
                                     {0}};
static const LiquidSchema schema = {fields};

typedef struct Parts {
    Str template, partial;
} Parts;

static bool
part_load(const void *host, Str name, Arena *arena, Str *ret)
{
    const Parts *parts = host;
    *ret = str_is(name, "self") ? parts->template : parts->partial;
    return str_is(name, "self") || str_is(name, "p");
}

static bool
render(Str source, const LiquidOptions *options, const LiquidData *data, Arena *arena, Buf *out)
{
    g_autoptr(Liquid) liquid = liquid_compile(STR("fuzz"), source, options, NULL, NULL);
    if (!liquid)
        return false;
    size_t count;
    liquid_vars(liquid, arena, &count);
    return liquid_render(liquid, data, arena, out, NULL);
}

static void
format_check(Str source, const LiquidOptions *options, const LiquidData *data, Arena *arena,
             const Buf *want)
{
    Buf once = {.arena = arena}, twice = {.arena = arena}, got = {.arena = arena};
    if (!liquid_format(STR("fuzz"), source, &once, NULL))
        return;
    must(liquid_format(STR("fuzz"), buf_str(&once), &twice, NULL));
    must(str_eq(buf_str(&once), buf_str(&twice)));
    bool same = render(buf_str(&once), options, data, arena, &got);
    must(!same || str_eq(buf_str(want), buf_str(&got)));
}

/* All findings of what does not compile, each with a place in the text. */
static void
findings_check(Str source, const LiquidOptions *options, Arena *arena)
{
    LiquidNotes notes = {.arena = arena};
    Buf text = {.arena = arena};
    g_autoptr(GError) error = NULL;
    g_autoptr(Liquid) liquid = liquid_compile(STR("fuzz"), source, options, &notes, &error);
    must(liquid || error);
    for (size_t i = 0; i < notes.count; i++) {
        must(notes.list[i].line >= 1 && notes.list[i].column >= 1 && notes.list[i].message.len);
        liquid_note_print(&notes.list[i], &text);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len < 2)
        return 0;
    Str rest = {(const char *)bytes + 1, len - 1};
    Parts parts = {0};
    str_split(&rest, '\1', &parts.template);
    parts.partial = rest;
    LiquidOptions options = {
        .html = bytes[0] & 1,
        .strict = bytes[0] & 2,
        .cents = bytes[0] & 4,
        .schema = bytes[0] & 8 ? &schema : NULL,
        .filters = bytes[0] & 16 ? liquid_shop_filters() : NULL,
        .load = part_load,
        .host = &parts,
        .budget = {.output_bytes = 1 << 16, .steps = 20000, .turns = 5000, .arena_bytes = 1 << 22},
    };
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    LiquidData data = {
        .root = liquid_json(arena, json_parse(arena, DATA, strlen(DATA), NULL)),
        .now = INT64_C(1741944413000),
        .locale = bytes[0] & 32 ? "de-AT" : NULL,
    };
    Buf out = {.arena = arena};
    bool fine = render(parts.template, &options, &data, arena, &out);
    if (!fine)
        findings_check(parts.template, &options, arena);
    if (fine && !options.html && !options.schema)
        format_check(parts.template, &options, &data, arena, &out);
    return 0;
}
