/* domain.c - host names. */
#include "base/domain.h"
#include "base/text.h"

#include <string.h>

enum {
    LABEL_BYTES_MOST = 63,                   /* RFC 1035 2.3.4 */
    TEXT_BYTES_MOST = 4 * DOMAIN_BYTES_MOST, /* before it is punycode */
};

/* ---- ASCII ----------------------------------------------------------------------------------- */

bool
domain_label_valid(Str label)
{
    if (label.len == 0 || label.len > LABEL_BYTES_MOST)
        return false;
    if (label.at[0] == '-' || label.at[label.len - 1] == '-')
        return false;
    for (size_t i = 0; i < label.len; i++) {
        if (!g_ascii_isalnum(label.at[i]) && label.at[i] != '-')
            return false;
    }
    return true;
}

static bool
domain_valid(Str domain)
{
    Str rest = domain, label = {0};
    if (domain.len == 0 || domain.len > DOMAIN_BYTES_MOST)
        return false;
    bool number = true;
    while (str_split(&rest, '.', &label)) {
        if (!domain_label_valid(label))
            return false;
        number = true;
        for (size_t i = 0; i < label.len; i++)
            number = number && g_ascii_isdigit(label.at[i]);
    }
    /* No top-level domain is a number: this is somebody's 192.0.2.1. */
    return !number;
}

/* ---- punycode -------------------------------------------------------------------------------- */

enum { /* RFC 3492 5 */
       PUNY_BASE = 36,
       PUNY_LEAST = 1,
       PUNY_MOST = 26,
       PUNY_SKEW = 38,
       PUNY_DAMP = 700,
       PUNY_BIAS = 72,
       PUNY_FIRST = 128,
};

static uint32_t
puny_adapt(uint32_t delta, uint32_t count, bool first)
{
    uint32_t k = 0;
    delta = first ? delta / PUNY_DAMP : delta / 2;
    delta += delta / count;
    for (; delta > (PUNY_BASE - PUNY_LEAST) * PUNY_MOST / 2; k += PUNY_BASE)
        delta /= PUNY_BASE - PUNY_LEAST;
    return k + (PUNY_BASE - PUNY_LEAST + 1) * delta / (delta + PUNY_SKEW);
}

static void
puny_add_number(Buf *out, uint32_t number, uint32_t bias)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    for (uint32_t k = PUNY_BASE;; k += PUNY_BASE) {
        uint32_t least = k <= bias ? PUNY_LEAST : MIN(k - bias, (uint32_t)PUNY_MOST);
        if (number < least)
            break;
        buf_add_char(out, digits[least + (number - least) % (PUNY_BASE - least)]);
        number = (number - least) / (PUNY_BASE - least);
    }
    buf_add_char(out, digits[number]);
}

/* RFC 3492 6.3. The text is bounded, so nothing can overflow: 2^21 * 1012 < 2^32. */
static void
puny_add(Buf *out, const gunichar *codes, uint32_t count)
{
    uint32_t basic = 0, done, next = PUNY_FIRST, delta = 0, bias = PUNY_BIAS;
    for (uint32_t i = 0; i < count; i++) {
        if (codes[i] < PUNY_FIRST) {
            buf_add_char(out, (char)codes[i]);
            basic++;
        }
    }
    if (basic)
        buf_add_char(out, '-');
    for (done = basic; done < count; next++, delta++) {
        uint32_t least = UINT32_MAX;
        for (uint32_t i = 0; i < count; i++)
            least = codes[i] >= next ? MIN(least, codes[i]) : least;
        delta += (least - next) * (done + 1);
        next = least;
        for (uint32_t i = 0; i < count; i++) {
            delta += codes[i] < next;
            if (codes[i] != next)
                continue;
            puny_add_number(out, delta, bias);
            bias = puny_adapt(delta, done + 1, done == basic);
            delta = 0;
            done++;
        }
    }
}

/* ---- other scripts ---------------------------------------------------------------------------- */

#define SHARP_S     "\xc3\x9f"
#define FINAL_SIGMA "\xcf\x82"
#define SIGMA       "\xcf\x83"
#define NON_JOINER  "\xe2\x80\x8c"
#define JOINER      "\xe2\x80\x8d"

/* A label with a letter that the two rules treat differently. GLib still says whether the rest of
 * it is allowed: by looking at the label with what the old rules would have made of it. */
static bool
domain_add_deviating(Buf *out, const char *label)
{
    g_auto(GStrv) without_sharp = g_strsplit(label, SHARP_S, -1);
    g_autofree char *half = g_strjoinv("ss", without_sharp);
    g_auto(GStrv) without_final = g_strsplit(half, FINAL_SIGMA, -1);
    g_autofree char *old = g_strjoinv(SIGMA, without_final);
    g_autofree char *allowed = g_hostname_to_ascii(old);
    glong count = 0;
    g_autofree gunichar *codes = g_utf8_to_ucs4(label, -1, NULL, &count, NULL);
    if (!allowed || !codes)
        return false;
    buf_add_cstr(out, "xn--");
    puny_add(out, codes, (uint32_t)count);
    return true;
}

/* Letter by letter: GLib's function for whole texts knows that a last sigma is final, and a domain
 * must not. */
static char *
domain_lower(const char *text)
{
    g_autoptr(GString) lower = g_string_new(NULL);
    for (const char *at = text; *at; at = g_utf8_next_char(at))
        g_string_append_unichar(lower, g_unichar_tolower(g_utf8_get_char(at)));
    return g_utf8_normalize(lower->str, -1, G_NORMALIZE_NFC);
}

/* The domain, label by label, as punycode. False if GLib refuses one. */
static bool
domain_add_international(Buf *out, const char *text)
{
    g_autofree char *lower = domain_lower(text);
    g_auto(GStrv) labels = g_strsplit(lower, ".", -1);
    for (size_t i = 0; labels[i]; i++) {
        if (i)
            buf_add_char(out, '.');
        if (strstr(labels[i], SHARP_S) || strstr(labels[i], FINAL_SIGMA)) {
            if (!domain_add_deviating(out, labels[i]))
                return false;
            continue;
        }
        g_autofree char *ascii = g_hostname_to_ascii(labels[i]);
        if (!ascii)
            return false;
        buf_add_cstr(out, ascii);
    }
    return true;
}

/* ---- both -------------------------------------------------------------------------------------- */

bool
domain_parse(Arena *arena, Str text, Str *ret, GError **error)
{
    char *shown = arena_cstr(arena, text_line(arena, text, DOMAIN_BYTES_MOST));
    if (text.len > TEXT_BYTES_MOST || !text_valid(text) || text_has(text, 0))
        return fail(error, ERR_INPUT, "\"%s\" is no domain: too long, or not UTF-8", shown);
    Str domain = text_lower(arena, text);
    if (!text_ascii(domain)) {
        Buf ascii = {.arena = arena};
        if (strstr(domain.at, JOINER) || strstr(domain.at, NON_JOINER))
            return fail(error, ERR_INPUT, "write the domain \"%s\" in its xn-- form", shown);
        if (!domain_add_international(&ascii, domain.at))
            return fail(error, ERR_INPUT, "\"%s\" is no domain", shown);
        domain = text_lower(arena, buf_str(&ascii));
    }
    if (!domain_valid(domain))
        return fail(error, ERR_INPUT, "\"%s\" is no domain", shown);
    *ret = domain;
    return true;
}
