/* text.c - filters on strings. Characters are Unicode's; a string that need not change is returned
 * as it came, without a copy.
 *
 * A string that is safe for HTML stays so where a filter adds to it: what is added is escaped. */
#include "engine/liquid/inside.h"

#include <string.h>

static LiquidValue
text_value(const Buf *buf)
{
    return liquid_str(buf_str(buf));
}

/* ---- case --------------------------------------------------------------------------------- */

typedef enum LetterCase { CASE_UP, CASE_DOWN, CASE_FIRST } LetterCase;

static void
add_cased(Buf *out, gunichar letter, bool up, bool first)
{
    if (letter == 0xDF && up) { /* the sharp s has no capital of its own in running text */
        buf_add_cstr(out, first ? "Ss" : "SS");
        return;
    }
    char bytes[6];
    gunichar cased = !up     ? g_unichar_tolower(letter)
                     : first ? g_unichar_totitle(letter)
                             : g_unichar_toupper(letter);
    buf_add(out, bytes, (size_t)g_unichar_to_utf8(cased, bytes));
}

/* Letters of ASCII differ in one bit. */
static inline char
ascii_cased_byte(char byte, bool up)
{
    unsigned letter = (unsigned)(uint8_t)byte - (up ? 'a' : 'A');
    return letter < 26 ? (char)(byte ^ 0x20) : byte;
}

static LiquidValue
ascii_cased(Arena *arena, Str text, LetterCase to)
{
    char *bytes = arena_bytes(arena, text.len + 1);
    bool up = to == CASE_UP;
    for (size_t i = 0; i < text.len; i++)
        bytes[i] = ascii_cased_byte(text.at[i], up);
    if (to == CASE_FIRST && text.len)
        bytes[0] = ascii_cased_byte(text.at[0], true);
    return liquid_str((Str){bytes, text.len});
}

static bool
text_cased(LiquidCall *call, LiquidValue value, LetterCase to, LiquidValue *ret)
{
    Str text = text_of(call, value);
    if (text_is_ascii(text)) {
        *ret = ascii_cased(call->arena, text, to);
        return true;
    }
    Buf out = {.arena = call->arena};
    buf_reserve(&out, text.len + 8);
    const char *end = text.at + text.len;
    for (const char *at = text.at; at < end; at = g_utf8_next_char(at)) {
        bool first = at == text.at && to == CASE_FIRST;
        add_cased(&out, g_utf8_get_char(at), to == CASE_UP || first, first);
    }
    *ret = text_value(&out);
    return true;
}

static bool
upcase_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    return text_cased(call, value, CASE_UP, ret);
}

static bool
downcase_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    return text_cased(call, value, CASE_DOWN, ret);
}

static bool
capitalize_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    return text_cased(call, value, CASE_FIRST, ret);
}

/* ---- adding ------------------------------------------------------------------------------- */

static bool
is_markup(LiquidValue value)
{
    return value.kind == LIQUID_STR &&
           (value.safe == LIQUID_SAFE_HTML || value.safe == LIQUID_SAFE_TEXT);
}

static bool
text_joined(LiquidCall *call, LiquidValue left, LiquidValue right, LiquidValue *ret)
{
    bool markup = call->html && (is_markup(left) || is_markup(right));
    Str first = text_of(call, left);
    Str second = text_of(call, right);
    Buf out = {.arena = call->arena};
    buf_reserve(&out, first.len + second.len);
    if (markup && !is_markup(left))
        text_escape(&out, first);
    else
        buf_add_str(&out, first);
    if (markup && !is_markup(right))
        text_escape(&out, second);
    else
        buf_add_str(&out, second);
    bool text = left.safe != LIQUID_SAFE_HTML && right.safe != LIQUID_SAFE_HTML;
    *ret = liquid_safe(buf_str(&out), !markup ? LIQUID_UNSAFE
                                      : text  ? LIQUID_SAFE_TEXT
                                              : LIQUID_SAFE_HTML);
    return true;
}

static bool
append_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    return text_joined(call, value, args->list[0], ret);
}

static bool
prepend_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    return text_joined(call, args->list[0], value, ret);
}

/* ---- replacing ---------------------------------------------------------------------------- */

