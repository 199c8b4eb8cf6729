/* reply.c - the new words of an answer: without what it quotes, and without a signature.
 *
 * Nobody marks quotations in a way that all keep to, so this looks for what they have in common, in any language:
 *
 *   > at the start of lines              what stands between such lines is new (answers in between)
 *   a line with a date or an address, ending in a colon, above such lines        "On 3 May Ana wrote:"
 *   a rule with words in it              "-----Original Message-----", "---- Ursprüngliche Nachricht ----"
 *   three lines in a row that look like a header                                 "From: ... Sent: ... To: ..."
 *
 * and, where no quoted line follows, for the word that says "wrote". When in doubt words stay: to show too much is
 * a nuisance, to lose a customer's sentence is not to be forgiven.
 */
#include "plug/inbound/inbound_inside.h"

#include "base/text.h"

#include <string.h>

enum {
    LINES_MOST = 5000,
    INTRO_LINES_MOST = 4, /* "On ... wrote:" folded by mail programs */
    INTRO_BYTES_MOST = 400,
    CONTACT_LINES_MOST = 14, /* of a signature that has no mark */
};

typedef enum LineKind { LINE_TEXT, LINE_BLANK, LINE_QUOTE, LINE_GONE } LineKind;

typedef struct ReplyLines {
    Arena *arena;
    Str line[LINES_MOST];
    LineKind kind[LINES_MOST];
    size_t count;
} ReplyLines;

/* "wrote", as mail programs end their introductions in it. */
static const char *const wrote_words[] = {
    "wrote",       "writes",   "schrieb",    "geschrieben", "a écrit", "écrit",
    "escribió",    "escribio", "escreveu",   "ha scritto",  "scrive",  "schreef",
    "geschreven",  "skrev",    "kirjoitti",  "napisał",     "napísal", "napsal",
    "написал",     "пишет",    "пише",       "написа",      "yazdı",   "şunları yazdı",
    "írta",        "a scris",  "έγραψε",     "كتب",         "כתב",     "写道",
    "寫道",        "のメール", "書きました", "작성",        "viết",    "menulis",
    "va escriure",
};

/* Names of the fields that programs put above what they quote. */
static const char *const header_words[] = {
    "from",
    "sent",
    "to",
    "cc",
    "subject",
    "date",
    "reply-to",
    "importance",
    "von",
    "gesendet",
    "an",
    "betreff",
    "datum",
    "de",
    "envoyé",
    "date d'envoi",
    "à",
    "objet",
    "enviado",
    "enviado el",
    "para",
    "asunto",
    "fecha",
    "da",
    "inviato",
    "a",
    "oggetto",
    "data",
    "van",
    "verzonden",
    "aan",
    "onderwerp",
    "assunto",
    "från",
    "skickat",
    "till",
    "ämne",
    "fra",
    "sendt",
    "til",
    "emne",
    "lähettäjä",
    "lähetetty",
    "vastaanottaja",
    "aihe",
    "od",
    "wysłano",
    "do",
    "temat",
    "odesláno",
    "komu",
    "předmět",
    "feladó",
    "küldve",
    "címzett",
    "tárgy",
    "от",
    "от кого",
    "отправлено",
    "кому",
    "тема",
    "дата",
    "kimden",
    "gönderilme",
    "kime",
    "konu",
    "من",
    "إلى",
    "الموضوع",
    "تاريخ",
    "تاريخ الإرسال",
    "مأخذ",
    "发件人",
    "发送时间",
    "收件人",
    "主题",
    "差出人",
    "送信日時",
    "宛先",
    "件名",
    "expéditeur",
    "destinataire",
    "remitente",
    "destinatario",
    "mittente",
    "remetente",
    "destinatário",
    "enviada em",
};

