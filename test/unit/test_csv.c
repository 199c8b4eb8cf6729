/* Tables: every oddity of csv-spectrum, what spreadsheets add to it, what is broken, in pieces of any length. */
#include "check.h"

#include "base/charset.h"
#include "base/csv.h"
#include "base/json.h"
#include "base/limits.h"

#include <glib/gstdio.h>

typedef struct Pieces {
    Str text;
    size_t at;
    size_t piece; /* bytes a read gives at most */
} Pieces;

static bool
pieces_read(void *arg, char *to, size_t room, size_t *ret_len, GError **error)
{
    Pieces *pieces = arg;
    size_t len = MIN(MIN(room, pieces->piece), pieces->text.len - pieces->at);
    if (len)
        memcpy(to, pieces->text.at + pieces->at, len);
    pieces->at += len;
    *ret_len = len;
    return true;
}

/* All records as `LINE:field|field` lines, problems as `LINE!words`. */
static char *
read_all(Str text, size_t piece, char delimiter, char *ret_delimiter)
{
    Pieces pieces = {.text = text, .piece = piece};
    CsvSource source = {pieces_read, &pieces};
    g_autoptr(CsvReader) reader = csv_new(&source, delimiter);
    GString *out = g_string_new(NULL);
    CsvRecord record;
    while (csv_next(reader, &record)) {
        g_string_append_printf(out, "%" G_GINT64_FORMAT "%s", record.line,
                               record.problem ? "!" : ":");
        for (size_t i = 0; i < record.count && !record.problem; i++)
            g_string_append_printf(out, "%s" STR_FMT, i ? "|" : "", STR_ARG(record.fields[i]));
        g_string_append_printf(out, "%s\n", record.problem ? record.problem : "");
    }
    assert_true(csv_ok(reader, NULL));
    if (ret_delimiter)
        *ret_delimiter = csv_delimiter(reader);
    return g_string_free(out, FALSE);
}

static void
reads(const char *text, const char *expected)
{
    const size_t sizes[] = {1 << 20, 1, 2, 3, 7};
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        /* What separates is found out from what came with the first read. */
        g_autofree char *got = read_all(str_of(text), sizes[i], i ? ',' : 0, NULL);
        assert_string_equal(got, expected);
    }
}

/* ---- csv-spectrum ------------------------------------------------------------------------------------ */

static void
spectrum_case(const char *folder, const char *name)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    g_autofree char *csv_path = g_strdup_printf("%s/csvs/%s.csv", folder, name);
    g_autofree char *json_path = g_strdup_printf("%s/json/%s.json", folder, name);
    g_autofree char *text = NULL, *expected = NULL;
    gsize text_len, expected_len;
    assert_true(g_file_get_contents(csv_path, &text, &text_len, NULL));
    assert_true(g_file_get_contents(json_path, &expected, &expected_len, NULL));
    const Json *list = json_parse(arena, expected, expected_len, NULL);
    Pieces pieces = {.text = {text, text_len}, .piece = 5};
    CsvSource source = {pieces_read, &pieces};
    g_autoptr(CsvReader) reader = csv_new(&source, ',');
    CsvRecord record;
    Str header[16];
    assert_true(csv_next(reader, &record));
    size_t columns = record.count;
    for (size_t i = 0; i < columns; i++)
        header[i] = arena_copy(arena, record.fields[i]);
    size_t row = 0;
    for (; csv_next(reader, &record); row++) {
        assert_null(record.problem);
        assert_int_equal(record.count, columns);
        for (size_t i = 0; i < columns; i++)
            assert_true(
                str_eq(record.fields[i], json_text(json_find(json_nth(list, row), header[i]))));
    }
    assert_true(csv_ok(reader, NULL));
    assert_int_equal(row, json_len(list));
}