/* What takes the place of text[at, at + len). A backslash in it has the meaning that Ruby's sub gives
 * it: \0 and \& are what was found, \` and \' what stands before and behind, \1 and \+ nothing. */
static void
add_replacement(Buf *out, Str by, Str text, size_t at, size_t len)
{
    const char *end = by.at + by.len;
    for (const char *slash; by.len && (slash = memchr(by.at, '\\', by.len)) && slash + 1 < end;
         by = (Str){slash + 2, (size_t)(end - slash - 2)}) {
        out_add(out, by.at, (size_t)(slash - by.at));
        if (slash[1] == '0' || slash[1] == '&')
            buf_add_str(out, str_sub(text, at, len));
        else if (slash[1] == '`')
            buf_add_str(out, str_sub(text, 0, at));
        else if (slash[1] == '\'')
            buf_add_str(out, str_sub(text, at + len, text.len));
        else if (slash[1] == '\\')
            buf_add_char(out, '\\');
        else if (!g_ascii_isdigit(slash[1]) && slash[1] != '+')
            buf_add(out, slash, 2);
    }
    buf_add_str(out, by);
}

/* An empty needle is found between all characters. */
static void
replace_between(LiquidCall *call, Buf *out, Str text, Str by, bool all)
{
    add_replacement(out, by, text, 0, 0);
    size_t at = 0;
    while (all && at < text.len && call_has_room(call, out->len)) {
        size_t len = text_skip(str_sub(text, at, text.len), 1);
        buf_add(out, text.at + at, len);
        at += len;
        add_replacement(out, by, text, at, 0);
    }
    buf_add_str(out, str_sub(text, at, text.len));
}

static void
replace_found(LiquidCall *call, Buf *out, Str text, Str needle, Str by, bool all)
{
    size_t from = 0, at;
    bool again = true;
    while (again && call_has_room(call, out->len) &&
           str_find(str_sub(text, from, text.len), needle, &at)) {
        buf_add(out, text.at + from, at);
        add_replacement(out, by, text, from + at, needle.len);
        from += at + needle.len;
        again = all;
    }
    buf_add_str(out, str_sub(text, from, text.len));
}

static bool
text_replaced(LiquidCall *call, LiquidValue value, LiquidValue needle, LiquidValue by, bool all,
              LiquidValue *ret)
{
    Str text = text_of(call, value);
    Str wanted = text_of(call, needle);
    Buf out = {.arena = call->arena};
    size_t at;
    if (wanted.len == 0) {
        replace_between(call, &out, text, text_of(call, by), all);
    } else if (!str_find(text, wanted, &at)) {
        *ret = liquid_str(text);
        return true;
    } else {
        replace_found(call, &out, text, wanted, text_of(call, by), all);
    }
    *ret = text_value(&out);
    return !call->failure;
}

static bool
text_replaced_last(LiquidCall *call, LiquidValue value, LiquidValue needle, LiquidValue by,
                   LiquidValue *ret)
{
    Str text = text_of(call, value);
    Str wanted = text_of(call, needle);
    for (size_t at = text.len + 1; at-- > 0;) {
        if (at + wanted.len > text.len ||
            (wanted.len && memcmp(text.at + at, wanted.at, wanted.len) != 0))
            continue;
        Buf out = {.arena = call->arena};
        buf_add(&out, text.at, at);
        buf_add_str(&out, text_of(call, by));
        buf_add_str(&out, str_sub(text, at + wanted.len, text.len));
        *ret = text_value(&out);
        return true;
    }
    *ret = liquid_str(text);
    return true;
}

static LiquidValue
second_arg(const LiquidArgs *args)
{
    return args->count > 1 ? args->list[1] : liquid_str(STR(""));
}

static bool
replace_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    return text_replaced(call, value, args->list[0], second_arg(args), true, ret);
}

static bool
replace_first_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    return text_replaced(call, value, args->list[0], second_arg(args), false, ret);
}

static bool
replace_last_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    return text_replaced_last(call, value, args->list[0], second_arg(args), ret);
}

static bool
remove_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    return text_replaced(call, value, args->list[0], LIQUID_OF_NIL, true, ret);
}

static bool
remove_first_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    return text_replaced(call, value, args->list[0], LIQUID_OF_NIL, false, ret);
}