/* Signatures that telephones and programs write by themselves; each at the start of a short line. */
static const char *const device_words[] = {
    "sent from my ",
    "sent from yahoo",
    "sent from mail for",
    "sent from outlook",
    "sent via ",
    "sent with ",
    "sent using ",
    "get outlook for ",
    "von meinem ",
    "gesendet mit",
    "gesendet von",
    "envoyé de mon",
    "envoyé depuis",
    "enviado desde",
    "enviado do meu",
    "enviado de mi",
    "inviato da",
    "verstuurd vanaf",
    "verzonden vanaf",
    "skickat från",
    "sendt fra",
    "lähetetty",
    "wysłane z",
    "отправлено с",
    "отправлено из",
    "أُرسلت من",
    "أرسلت من",
    "从我的",
    "发自我的",
    "iphoneから送信",
    "diese nachricht wurde von meinem",
    "via mobile",
    "télécharger outlook",
    "obtener outlook",
    "sent from a",
};

/* ---- lines -------------------------------------------------------------------------------------- */

static LineKind
line_kind(Str line)
{
    Str words = str_trim(line);
    if (!words.len)
        return LINE_BLANK;
    return words.at[0] == '>' && line.len - words.len < 8 ? LINE_QUOTE : LINE_TEXT;
}

static void
lines_read(ReplyLines *lines, Str text)
{
    while (text.at && lines->count < LINES_MOST) {
        Str *line = &lines->line[lines->count];
        /* What is beyond is one line more. */
        if (lines->count + 1 == LINES_MOST) {
            *line = text;
            text = (Str){0};
        } else {
            str_split(&text, '\n', line);
        }
        lines->kind[lines->count++] = line_kind(*line);
    }
}

static void
lines_drop(ReplyLines *lines, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        lines->kind[i] = LINE_GONE;
}

static size_t
next_said(const ReplyLines *lines, size_t from)
{
    while (from < lines->count && lines->kind[from] == LINE_BLANK)
        from++;
    return from;
}

static bool
has_digit(Str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (g_ascii_isdigit(text.at[i]))
            return true;
    return false;
}

static size_t
run_of(Str text, const char *bytes)
{
    size_t count = 0;
    while (count < text.len && strchr(bytes, text.at[count]))
        count++;
    return count;
}

/* ---- where an older mail begins ------------------------------------------------------------------ */

/* A rule with words in it: four dashes or more, words, dashes. */
static bool
line_is_titled_rule(Str line)
{
    line = str_trim(line);
    size_t start = run_of(line, "-_=");
    if (start < 4 || start == line.len || line.len > 120)
        return false;
    size_t end = line.len;
    while (end > start && strchr("-_=", line.at[end - 1]))
        end--;
    return line.len - end >= 3 && str_trim(str_sub(line, start, end - start)).len >= 3;
}

/* Names a field of a header: "*From:* Ana", "Gesendet: ...". */
static bool
line_is_field(Arena *arena, Str line)
{
    line = str_trim(line);
    while (line.len && strchr("*> ", line.at[0]))
        line = str_sub(line, 1, line.len);
    Str rest = line, name;
    if (!str_split(&rest, ':', &name) || !rest.at || name.len > 40)
        return false;
    while (name.len && strchr("* ", name.at[name.len - 1]))
        name.len--;
    if (str_ends(name, "\xc2\xa0"))
        name.len -= 2;
    g_autofree char *small = g_utf8_strdown(name.at ? name.at : "", (gssize)name.len);
    for (size_t i = 0; i < G_N_ELEMENTS(header_words); i++)
        if (strcmp(small, header_words[i]) == 0)
            return true;
    (void)arena;
    return false;
}

/* A header as programs put it above a mail they quote: three fields, and an address or a date in them. */
static bool
header_stands(const ReplyLines *lines, size_t from)
{
    size_t fields = 0;
    bool data = false;
    if (lines->kind[from] != LINE_TEXT || !line_is_field(lines->arena, lines->line[from]))
        return false;
    for (size_t i = from; i < lines->count && i < from + 10 && fields < 3; i++) {
        if (lines->kind[i] == LINE_BLANK)
            continue;
        bool field = line_is_field(lines->arena, lines->line[i]);
        /* A long list of recipients goes on in the next line. */
        if (!field && i > from && !text_has(lines->line[i], '@') && !text_has(lines->line[i], ';'))
            return false;
        fields += field;
        data |= has_digit(lines->line[i]) || text_has(lines->line[i], '@');
    }
    return fields >= 3 && data;
}

