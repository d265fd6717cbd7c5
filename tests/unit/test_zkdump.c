/* zkdump, run as a program, on what Java left and on what a crash or a bad disk made of it. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "golden.h"
#include "log_stage.h"
#include "zk/base/checksum.h"
#include "zk_test.h"

struct said {
    int status;
    char *text;
};

static struct said run_line(const char *line)
{
    struct zk_str text = {0};
    char bytes[4096];
    size_t count;
    FILE *pipe = popen(line, "r");
    assert_non_null(pipe);
    while ((count = fread(bytes, 1, sizeof bytes, pipe)) > 0)
        zk_str_append_bytes(&text, bytes, count);
    int status = pclose(pipe);
    return (struct said){WEXITSTATUS(status), zk_str_take(&text)};
}

static struct said run(const char *options, const char *directory, const char *name)
{
    struct zk_str line = {0};
    zk_str_printf(&line, "'%s' %s '%s/%s' 2>&1", ZKDUMP, options, directory, name);
    struct said said = run_line(zk_str_text(&line));
    zk_str_done(&line);
    return said;
}

static void assert_says(const char *options, const char *directory, const char *name, int status,
                        const char *words)
{
    struct said said = run(options, directory, name);
    if (said.status != status || strstr(said.text, words) == NULL)
        fail_msg("exit %d, and not \"%s\":\n%s", said.status, words, said.text);
    free(said.text);
}

static char *unpacked(const char *name)
{
    char *directory = test_temporary_directory();
    golden_unpack(name, directory);
    return directory;
}

static void files_of_java_are_whole(void **state)
{
    (void)state;
    char *directory = unpacked("epochs");
    assert_says("", directory, "log.100000001", 0, "whole, 18 read, up to byte 12214");
    assert_says("", directory, "log.100000001", 0, "createTtl /first/ttl  digest ");
    assert_says("", directory, "log.100000001", 0, "error NODEEXISTS");
    assert_says("", directory, "snapshot.200000001", 0, "whole, 13 read");
    assert_says("", directory, "currentEpoch", 0, "epoch 2\n");
    assert_says("--json", directory, "log.100000001", 0, "\"zxid\":\"0x200000002\",\"time\":");
    assert_says("--json", directory, "snapshot.200000001", 0, "{\"path\":\"/first/ttl\"");
    test_remove_directory(directory);
}

static void a_packed_snapshot_is_whole(void **state)
{
    (void)state;
    char *directory = unpacked("gz");
    assert_says("", directory, "snapshot.2.gz", 0, "/packed  1000 bytes");
    test_remove_directory(directory);
    directory = unpacked("snappy");
    assert_says("", directory, "snapshot.3.snappy", 0, "/lines  38890 bytes");
    assert_says("", directory, "snapshot.3.snappy", 0, "whole, 6 read, up to byte 40559");
    test_remove_directory(directory);
}

/* 3.9 puts its last zxid and a third seal behind the digest. */
static void the_last_zxid_of_a_newer_server_is_told_and_its_seal_looked_at(void **state)
{
    (void)state;
    char *directory = test_temporary_directory();
    struct buf *snapshot = golden_read("snapshot.0");
    buf_put_long(snapshot, 0x500000007);
    buf_put_long(snapshot, zk_adler32(1, snapshot->bytes, snapshot->length));
    buf_put_bytes(snapshot, "\0\0\0\1/", 5);
    test_write_bytes(directory, "snapshot.0", snapshot->bytes, snapshot->length);
    assert_says("", directory, "snapshot.0", 0, "last zxid when it was done: 0x500000007\n");
    assert_says("--json", directory, "snapshot.0", 0, "{\"last_zxid\":\"0x500000007\"}\n");
    assert_says("", directory, "snapshot.0", 0, "all seals fit");
    snapshot->bytes[snapshot->length - 15] ^= 1; /* in the zxid */
    test_write_bytes(directory, "snapshot.0", snapshot->bytes, snapshot->length);
    assert_says("", directory, "snapshot.0", 1, "a seal does not fit");
    buf_unref(snapshot);
    test_remove_directory(directory);
}

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    char *directory = unpacked("epochs");
    char *log = test_path(directory, "log.100000001");
    char *snapshot = test_path(directory, "snapshot.200000001");
    char *epoch = test_path(directory, "currentEpoch");
    log_stage_cut(log, 12100);
    assert_says("", directory, "log.100000001", 0, "partial, 17 read, up to byte 12070");
    log_stage_zero(log, 1536, 512);
    assert_says("", directory, "log.100000001", 0, "torn, 9 read, up to byte 1022");
    log_stage_set_byte(log, 60, 0xee);
    assert_says("", directory, "log.100000001", 1, "DAMAGED, 0 read, up to byte 16: the checksum");
    log_stage_cut(log, 7);
    assert_says("", directory, "log.100000001", 1, "shorter than its header");
    log_stage_set_byte(snapshot, 200, 0xee);
    assert_says("", directory, "snapshot.200000001", 1, "a seal does not fit");
    log_stage_cut(snapshot, 300);
    assert_says("", directory, "snapshot.200000001", 1, "the file ends too early");
    test_write_file(epoch, "2 ");
    assert_says("", directory, "currentEpoch", 1, "the first line is not a number");
    test_write_bytes(directory, "currentEpoch", "2\0", 2);
    assert_says("", directory, "currentEpoch", 1, "the first line is not a number");
    free(log);
    free(snapshot);
    free(epoch);
    test_remove_directory(directory);
}