static bool
remove_last_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    return text_replaced_last(call, value, args->list[0], LIQUID_OF_NIL, ret);
}

/* ---- white space -------------------------------------------------------------------------- */

static Str
strip_right(Str text)
{
    while (text.len && (text_is_space(text.at[text.len - 1]) || text.at[text.len - 1] == '\0'))
        text.len--;
    return text;
}

static bool
strip_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    *ret = liquid_str(text_strip_left(strip_right(text_of(call, value))));
    return true;
}

static bool
lstrip_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    *ret = liquid_str(text_strip_left(text_of(call, value)));
    return true;
}

static bool
rstrip_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    *ret = liquid_str(strip_right(text_of(call, value)));
    return true;
}

static bool
squish_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    if (value.kind == LIQUID_NIL)
        return true;
    Str text = text_strip_left(strip_right(text_of(call, value)));
    Buf out = {.arena = call->arena};
    buf_reserve(&out, text.len);
    for (size_t i = 0; i < text.len; i++) {
        bool space = text_is_space(text.at[i]);
        if (!space || !text_is_space(text.at[i - 1]))
            buf_add_char(&out, space ? ' ' : text.at[i]);
    }
    *ret = text_value(&out);
    return true;
}

static bool
strip_newlines_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    Str text = text_of(call, value);
    Buf out = {.arena = call->arena};
    for (size_t i = 0; i < text.len; i++) {
        bool pair = text.at[i] == '\r' && i + 1 < text.len && text.at[i + 1] == '\n';
        if (text.at[i] != '\n' && !pair)
            buf_add_char(&out, text.at[i]);
    }
    *ret = text_value(&out);
    return true;
}

/* In HTML mode the text is escaped and the result finished HTML. */
static bool
newline_to_br_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    Str text = text_of(call, value);
    Buf out = {.arena = call->arena};
    bool escapes = call->html && !is_markup(value);
    while (text.len) {
        const char *end = memchr(text.at, '\n', text.len);
        Str line = {text.at, end ? (size_t)(end - text.at) : text.len};
        text = str_sub(text, line.len + 1, text.len);
        line.len -= end && line.len && line.at[line.len - 1] == '\r';
        if (escapes)
            text_escape(&out, line);
        else
            out_add(&out, line.at, line.len);
        if (end)
            buf_add_cstr(&out, "<br />\n");
    }
    *ret = liquid_safe(buf_str(&out), call->html ? LIQUID_SAFE_HTML : LIQUID_UNSAFE);
    return true;
}

/* ---- markup ------------------------------------------------------------------------------- */

/* Copies without what stands between `open` and the next `close`. An unclosed one stays. */
static Str
cut_between(Arena *arena, Str text, Str open, Str close)
{
    size_t at, end;
    if (!str_find(text, open, &at))
        return text;
    Buf out = {.arena = arena};
    while (str_find(text, open, &at)) {
        Str rest = str_sub(text, at + open.len, text.len);
        if (!str_find(rest, close, &end))
            break;
        buf_add(&out, text.at, at);
        text = str_sub(rest, end + close.len, rest.len);
    }
    buf_add_str(&out, text);
    return buf_str(&out);
}

/* The three kinds are cut in one pass, the leftmost first. */
static Str
cut_blocks(Arena *arena, Str text)
{
    static const Str BLOCKS[][2] = {
        {{"<script", 7}, {"</script>", 9}},
        {{"<!--", 4}, {"-->", 3}},
        {{"<style", 6}, {"</style>", 8}},
    };
    Buf out = {.arena = arena};
    size_t from = 0;
    bool endless[G_N_ELEMENTS(BLOCKS)] = {false}; /* from here on that end does not stand */
    for (size_t i = 0; i < text.len;) {
        size_t skip = 0;
        for (size_t b = 0; text.at[i] == '<' && !skip && b < G_N_ELEMENTS(BLOCKS); b++) {
            Str rest = str_sub(text, i, text.len);
            size_t end;
            if (endless[b] || rest.len < BLOCKS[b][0].len ||
                memcmp(rest.at, BLOCKS[b][0].at, BLOCKS[b][0].len))
                continue;
            Str behind = str_sub(rest, BLOCKS[b][0].len, rest.len);
            endless[b] = !str_find(behind, BLOCKS[b][1], &end);
            if (!endless[b])
                skip = BLOCKS[b][0].len + end + BLOCKS[b][1].len;
        }
        if (skip) {
            buf_add(&out, text.at + from, i - from);
            from = i + skip;
        }
        i += MAX(skip, (size_t)1);
    }
    if (from == 0)
        return text;
    buf_add(&out, text.at + from, text.len - from);
    return buf_str(&out);
}