static bool
says_wrote(Str text)
{
    for (size_t i = 0; i < G_N_ELEMENTS(wrote_words); i++)
        if (scan_has_nocase(text, wrote_words[i]))
            return true;
    return false;
}

static bool
ends_in_colon(Str text)
{
    return str_ends(text, ":") || str_ends(text, "：");
}

/* Is the paragraph's piece of `count` lines an introduction? Above quoted lines a date or an address and a colon do,
 * without them it takes the word as well. */
static bool
intro_stands(const ReplyLines *lines, size_t from, size_t count)
{
    Buf buf = {.arena = lines->arena};
    for (size_t i = from; i < from + count; i++) {
        if (lines->kind[i] != LINE_TEXT)
            return false;
        buf_add_str(&buf, str_trim(lines->line[i]));
        buf_add_char(&buf, ' ');
    }
    Str text = str_trim(buf_str(&buf));
    while (text.len && strchr("*_ ", text.at[text.len - 1]))
        text.len--;
    if (text.len > INTRO_BYTES_MOST)
        return false;
    size_t next = next_said(lines, from + count);
    bool quoted = next < lines->count && lines->kind[next] == LINE_QUOTE;
    bool told = has_digit(text) || text_has(text, '@');
    bool bracketed = text_has(text, '<') && text_has(text, '@') && has_digit(text);
    if (quoted && told && (ends_in_colon(text) || bracketed))
        return true;
    if (!ends_in_colon(text) || !says_wrote(text))
        return false;
    return quoted || (told && text.len < INTRO_BYTES_MOST / 2);
}

static size_t
intro_at(const ReplyLines *lines, size_t from)
{
    /* Longer ones first would eat the sentence above; a line that is none by itself may begin one. */
    for (size_t count = 1; count <= INTRO_LINES_MOST && from + count <= lines->count; count++) {
        if (lines->kind[from + count - 1] != LINE_TEXT)
            break;
        bool begins =
            count == 1 || has_digit(lines->line[from]) || text_has(lines->line[from], '@');
        if (begins && intro_stands(lines, from, count))
            return count;
    }
    return 0;
}

static bool
line_is_rule(Str line)
{
    line = str_trim(line);
    return line.len >= 3 && run_of(line, "-_=*") == line.len;
}

/* Where the quotation begins that has its header here: with the rule above it, if there is one. */
static size_t
rule_above(const ReplyLines *lines, size_t header)
{
    size_t at = header;
    while (at > 0 && lines->kind[at - 1] == LINE_BLANK)
        at--;
    return at > 0 && lines->kind[at - 1] == LINE_TEXT && line_is_rule(lines->line[at - 1]) ? at - 1
                                                                                           : header;
}

/* Marks everything that is not new. */
static void
quotation_drop(ReplyLines *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        if (lines->kind[i] == LINE_QUOTE)
            lines->kind[i] = LINE_GONE;
        if (lines->kind[i] != LINE_TEXT)
            continue;
        if (line_is_titled_rule(lines->line[i]) || header_stands(lines, i)) {
            lines_drop(lines, rule_above(lines, i), lines->count);
            return;
        }
        size_t intro = intro_at(lines, i);
        if (!intro)
            continue;
        size_t next = next_said(lines, i + intro);
        bool quoted = next < lines->count && lines->kind[next] == LINE_QUOTE;
        lines_drop(lines, i, quoted ? i + intro : lines->count);
    }
}

/* ---- signatures ---------------------------------------------------------------------------------- */

static bool
line_is_mark(Str line)
{
    /* RFC 3676 4.3: dash dash blank; many lose the blank. Lists and Outlook write a line of underscores. */
    Str words = str_trim(line);
    return str_is(words, "--") || str_is(words, "—") ||
           (words.len >= 2 && run_of(words, "_") == words.len);
}

static bool
line_is_device(Str line)
{
    Str words = str_trim(line);
    size_t blanks = 0;
    for (size_t i = 0; i < words.len; i++)
        blanks += words.at[i] == ' ';
    if (words.len > 90 || blanks > 9)
        return false;
    /* "Sent from my desk, is much easier than ..." is a sentence. */
    const char *link = words.len ? memchr(words.at, '(', words.len) : NULL;
    Str said = str_sub(words, 0, link ? (size_t)(link - words.at) : words.len);
    if (text_has(said, ',') || (blanks > 7 && !link))
        return false;
    g_autofree char *small = g_utf8_strdown(words.at ? words.at : "", (gssize)words.len);
    for (size_t i = 0; i < G_N_ELEMENTS(device_words); i++)
        if (g_str_has_prefix(small, device_words[i]))
            return true;
    return false;
}

