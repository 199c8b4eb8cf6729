/* test_folder.c - the data folder: one program at a time, on a disk that remembers. */
#include "check.h"

#include "engine/folder.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <stdlib.h>
#include <unistd.h>

static char *home;

static int
home_make(void **state)
{
    home = g_strdup_printf("%s/build-test-folder-XXXXXX", g_get_tmp_dir());
    return g_mkdtemp(home) ? 0 : -1;
}

static int
home_remove(void **state)
{
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", home);
    int failed = system(command);
    g_free(home);
    return failed;
}

static const FolderOptions anywhere = {.allow_volatile = true};

static void
test_made_private_with_its_parents(void **state)
{
    g_autofree char *path = g_build_filename(home, "a", "b", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(Folder) folder = folder_open(path, &anywhere, &error);
    assert_non_null(folder);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    assert_true(g_path_is_absolute(folder_path(folder)));
    assert_false(folder_is_scratch(folder));
    assert_true(folder_check_free(folder, 1, &error));
    assert_false(folder_check_free(folder, INT64_MAX / 2, &error));
    assert_true(error_is(error, ERR_DISK_FULL));
}

static void
test_the_second_program_hears_who_holds_it(void **state)
{
    int ready[2], done[2];
    assert_int_equal(pipe(ready) | pipe(done), 0);
    pid_t holder = fork();
    if (holder == 0) {
        Folder *folder = folder_open(home, &anywhere, NULL);
        char byte = folder ? 'y' : 'n';
        (void)!write(ready[1], &byte, 1);
        (void)!read(done[0], &byte, 1);
        _exit(0);
    }
    char byte;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');

    g_autoptr(GError) error = NULL;
    assert_null(folder_open(home, &anywhere, &error));
    assert_true(error_is(error, ERR_LOCKED));
    g_autofree char *who = g_strdup_printf("in use by process %d", holder);
    assert_non_null(strstr(error->message, who));
    g_autoptr(Folder) looking = folder_open(home, &(FolderOptions){.read_only = true}, NULL);
    assert_non_null(looking);

    assert_int_equal(write(done[1], &byte, 1), 1);
    waitpid(holder, NULL, 0);
    g_autoptr(Folder) next = folder_open(home, &anywhere, NULL);
    assert_non_null(next);
}

static void
test_memory_is_no_place_for_data(void **state)
{
    struct statfs status;
    if (statfs("/dev/shm", &status) != 0 || status.f_type != 0x01021994 /* TMPFS_MAGIC */)
        skip();
    g_autofree char *path = g_strdup("/dev/shm/postlude-test-XXXXXX");
    assert_non_null(g_mkdtemp(path));
    g_autoptr(GError) error = NULL;
    assert_null(folder_open(path, &(FolderOptions){0}, &error));
    assert_true(error_is(error, ERR_CONFIG));
    assert_non_null(strstr(error->message, "tmpfs"));
    assert_non_null(strstr(error->message, "--allow-volatile"));

    g_autoptr(Folder) allowed = folder_open(path, &anywhere, NULL);
    assert_non_null(allowed);
    folder_close(g_steal_pointer(&allowed));

    g_autofree char *marker = g_build_filename(path, "scratch", NULL);
    assert_true(g_file_set_contents(marker, "", 0, NULL));
    g_autoptr(Folder) scratch = folder_open(path, &(FolderOptions){0}, NULL);
    assert_non_null(scratch);
    assert_true(folder_is_scratch(scratch));
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", path);
    assert_int_equal(system(command), 0);
}

static void
test_what_is_no_folder(void **state)
{
    g_autofree char *file = g_build_filename(home, "file", NULL);
    g_autofree char *none = g_build_filename(home, "none", NULL);
    g_autofree char *below = g_build_filename(file, "data", NULL);
    assert_true(g_file_set_contents(file, "x", 1, NULL));
    g_autoptr(GError) is_file = NULL;
    g_autoptr(GError) is_below = NULL;
    g_autoptr(GError) is_none = NULL;
    assert_null(folder_open(file, &anywhere, &is_file));
    assert_true(error_is(is_file, ERR_IO));
    assert_null(folder_open(below, &anywhere, &is_below));
    assert_true(error_is(is_below, ERR_IO));
    assert_null(folder_open(none, &(FolderOptions){.read_only = true}, &is_none));
    assert_true(error_is(is_none, ERR_NOT_FOUND));
    assert_false(g_file_test(none, G_FILE_TEST_EXISTS));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_made_private_with_its_parents),
        cmocka_unit_test(test_the_second_program_hears_who_holds_it),
        cmocka_unit_test(test_memory_is_no_place_for_data),
        cmocka_unit_test(test_what_is_no_folder),
    };
    return cmocka_run_group_tests(tests, home_make, home_remove);
}