static bool
strip_html_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    Str text = cut_blocks(call->arena, text_of(call, value));
    *ret = liquid_str(cut_between(call->arena, text, STR("<"), STR(">")));
    return true;
}

/* ---- table -------------------------------------------------------------------------------- */

const LiquidFilter liquid_filter_append = {
    "append", append_run, 1, 1, .type = LIQUID_TYPE_STRING, .help = "Adds text behind."};
const LiquidFilter liquid_filter_capitalize = {"capitalize", capitalize_run,
                                               .type = LIQUID_TYPE_STRING,
                                               .help = "First letter large, all others small."};
const LiquidFilter liquid_filter_downcase = {"downcase", downcase_run, .type = LIQUID_TYPE_STRING,
                                             .help = "All letters small."};
const LiquidFilter liquid_filter_lstrip = {"lstrip", lstrip_run, .type = LIQUID_TYPE_STRING,
                                           .help = "Without white space at the start."};
const LiquidFilter liquid_filter_newline_to_br = {"newline_to_br", newline_to_br_run,
                                                  .type = LIQUID_TYPE_STRING,
                                                  .help = "Puts <br /> before every line break."};
const LiquidFilter liquid_filter_prepend = {
    "prepend", prepend_run, 1, 1, .type = LIQUID_TYPE_STRING, .help = "Adds text before."};
const LiquidFilter liquid_filter_remove = {
    "remove", remove_run, 1, 1, .type = LIQUID_TYPE_STRING, .help = "Without every such text."};
const LiquidFilter liquid_filter_remove_first = {"remove_first",
                                                 remove_first_run,
                                                 1,
                                                 1,
                                                 .type = LIQUID_TYPE_STRING,
                                                 .help = "Without the first such text."};
const LiquidFilter liquid_filter_remove_last = {"remove_last",
                                                remove_last_run,
                                                1,
                                                1,
                                                .type = LIQUID_TYPE_STRING,
                                                .help = "Without the last such text."};
const LiquidFilter liquid_filter_replace = {
    "replace", replace_run, 1, 2, .type = LIQUID_TYPE_STRING, .help = "One text for another."};
const LiquidFilter liquid_filter_replace_first = {"replace_first",
                                                  replace_first_run,
                                                  1,
                                                  2,
                                                  .type = LIQUID_TYPE_STRING,
                                                  .help =
                                                      "One text for another, the first time only."};
const LiquidFilter liquid_filter_replace_last = {"replace_last",
                                                 replace_last_run,
                                                 2,
                                                 2,
                                                 .type = LIQUID_TYPE_STRING,
                                                 .help =
                                                     "One text for another, the last time only."};
const LiquidFilter liquid_filter_rstrip = {"rstrip", rstrip_run, .type = LIQUID_TYPE_STRING,
                                           .help = "Without white space at the end."};
const LiquidFilter liquid_filter_squish = {"squish", squish_run, .type = LIQUID_TYPE_STRING,
                                           .help = "All white space as single spaces."};
const LiquidFilter liquid_filter_strip = {"strip", strip_run, .type = LIQUID_TYPE_STRING,
                                          .help = "Without white space around it."};
const LiquidFilter liquid_filter_strip_html = {
    "strip_html", strip_html_run, .type = LIQUID_TYPE_STRING, .help = "Without HTML tags."};
const LiquidFilter liquid_filter_strip_newlines = {"strip_newlines", strip_newlines_run,
                                                   .type = LIQUID_TYPE_STRING,
                                                   .help = "Without line breaks."};
const LiquidFilter liquid_filter_upcase = {"upcase", upcase_run, .type = LIQUID_TYPE_STRING,
                                           .help = "All letters large."};