/* A telephone number, an address of a page or a mailbox: what people leave below their names. */
static bool
line_is_contact(Str line)
{
    size_t digits = 0, letters = 0;
    for (size_t i = 0; i < line.len; i++) {
        digits += g_ascii_isdigit(line.at[i]) != 0;
        letters += g_ascii_isalpha(line.at[i]) != 0;
    }
    if (line.len > 80)
        return false;
    bool link = scan_has_nocase(line, "www.") || scan_has_nocase(line, "://") ||
                text_has(line, '@') || scan_starts(str_trim(line), "skype");
    return link ? letters < 60 : digits >= 7 && letters <= 24;
}

/* The last line with words before `end`; the count of lines if there is none. */
static size_t
last_said(const ReplyLines *lines, size_t end)
{
    while (end-- > 0)
        if (lines->kind[end] == LINE_TEXT)
            return end;
    return lines->count;
}

/* Whether the lines from here to the end are names and ways to reach somebody. */
static bool
contacts_stand(const ReplyLines *lines, size_t from)
{
    size_t contacts = 0, said = 0;
    for (size_t i = from; i < lines->count; i++) {
        if (lines->kind[i] != LINE_TEXT)
            continue;
        if (++said > CONTACT_LINES_MOST || lines->line[i].len > 80)
            return false;
        contacts += line_is_contact(lines->line[i]);
    }
    return contacts >= 2 && contacts * 5 >= said;
}

static void
signature_drop(ReplyLines *lines)
{
    bool before = false;
    for (size_t i = 0; i < lines->count; i++) {
        bool rule = lines->kind[i] == LINE_TEXT && run_of(str_trim(lines->line[i]), "-") >= 5 &&
                    run_of(str_trim(lines->line[i]), "-") == str_trim(lines->line[i]).len;
        if (before && lines->kind[i] == LINE_TEXT &&
            (line_is_mark(lines->line[i]) || (rule && contacts_stand(lines, i + 1))))
            lines_drop(lines, i, lines->count);
        before |= lines->kind[i] == LINE_TEXT;
    }
    size_t last = last_said(lines, lines->count);
    while (last < lines->count && line_is_device(lines->line[last])) {
        lines_drop(lines, last, lines->count);
        last = last_said(lines, last);
    }
    if (last >= lines->count)
        return;
    size_t from = last;
    while (from > 0 && lines->kind[from - 1] == LINE_TEXT)
        from--;
    if (from > 0 && last_said(lines, from) < lines->count && contacts_stand(lines, from))
        lines_drop(lines, from, lines->count);
}

/* ---- the whole ----------------------------------------------------------------------------------- */

static Str
lines_join(Arena *arena, const ReplyLines *lines)
{
    Buf ret = {.arena = arena};
    size_t blanks = 0;
    for (size_t i = 0; i < lines->count; i++) {
        if (lines->kind[i] == LINE_GONE)
            blanks = MAX(blanks, 1);
        if (lines->kind[i] == LINE_BLANK)
            blanks++;
        if (lines->kind[i] != LINE_TEXT)
            continue;
        for (size_t b = 0; ret.len && b < MIN(blanks, 2); b++)
            buf_add_char(&ret, '\n');
        blanks = 0;
        buf_add_str(&ret, lines->line[i]);
        buf_add_char(&ret, '\n');
    }
    return str_trim(buf_str(&ret));
}

Str
inbound_new_text(Arena *arena, Str text)
{
    ReplyLines *lines = arena_new_of(arena, ReplyLines, 1);
    lines->arena = arena;
    lines_read(lines, text);
    quotation_drop(lines);
    signature_drop(lines);
    Str ret = lines_join(arena, lines);
    /* All of it quoted, or nothing but a signature: then that is what was written. */
    return ret.len ? ret : str_trim(text);
}