static void
spectrum(void **state)
{
    const char *folder = "../shared/data/csv_spectrum";
    static const char *const names[] = {"comma_in_quotes",
                                        "empty",
                                        "empty_crlf",
                                        "escaped_quotes",
                                        "json",
                                        "newlines",
                                        "newlines_crlf",
                                        "quotes_and_newlines",
                                        "simple",
                                        "simple_crlf",
                                        "utf8"};
    if (!g_file_test(folder, G_FILE_TEST_IS_DIR)) {
        print_message("csv_spectrum is not there\n");
        skip();
    }
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        spectrum_case(folder, names[i]);
}

/* ---- what is found ------------------------------------------------------------------------------------- */

static void
line_ends(void **state)
{
    reads("a,b\n1,2\n", "1:a|b\n2:1|2\n");
    reads("a,b\r\n1,2\r\n", "1:a|b\n2:1|2\n");
    reads("a,b\r1,2\r", "1:a|b\n2:1|2\n");
    reads("a,b\n\n\n1,2", "1:a|b\n4:1|2\n");
    reads("a,b,\n", "1:a|b|\n");
    reads("", "");
    reads("\n\r\n", "");
}

static void
quotes(void **state)
{
    reads("\"a\",\"b \"\"x\"\"\"\n", "1:a|b \"x\"\n");
    reads("\"a\"b,c\n", "1:ab|c\n");
    reads("a\"b,c\n", "1:a\"b|c\n");
    reads("\"\"\n", "1:\n");
    reads("\"\",\"\"", "1:|\n");
    reads("\"one\r\ntwo\",x\nlast,y\n", "1:one\r\ntwo|x\n3:last|y\n");
    reads("a,\"b\nc\nd\n", "1!a quote is opened and never closed\n2:c\n3:d\n");
}

static void
delimiters(void **state)
{
    static const struct {
        const char *text;
        char delimiter;
    } cases[] = {
        {"a,b\n1,2\n", ','},
        {"a;b\n1,5;2,5\n3,5;4\n", ';'},
        {"a\tb\n1,2\t3\n", '\t'},
        {"a|b\n1|2\n", '|'},
        {"a;\"b,c,d,e\"\n1;2\n", ';'},
        {"sep=;\na;b\n", ';'},
        {"sep=|\r\na,b|c,d\n", '|'},
        {"alone\nx\n", ','},
        {"Name,Notes\n#1,\"a;b;c;d;e;f\"\n", ','},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char found;
        g_free(read_all(str_of(cases[i].text), 1 << 20, 0, &found));
        assert_int_equal(found, cases[i].delimiter);
    }
    char found;
    g_autofree char *got = read_all(STR("sep=;\r\na;b\r\n"), 1 << 20, 0, &found);
    assert_string_equal(got, "2:a|b\n");
}

/* One line too long, one record with too many fields, one quote that swallows the rest: each costs a line. */
static void
bounds(void **state)
{
    g_autoptr(GString) text = g_string_new("a,b\n");
    for (int i = 0; i < 3 * LIMIT_CSV_RECORD_BYTES / 10; i++)
        g_string_append(text, "0123456789");
    g_string_append(text, "\n1,2\n");
    for (int i = 0; i < LIMIT_CSV_FIELDS + 1; i++)
        g_string_append(text, "x,");
    g_string_append(text, "\n3,4\n");
    g_autofree char *got = read_all((Str){text->str, text->len}, 65536, ',', NULL);
    assert_string_equal(got, "1:a|b\n2!the record is longer than a table's ever is\n3:1|2\n"
                             "4!more fields than a table has\n5:3|4\n");
}

static void
writing(void **state)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    Buf buf = {.arena = arena};
    const Str odd[] = {STR("a,b"), STR("say \"hi\""), STR("two\nlines"), STR(""), STR("plain")};
    csv_write(&buf, odd, G_N_ELEMENTS(odd), ',');
    csv_write(&buf, &odd[3], 1, ',');
    assert_string_equal(buf_cstr(&buf), "\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",,plain\n\"\"\n");
}

