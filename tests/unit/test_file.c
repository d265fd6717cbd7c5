#include "zk_test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "zk/io/file.h"

static int setup(void **state)
{
    *state = test_temporary_directory();
    return 0;
}

static int teardown(void **state)
{
    test_remove_directory(*state);
    return 0;
}

static void expect_file(const char *path, const char *expected)
{
    char *text = test_read_file(path);
    assert_string_equal(text, expected);
    free(text);
}

static void expect_names(const char *directory, const char *const *expected, size_t count)
{
    struct zk_strings names;
    assert_int_equal(file_list(directory, &names), 0);
    assert_int_equal(names.count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(names.items[i], expected[i]);
    zk_strings_done(&names);
}

static void an_atomic_write_makes_the_file(void **state)
{
    char *path = test_path(*state, "currentEpoch");
    static const char *const names[] = {"currentEpoch"};

    assert_int_equal(file_write_atomic(path, "5", 1), 0);
    expect_file(path, "5");
    assert_int_equal(file_write_atomic(path, "12", 2), 0);
    expect_file(path, "12");
    assert_int_equal(file_write_atomic(path, "", 0), 0);
    expect_file(path, "");

    expect_names(*state, names, 1); /* no temporary is left */
    free(path);
}

/* The disk is full half-way: nothing may be written beyond 4 bytes of a file. */
static void an_atomic_write_that_fails_leaves_the_old_file(void **state)
{
    char *path = test_path(*state, "currentEpoch");
    static const char *const names[] = {"currentEpoch"};
    assert_int_equal(file_write_atomic(path, "old", 3), 0);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit full = {.rlim_cur = 4, .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);

    int r = file_write_atomic(path, "new and long", 12);

    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(r, -EFBIG);
    expect_file(path, "old");
    expect_names(*state, names, 1);
    free(path);
}

static void an_atomic_write_over_a_directory_fails_and_cleans_up(void **state)
{
    char *path = test_path(*state, "d");
    static const char *const names[] = {"d"};
    assert_int_equal(file_make_directories(path), 0);

    assert_int_equal(file_write_atomic(path, "x", 1), -EISDIR);

    assert_true(file_is_directory(path));
    expect_names(*state, names, 1);
    free(path);
}

/* Whoever opens a pipe waits for its other end, and here nobody comes. */
static void a_pipe_keeps_nobody_waiting(void **state)
{
    struct zk_str text = {0};
    char *path = test_path(*state, "value");
    char *temporary = test_path(*state, "value.tmp");
    assert_int_equal(mkfifo(temporary, 0600), 0);
    assert_int_equal(file_write_atomic(path, "x", 1), -ENXIO);
    assert_false(file_exists(path));
    assert_true(file_exists(temporary));
    assert_int_equal(file_read_at_once(temporary, 10, &text), 0);
    assert_int_equal(text.length, 0);
    zk_str_done(&text);
    free(temporary);
    free(path);
}

static void an_atomic_write_into_no_directory_fails(void **state)
{
    char *path = test_path(*state, "no/such");

    assert_int_equal(file_write_atomic(path, "x", 1), -ENOENT);

    assert_false(file_exists(path));
    free(path);
}

/* Readers beside a writer see one of its texts whole, never a part and never nothing. */
static void a_reader_sees_the_old_file_or_the_new_one(void **state)
{
    char *path = test_path(*state, "f");
    char small[100], big[50000];
    memset(small, 's', sizeof small);
    memset(big, 'b', sizeof big);
    assert_int_equal(file_write_atomic(path, small, sizeof small), 0);
    pid_t writer = fork();
    if (writer == 0) {
        for (int i = 0;; i++) {
            int r = i % 2 == 0 ? file_write_atomic(path, big, sizeof big)
                               : file_write_atomic(path, small, sizeof small);
            if (r < 0 || getppid() == 1)
                _exit(1);
        }
    }

    for (int i = 0; i < 300; i++) {
        struct zk_str text = {0};
        assert_int_equal(file_read(path, sizeof big, &text), 0);
        bool is_small = text.length == sizeof small && memcmp(text.text, small, text.length) == 0;
        bool is_big = text.length == sizeof big && memcmp(text.text, big, text.length) == 0;
        assert_true(is_small || is_big);
        zk_str_done(&text);
    }
    kill(writer, SIGKILL);
    assert_int_equal(waitpid(writer, NULL, 0), writer);
    free(path);
}

static void a_whole_file_is_read_onto_a_text(void **state)
{
    char *path = test_path(*state, "myid");
    struct zk_str text = {0};
    test_write_file(path, "3\n");
    zk_str_append(&text, "myid=");

    assert_int_equal(file_read(path, 2, &text), 0);

    assert_string_equal(zk_str_text(&text), "myid=3\n");
    zk_str_done(&text);
    free(path);
}

static void a_read_that_fails_leaves_the_text(void **state)
{
    char *path = test_path(*state, "f");
    char *missing = test_path(*state, "missing");
    struct zk_str text = {0};
    test_write_file(path, "12345");
    zk_str_append(&text, "kept");

    assert_int_equal(file_read(path, 4, &text), -EFBIG);
    assert_int_equal(file_read(missing, 4, &text), -ENOENT);
    assert_int_equal(file_read(*state, 4, &text), -EISDIR);

    assert_string_equal(zk_str_text(&text), "kept");
    zk_str_done(&text);
    free(path);
    free(missing);
}

static void a_file_of_nul_bytes_is_read_whole(void **state)
{
    char *path = test_path(*state, "f");
    struct zk_str text = {0};
    char zeros[20000] = {0};
    assert_int_equal(file_write_atomic(path, zeros, sizeof zeros), 0);

    assert_int_equal(file_read(path, sizeof zeros, &text), 0);

    assert_int_equal(text.length, sizeof zeros);
    assert_memory_equal(text.text, zeros, sizeof zeros);
    zk_str_done(&text);
    free(path);
}

static void bytes_are_read_from_any_offset(void **state)
{
    char *path = test_path(*state, "f");
    char bytes[3];
    int fd;
    test_write_file(path, "0123456789");
    assert_int_equal(file_open_read(path, &fd), 0);

    assert_int_equal(file_read_at(fd, 7, bytes, 3), 0);
    assert_memory_equal(bytes, "789", 3);
    assert_int_equal(file_read_at(fd, 0, bytes, 3), 0);
    assert_memory_equal(bytes, "012", 3);
    assert_int_equal(file_read_at(fd, 8, bytes, 3), -EPIPE);
    assert_int_equal(file_read_at(fd, 10, bytes, 0), 0);

    file_close(fd);
    free(path);
}

static void questions_about_names(void **state)
{
    char *path = test_path(*state, "f");
    char *missing = test_path(*state, "missing");
    test_write_file(path, "12345");

    assert_true(file_exists(path) && file_exists(*state) && !file_exists(missing));
    assert_true(file_is_regular(path) && !file_is_regular(*state) && !file_is_regular(missing));
    assert_true(file_is_directory(*state) && !file_is_directory(path));
    assert_int_equal(file_size(path), 5);
    assert_int_equal(file_size(missing), -ENOENT);
    file_remove(path);
    assert_false(file_exists(path));
    file_remove(path);
    free(path);
    free(missing);
}

static void directories_are_made_with_their_parents(void **state)
{
    char *deep = test_path(*state, "a//b/c/");
    char *file = test_path(*state, "f");
    char *below_file = test_path(*state, "f/d");
    test_write_file(file, "");

    assert_int_equal(file_make_directories(deep), 0);
    assert_int_equal(file_make_directories(deep), 0);
    assert_true(file_is_directory(deep));
    assert_int_equal(file_make_directories(below_file), -ENOTDIR);
    assert_int_equal(file_make_directories(file), -ENOTDIR);
    free(deep);
    free(file);
    free(below_file);
}

static void a_directory_that_cannot_be_made_has_the_reason_of_the_system(void **state)
{
    (void)state;
    /* Not even root makes a directory there; that there is none is no reason. */
    int r = file_make_directories("/sys/zkpeer");
    assert_true(r == -EPERM || r == -EROFS || r == -EACCES);
}

static void names_are_listed_in_order(void **state)
{
    static const char *const names[] = {".hidden", "a", "b", "log.1", "log.10", "log.2"};
    static const char *const made[] = {"log.2", "b", "log.10", ".hidden", "a", "log.1"};
    struct zk_strings missing = {.count = 77};
    for (size_t i = 0; i < 6; i++) {
        char *path = test_path(*state, made[i]);
        test_write_file(path, "");
        free(path);
    }

    expect_names(*state, names, 6);
    assert_int_equal(file_list("/no/such/directory", &missing), -ENOENT);
    assert_int_equal(missing.count, 77);
}

static void a_canonical_path_has_no_dots(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"/a/./b/../c", "/a/c"}, {"/", "/"},         {"//a//b/", "/a/b"},  {"/..", "/"},
        {"/a/..", "/"},          {"/../../a", "/a"}, {"/a/...", "/a/..."}, {"/.a/b.", "/.a/b."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *path = file_canonical(cases[i][0]);
        assert_string_equal(path, cases[i][1]);
        free(path);
    }
}

