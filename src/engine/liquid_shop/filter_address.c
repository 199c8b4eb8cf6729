/* filter_address.c - a postal address in the order of its country.
 *
 * The orders are those of the Universal Postal Union's addressing sheets
 * (https://www.upu.int/en/postal-solutions/programmes-services/addressing-solutions), line by line;
 * a country that is not listed writes the code before the town, as most do. */
#include "engine/liquid/inside.h"
#include "engine/liquid_shop/liquid_shop.h"

#include <string.h>

/* Letters: N name, O company, A and B address lines, C town, S province, Z code, L country; a |
 * ends a line. Other text stands only between two parts that are there. */
static const struct {
    const char *countries;
    const char *order;
} ORDERS[] = {
    {"US PR GU", "N|O|A|B|C, S Z|L"}, {"CA AU", "N|O|A|B|C S Z|L"},
    {"GB IM JE GG", "N|O|A|B|C|Z|L"}, {"IE", "N|O|A|B|C|S|Z|L"},
    {"NZ TH", "N|O|A|B|C Z|L"},       {"IT ES", "N|O|A|B|Z C S|L"},
    {"BR", "N|O|A|B|C-S|Z|L"},        {"MX", "N|O|A|B|Z C, S|L"},
    {"IN", "N|O|A|B|C Z|S|L"},        {"ZA AE", "N|O|A|B|C|Z|L"},
    {"SG", "N|O|A|B|C Z|L"},          {"HK", "N|O|A|B|C|S|L"},
    {"HU", "N|O|C|A|B|Z|L"},          {"JP", "Z|S C|A|B|O|N|L"},
    {"CN TW KR", "Z|S C|A|B|O|N|L"},  {"RU UA", "N|O|A|B|C|S|Z|L"},
};
static const char DEFAULT_ORDER[] = "N|O|A|B|Z C|L";

static const char *
order_of(Str country)
{
    for (size_t i = 0; country.len == 2 && i < G_N_ELEMENTS(ORDERS); i++)
        for (const char *at = ORDERS[i].countries; *at; at += at[2] ? 3 : 2)
            if (at[0] == country.at[0] && at[1] == country.at[1])
                return ORDERS[i].order;
    return DEFAULT_ORDER;
}

static Str
part_of(LiquidCall *call, LiquidValue address, char letter)
{
    static const struct {
        char letter;
        const char *names[3]; /* the first that is there */
    } PARTS[] = {
        {'N', {"name", NULL, NULL}},         {'O', {"company", NULL, NULL}},
        {'A', {"address1", "street", NULL}}, {'B', {"address2", NULL, NULL}},
        {'C', {"city", NULL, NULL}},         {'S', {"province_code", "province", NULL}},
        {'Z', {"zip", "postal_code", NULL}}, {'L', {"country", "country_name", NULL}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(PARTS); i++)
        for (size_t j = 0; PARTS[i].letter == letter && PARTS[i].names[j]; j++) {
            LiquidValue part = liquid_call_get(call, address, str_of(PARTS[i].names[j]));
            Str text = str_trim(liquid_call_text(call, part));
            if (text.len)
                return text;
        }
    return STR("");
}

/* Writes the parts of one line; false when none of them is there. */
static bool
line_add(LiquidCall *call, Buf *out, LiquidValue address, Str line)
{
    bool any = false;
    Str between = STR("");
    for (size_t i = 0; i < line.len; i++) {
        if (!g_ascii_isupper(line.at[i])) {
            between = between.len ? (Str){between.at, between.len + 1} : str_sub(line, i, 1);
            continue;
        }
        Str part = part_of(call, address, line.at[i]);
        if (!part.len)
            continue;
        if (any)
            buf_add_str(out, between);
        if (call->html)
            text_escape(out, part);
        else
            buf_add_str(out, part);
        any = true;
        between = STR("");
    }
    return any;
}

static bool
address_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    if (value.kind == LIQUID_NIL)
        return true;
    Str country = liquid_call_text(call, liquid_call_get(call, value, STR("country_code")));
    Str rest = str_of(order_of(country)), line;
    Buf out = {.arena = call->arena};
    while (str_split(&rest, '|', &line)) {
        Buf text = {.arena = call->arena};
        if (!line_add(call, &text, value, line))
            continue;
        if (out.len)
            buf_add_cstr(&out, call->html ? "<br>\n" : "\n");
        buf_add_str(&out, buf_str(&text));
    }
    *ret = liquid_safe(out.at ? buf_str(&out) : STR(""),
                       call->html ? LIQUID_SAFE_HTML : LIQUID_UNSAFE);
    return true;
}

const LiquidFilter liquid_shop_filter_address = {
    "address", address_run, .varies = true, .type = LIQUID_TYPE_STRING,
    .help = "A postal address, its lines in the order of its country."};