static void what_was_not_read_is_not_called_damaged(void **state)
{
    (void)state;
    char *directory = unpacked("epochs");
    char *other = test_path(directory, "README");
    char long_text[5000];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    test_write_file(other, long_text);
    assert_says("", directory, "log.1", 1, "/log.1: cannot be read: No such file or directory\n");
    assert_says("--json", directory, "log.1", 1, "\"end\":\"unreadable\"");
    assert_says("", directory, "", 1, "cannot be read: it is a directory; name the files in it\n");
    assert_says("", directory, "README", 1,
                "it is too large for an epoch file, and is not named as");
    free(other);
    test_remove_directory(directory);
}

static void a_call_that_makes_no_sense_is_refused_in_one_line(void **state)
{
    (void)state;
    assert_says("--yaml", "", "", 2, "zkdump: I do not know --yaml (try zkdump --help)\n");
    assert_says("-x", "", "", 2, "zkdump: I do not know -x (try zkdump --help)\n");
    assert_says("--help", "", "", 0, "Usage: zkdump [--json] FILE...");
    struct said said = run_line(ZKDUMP " --json 2>&1");
    assert_string_equal(said.text, "zkdump: which file? (try zkdump --help)\n");
    assert_int_equal(said.status, 2);
    free(said.text);
}

static void options_may_stand_behind_the_file(void **state)
{
    (void)state;
    char *directory = unpacked("epochs");
    struct zk_str line = {0};
    zk_str_printf(&line, "%s '%s/currentEpoch' --json 2>&1", ZKDUMP, directory);
    struct said said = run_line(zk_str_text(&line));
    assert_int_equal(said.status, 0);
    assert_int_equal(said.text[0], '{');
    free(said.text);
    zk_str_done(&line);
    test_remove_directory(directory);
}

/* Nobody takes for whole what is only a part. /dev/full is a disk without room. */
static void output_that_cannot_be_written_is_an_error(void **state)
{
    (void)state;
    char *directory = unpacked("epochs");
    static const char *const FILES[] = {"currentEpoch", "log.100000001"}; /* one buffer, several */
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        struct zk_str line = {0};
        zk_str_printf(&line, "%s --json '%s/%s' 2>&1 >/dev/full", ZKDUMP, directory, FILES[i]);
        struct said said = run_line(zk_str_text(&line));
        assert_int_equal(said.status, 1);
        assert_non_null(strstr(said.text, "zkdump: the output cannot be written: "));
        free(said.text);
        zk_str_done(&line);
    }
    test_remove_directory(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_java_are_whole),
        cmocka_unit_test(a_packed_snapshot_is_whole),
        cmocka_unit_test(the_last_zxid_of_a_newer_server_is_told_and_its_seal_looked_at),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(what_was_not_read_is_not_called_damaged),
        cmocka_unit_test(a_call_that_makes_no_sense_is_refused_in_one_line),
        cmocka_unit_test(options_may_stand_behind_the_file),
        cmocka_unit_test(output_that_cannot_be_written_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