static void a_relative_path_becomes_absolute(void **state)
{
    (void)state;
    char here[4096], expected[4200];
    assert_non_null(getcwd(here, sizeof here));
    snprintf(expected, sizeof expected, "%s/conf/zoo.cfg", here);

    char *path = file_canonical("./x/../conf/zoo.cfg");

    assert_string_equal(path, expected);
    free(path);
}

static void descriptors_are_counted(void **state)
{
    char *path = test_path(*state, "f");
    int64_t before = zk_open_file_descriptors();
    assert_true(before >= 3);

    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(zk_open_file_descriptors(), before + 1);
    assert_int_equal(file_sync(fd), 0);
    file_close(fd);
    assert_int_equal(zk_open_file_descriptors(), before);
    assert_true(zk_max_file_descriptors() >= before);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_atomic_write_makes_the_file, setup, teardown),
        cmocka_unit_test_setup_teardown(an_atomic_write_that_fails_leaves_the_old_file, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_atomic_write_over_a_directory_fails_and_cleans_up, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_pipe_keeps_nobody_waiting, setup, teardown),
        cmocka_unit_test_setup_teardown(an_atomic_write_into_no_directory_fails, setup, teardown),
        cmocka_unit_test_setup_teardown(a_reader_sees_the_old_file_or_the_new_one, setup, teardown),
        cmocka_unit_test_setup_teardown(a_whole_file_is_read_onto_a_text, setup, teardown),
        cmocka_unit_test_setup_teardown(a_read_that_fails_leaves_the_text, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_of_nul_bytes_is_read_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(bytes_are_read_from_any_offset, setup, teardown),
        cmocka_unit_test_setup_teardown(questions_about_names, setup, teardown),
        cmocka_unit_test_setup_teardown(directories_are_made_with_their_parents, setup, teardown),
        cmocka_unit_test(a_directory_that_cannot_be_made_has_the_reason_of_the_system),
        cmocka_unit_test_setup_teardown(names_are_listed_in_order, setup, teardown),
        cmocka_unit_test(a_canonical_path_has_no_dots),
        cmocka_unit_test(a_relative_path_becomes_absolute),
        cmocka_unit_test_setup_teardown(descriptors_are_counted, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
