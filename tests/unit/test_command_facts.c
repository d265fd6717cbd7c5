/* What the words and the admin server find out about the files of a server. */
#include "command/command_facts.h"

#include <stdlib.h>

#include "zk/io/file.h"
#include "zk_test.h"

static int64_t modified_ms_of(const char *directory, const char *name)
{
    char *path = test_path(directory, name);
    int64_t modified_ms = -1;
    assert_int_equal(file_modified_ms(path, &modified_ms), 0);
    free(path);
    return modified_ms;
}

static void assert_last_snapshot(const char *directory, int64_t zxid, const char *name)
{
    int64_t found = 0;
    int64_t modified_ms = 0;
    assert_true(command_last_snapshot(directory, &found, &modified_ms));
    assert_int_equal(found, zxid);
    assert_int_equal(modified_ms, modified_ms_of(directory, name));
}

static void the_last_snapshot_is_one_that_a_start_would_read(void **state)
{
    (void)state;
    char *directory = test_temporary_directory();
    int64_t zxid;
    int64_t modified_ms;
    assert_false(command_last_snapshot(directory, &zxid, &modified_ms));
    /* One that is being written, or that a crash has left, and what an operator has put aside. */
    test_write_bytes(directory, "snapshot.30.tmp", "", 0);
    test_write_bytes(directory, "snapshot.30.gz.tmp", "", 0);
    test_write_bytes(directory, "snapshot.20.bak", "", 0);
    assert_false(command_last_snapshot(directory, &zxid, &modified_ms));
    test_write_bytes(directory, "snapshot.f", "", 0);
    assert_last_snapshot(directory, 0xf, "snapshot.f");
    test_write_bytes(directory, "snapshot.10.gz", "", 0);
    assert_last_snapshot(directory, 0x10, "snapshot.10.gz");
    test_remove_directory(directory);
}

/* ZOOKEEPER-4703: all files count, and no directory does. */
static void a_directory_is_as_large_as_its_files_together(void **state)
{
    (void)state;
    char *directory = test_temporary_directory();
    char *below = test_path(directory, "below");
    char *nowhere = test_path(directory, "nowhere");
    assert_int_equal(command_directory_size(directory), 0);
    test_write_bytes(directory, "snapshot.0", "12345", 5);
    test_write_bytes(directory, "log.1", "1234567", 7);
    test_write_bytes(directory, "log.2", "", 0);
    assert_int_equal(file_make_directories(below), 0);
    assert_int_equal(command_directory_size(directory), 12);
    assert_int_equal(command_directory_size(nowhere), 0);
    free(nowhere);
    free(below);
    test_remove_directory(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_directory_is_as_large_as_its_files_together),
        cmocka_unit_test(the_last_snapshot_is_one_that_a_start_would_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
