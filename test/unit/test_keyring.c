/* The key file: made once, whole, and refused when others can read it. */
#include "check.h"

#include "engine/keyring.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct Place {
    char *folder;
    char *file;
} Place;

static int
place_make(void **state)
{
    Place *place = g_new0(Place, 1);
    place->folder = g_dir_make_tmp("postlude-keyring-XXXXXX", NULL);
    place->file = g_build_filename(place->folder, "secret.key", NULL);
    *state = place;
    return 0;
}

static int
place_drop(void **state)
{
    Place *place = *state;
    g_unlink(place->file);
    int left = g_rmdir(place->folder); /* fails if a file of another name was left there */
    g_free(place->file);
    g_free(place->folder);
    g_free(place);
    return left;
}

static void
refused(const char *path, ErrorCode code)
{
    g_autoptr(GError) error = NULL;
    assert_null(keyring_open(path, &error));
    assert_true(error_is(error, code));
    assert_non_null(strstr(error->message, path));
}

static void
put(const char *path, const char *text)
{
    g_unlink(path);
    FILE *file = fopen(path, "w");
    assert_int_equal(fchmod(fileno(file), 0600), 0);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void
a_fresh_key_is_for_our_eyes_only_and_opens_again(void **state)
{
    const Place *place = *state;
    struct stat status;
    assert_true(keyring_make(place->file, NULL));
    assert_int_equal(stat(place->file, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(status.st_size, 65);
    assert_int_equal(status.st_nlink, 1);

    g_autoptr(Keyring) one = keyring_open(place->file, NULL), two = keyring_open(place->file, NULL);
    assert_non_null(one);
    assert_string_equal(one->fingerprint, two->fingerprint);
    assert_int_equal(strlen(one->fingerprint), 16);
    assert_memory_equal(&one->columns, &two->columns, sizeof one->columns);
    uint8_t tag[DIGEST_BYTES];
    size_t len = hmac_make(one->links, STR("order"), tag);
    assert_true(hmac_check(two->links, STR("order"), (Str){(char *)tag, len}));
    assert_false(hmac_check(two->mail, STR("order"), (Str){(char *)tag, len}));
}

static void
a_key_is_never_replaced(void **state)
{
    const Place *place = *state;
    g_autoptr(GError) error = NULL;
    assert_true(keyring_make(place->file, NULL));
    g_autoptr(Keyring) before = keyring_open(place->file, NULL);
    assert_false(keyring_make(place->file, &error));
    assert_true(error_is(error, ERR_CONFLICT));
    g_autoptr(Keyring) after = keyring_open(place->file, NULL);
    assert_string_equal(before->fingerprint, after->fingerprint);
}

static void
a_file_that_others_can_read_is_refused(void **state)
{
    const Place *place = *state;
    static const struct {
        mode_t mode;
        bool fine;
    } rows[] = {{0600, true},  {0400, true},  {0440, true},  {0640, true},  {0644, false},
                {0604, false}, {0660, false}, {0606, false}, {0601, false}, {0777, false}};
    assert_true(keyring_make(place->file, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        assert_int_equal(g_chmod(place->file, rows[i].mode), 0);
        if (!rows[i].fine) {
            refused(place->file, ERR_CONFIG);
            continue;
        }
        g_autoptr(Keyring) keyring = keyring_open(place->file, NULL);
        assert_non_null(keyring);
    }
}

static void
what_holds_no_key_is_refused(void **state)
{
    const Place *place = *state;
    static const char digits[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    static const char *const contents[] = {
        "", "\n", "0001\n", "%s0", "%s\n\n", " %s\n", "%s\r\n", "x%s", "%s\nmore",
    };
    refused(place->file, ERR_NOT_FOUND);
    refused(place->folder, ERR_CONFIG);
    for (size_t i = 0; i < G_N_ELEMENTS(contents); i++) {
        g_auto(GStrv) parts = g_strsplit(contents[i], "%s", 2);
        g_autofree char *text = g_strjoinv(digits, parts);
        put(place->file, text);
        refused(place->file, ERR_CONFIG);
    }
    /* With and without a newline; the fingerprint is that of test_seal's master key:
     * hashlib.blake2b(b"", digest_size=32, key=bytes(range(32)), salt=struct.pack("<Q", 1) +
     *                 bytes(8), person=b"finger.." + bytes(8)).hexdigest()[:16] */
    for (int newline = 0; newline < 2; newline++) {
        g_autofree char *text = g_strconcat(digits, newline ? "\n" : "", NULL);
        put(place->file, text);
        g_autoptr(Keyring) keyring = keyring_open(place->file, NULL);
        assert_non_null(keyring);
        assert_string_equal(keyring->fingerprint, "4d3a435364eef92d");
    }
}

static void
a_folder_that_cannot_be_written_says_so(void **state)
{
    g_autoptr(GError) error = NULL;
    assert_false(keyring_make("/nowhere/secret.key", &error));
    assert_true(error_is(error, ERR_IO));
    assert_non_null(strstr(error->message, "/nowhere/secret.key"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_fresh_key_is_for_our_eyes_only_and_opens_again,
                                        place_make, place_drop),
        cmocka_unit_test_setup_teardown(a_key_is_never_replaced, place_make, place_drop),
        cmocka_unit_test_setup_teardown(a_file_that_others_can_read_is_refused, place_make,
                                        place_drop),
        cmocka_unit_test_setup_teardown(what_holds_no_key_is_refused, place_make, place_drop),
        cmocka_unit_test(a_folder_that_cannot_be_written_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