/* ---- encodings -------------------------------------------------------------------------------------------- */

static Charset
guessed(Str bytes, size_t piece)
{
    CharsetGuess guess = {0};
    for (size_t i = 0; i < bytes.len; i += piece)
        charset_look(&guess, str_sub(bytes, i, piece));
    return charset_decide(&guess);
}

static char *
decoded(Charset charset, Str bytes, size_t piece)
{
    CharsetDecoder decoder = {.charset = charset};
    GString *out = g_string_new(NULL);
    char to[4096];
    for (size_t i = 0; i < bytes.len; i += piece) {
        Str part = str_sub(bytes, i, piece);
        must(charset_room(part.len) <= sizeof to);
        size_t len = charset_decode(&decoder, part, i + piece >= bytes.len, to);
        g_string_append_len(out, to, (gssize)len);
    }
    return g_string_free(out, FALSE);
}

static void
encodings(void **state)
{
    static const struct {
        Str bytes;
        Charset charset;
        const char *text;
    } cases[] = {
        {{"Gr\xc3\xbc\xc3\x9f\x65 \xf0\x9f\x91\xa2", 13}, CHARSET_UTF8, "Grüße 👢"},
        {{"\xef\xbb\xbf"
          "a,b",
          6},
         CHARSET_UTF8,
         "a,b"},
        {{"Gr\xfc\xdf\x65 \x80 5, \x93x\x94", 15}, CHARSET_WINDOWS_1252, "Grüße € 5, “x”"},
        {{"\xff\xfe\x61\0\xfc\0\x3d\xd8\x62\xdc", 10}, CHARSET_UTF16LE, "aü👢"},
        {{"\xfe\xff\0\x61\0\xfc\xd8\x3d\xdc\x62", 10}, CHARSET_UTF16BE, "aü👢"},
        {{"a\0,\0b\0\n\0", 8}, CHARSET_UTF16LE, "a,b\n"},
        {{"caf\xc3", 4}, CHARSET_WINDOWS_1252, "cafÃ"},
    };
    const size_t pieces[] = {1000, 3, 4, 5};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        for (size_t p = 0; p < G_N_ELEMENTS(pieces); p++) {
            if (pieces[p] < 4 && cases[i].charset >= CHARSET_UTF16LE)
                continue; /* a mark is looked for in the first piece */
            g_autofree char *text = decoded(cases[i].charset, cases[i].bytes, pieces[p]);
            assert_string_equal(text, cases[i].text);
            if (pieces[p] > 3)
                assert_int_equal(guessed(cases[i].bytes, pieces[p] < 8 ? 8 : 1000),
                                 cases[i].charset);
        }
    g_autofree char *bad = decoded(CHARSET_UTF8, (Str){"a\xff\xc3(b\xe2\x82", 7}, 2);
    assert_string_equal(bad, "a\xef\xbf\xbd\xef\xbf\xbd(b\xef\xbf\xbd");
    g_autofree char *latin9 = decoded(CHARSET_ISO_8859_15, STR("\xa4\xbd"), 9);
    assert_string_equal(latin9, "€œ");
}

static void
encoding_names(void **state)
{
    Charset charset = CHARSET_UTF8;
    g_autoptr(GError) error = NULL;
    assert_true(charset_find(STR("ISO-8859-1"), &charset, NULL));
    assert_int_equal(charset, CHARSET_WINDOWS_1252);
    assert_true(charset_find(STR("utf_16"), &charset, NULL));
    assert_int_equal(charset, CHARSET_UTF16LE);
    assert_false(charset_find(STR("klingon"), &charset, &error));
    assert_non_null(strstr(error->message, "windows-1252"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spectrum),   cmocka_unit_test(line_ends),      cmocka_unit_test(quotes),
        cmocka_unit_test(delimiters), cmocka_unit_test(bounds),         cmocka_unit_test(writing),
        cmocka_unit_test(encodings),  cmocka_unit_test(encoding_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
