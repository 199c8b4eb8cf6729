/* test_asset.c - what is built into the program is what lies in the tree. Runs from the project's
 * root. */
#include "check.h"

#include "engine/asset.h"

static void
test_the_bytes_are_the_files(void **state)
{
    assert_true(asset_count() > 0);
    for (size_t i = 0; i < asset_count(); i++) {
        const Asset *asset = asset_nth(i);
        g_autofree char *bytes = NULL;
        gsize len;
        assert_true(g_file_get_contents(asset->name, &bytes, &len, NULL));
        assert_int_equal(asset->bytes.len, len);
        assert_memory_equal(asset->bytes.at, bytes, len);
        assert_int_equal(asset->bytes.at[len], '\0');

        g_autofree char *digest =
            g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)bytes, len);
        digest[16] = '\0';
        assert_string_equal(asset->hash, digest);
        assert_ptr_equal(asset_find(asset->name), asset);
        assert_non_null(strchr(asset->type, '/'));
    }
}

static void
test_folders_are_runs(void **state)
{
    size_t all = 0, first;
    const char *folders[] = {"ui/", "i18n/", "journeys/", "sql/schema/"};
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
        size_t count = asset_below(folders[i], &first);
        for (size_t at = first; at < first + count; at++)
            assert_true(g_str_has_prefix(asset_nth(at)->name, folders[i]));
        all += count;
    }
    assert_int_equal(all, asset_count());
    assert_int_equal(asset_below("nothing/", &first), 0);
}

static void
test_what_is_not_there(void **state)
{
    assert_null(asset_find("ui/none.liquid"));
    assert_null(asset_find(""));
    assert_null(asset_find("sql/schema"));
    assert_null(asset_find("src/main.c"));
    assert_int_equal(asset_get("ui/none.liquid").len, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_bytes_are_the_files),
        cmocka_unit_test(test_folders_are_runs),
        cmocka_unit_test(test_what_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
