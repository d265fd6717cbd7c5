/* The two epochs on disk: what a start finds and what it makes of it.
 * Java: QuorumPeer.loadDataBase(), setCurrentEpoch(), setAcceptedEpoch() */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "outside.h"
#include "quorum_peer_stage.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/server/zk_database.h"

static char *epoch_path(struct quorum_peer_stage *stage, const char *name)
{
    struct zk_str path = {0};
    zk_str_printf(&path, "%s/version-2/%s", stage->peer->directory, name);
    return zk_str_take(&path);
}

static void assert_epoch_file(struct quorum_peer_stage *stage, const char *name,
                              const char *expected)
{
    char *path = epoch_path(stage, name);
    char *text = test_read_file(path);
    assert_string_equal(text, expected);
    free(text);
    free(path);
}

static void write_epoch_file(struct quorum_peer_stage *stage, const char *name, const char *text)
{
    char *path = epoch_path(stage, name);
    test_write_file(path, text);
    free(path);
}

static void remove_epoch_file(struct quorum_peer_stage *stage, const char *name)
{
    char *path = epoch_path(stage, name);
    remove(path);
    free(path);
}

/* What a process that starts now on the same directory finds: its peer is load's. */
static int load_again(struct quorum_peer_stage *stage, int64_t *ret_current, int64_t *ret_accepted)
{
    struct quorum_peer *again =
        quorum_peer_new(stage->peer->capture.ctx, stage->peer->config, stage->peer->database);
    int r = quorum_peer_load_database(again);
    *ret_current = quorum_peer_get_current_epoch(again);
    *ret_accepted = quorum_peer_get_accepted_epoch(again);
    quorum_peer_free(again);
    return r;
}

static void an_empty_directory_gets_both_files_with_epoch_0(void **state)
{
    struct quorum_peer_stage *stage = *state;
    assert_int_equal(quorum_peer_get_current_epoch(stage->self), 0);
    assert_int_equal(quorum_peer_get_accepted_epoch(stage->self), 0);
    assert_epoch_file(stage, "currentEpoch", "0");
    assert_epoch_file(stage, "acceptedEpoch", "0");
    assert_int_equal(election_peer_logged(stage->peer, "not found! Creating with a reasonable"), 2);
}

/* A start says so, and does not wait for somebody to write into the pipe. */
static void a_pipe_is_no_epoch_file(void **state)
{
    struct quorum_peer_stage *stage = *state;
    int64_t current = 0;
    int64_t accepted = 0;
    char *path = epoch_path(stage, "currentEpoch");
    remove_epoch_file(stage, "currentEpoch");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(load_again(stage, &current, &accepted), -EPROTO);
    free(path);
}

static void epochs_outlive_the_process(void **state)
{
    struct quorum_peer_stage *stage = *state;
    int64_t current = 0;
    int64_t accepted = 0;
    assert_int_equal(quorum_peer_set_accepted_epoch(stage->self, 8), 0);
    assert_int_equal(quorum_peer_set_current_epoch(stage->self, 7), 0);
    assert_epoch_file(stage, "currentEpoch", "7");
    assert_epoch_file(stage, "acceptedEpoch", "8");
    assert_int_equal(load_again(stage, &current, &accepted), 0);
    assert_int_equal(current, 7);
    assert_int_equal(accepted, 8);
    assert_int_equal(
        election_peer_traced(stage->peer, "\"ev\":\"epoch\",\"which\":\"accepted\",\"value\":8"),
        1);
}

/* PER-02: the directory is gone: memory must not say what the disk does not hold. */
static void an_epoch_that_cannot_be_written_is_not_set(void **state)
{
    struct quorum_peer_stage *stage = *state;
    char *directory = epoch_path(stage, "");
    char *elsewhere = test_path(stage->peer->directory, "elsewhere");
    directory[strlen(directory) - 1] = '\0';
    assert_int_equal(rename(directory, elsewhere), 0);

    assert_int_equal(quorum_peer_set_current_epoch(stage->self, 5), -ENOENT);
    assert_int_equal(quorum_peer_set_accepted_epoch(stage->self, 5), -ENOENT);

    assert_int_equal(quorum_peer_get_current_epoch(stage->self), 0);
    assert_int_equal(quorum_peer_get_accepted_epoch(stage->self), 0);
    assert_int_equal(election_peer_logged(stage->peer, "epoch file cannot be written"), 2);
    assert_int_equal(rename(elsewhere, directory), 0);
    free(elsewhere);
    free(directory);
}

/* PER-02 */
static void a_file_that_holds_no_number_stops_the_start(void **state)
{
    static const char *const texts[] = {"", "x", "7x", " 7", "0x7", "9223372036854775808", "\n7"};
    struct quorum_peer_stage *stage = *state;
    int64_t current = 0;
    int64_t accepted = 0;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        write_epoch_file(stage, "acceptedEpoch", texts[i]);
        assert_int_equal(load_again(stage, &current, &accepted), -EPROTO);
        assert_int_equal(election_peer_logged(stage->peer, "epoch file is not a number"), i + 1);
        assert_epoch_file(stage, "acceptedEpoch", texts[i]); /* nothing is repaired by guessing */
    }
}

/* PER-02: what a power loss may have made of the end of the file */
static void zero_bytes_behind_the_number_stop_the_start(void **state)
{
    struct quorum_peer_stage *stage = *state;
    char *directory = epoch_path(stage, "");
    int64_t current = 0;
    int64_t accepted = 0;
    test_write_bytes(directory, "acceptedEpoch", "7\0\0", 3);
    assert_int_equal(load_again(stage, &current, &accepted), -EPROTO);
    assert_int_equal(election_peer_logged(stage->peer, "epoch file is not a number"), 1);
    free(directory);
}

/* PER-02: only a file that is not there may be made anew */
static void per_02_a_file_that_cannot_be_read_stops_the_start(void **state)
{
    struct quorum_peer_stage *stage = *state;
    int64_t current = 0;
    int64_t accepted = 0;
    char *path = epoch_path(stage, "acceptedEpoch");
    remove_epoch_file(stage, "acceptedEpoch");
    assert_int_equal(mkdir(path, 0777), 0);

    assert_int_equal(load_again(stage, &current, &accepted), -EISDIR);

    assert_int_equal(election_peer_logged(stage->peer, "epoch file cannot be read"), 1);
    free(path);
}

/* PER-02 */
static void only_the_first_line_of_a_file_counts(void **state)
{
    struct quorum_peer_stage *stage = *state;
    int64_t current = 0;
    int64_t accepted = 0;
    write_epoch_file(stage, "acceptedEpoch", "7\nrest");
    write_epoch_file(stage, "currentEpoch", "6\r\n");
    assert_int_equal(load_again(stage, &current, &accepted), 0);
    assert_int_equal(current, 6);
    assert_int_equal(accepted, 7);
}

/* PER-03 */
static void an_accepted_epoch_below_the_current_one_stops_the_start(void **state)
{
    struct quorum_peer_stage *stage = *state;
    int64_t current = 0;
    int64_t accepted = 0;
    write_epoch_file(stage, "currentEpoch", "6");
    write_epoch_file(stage, "acceptedEpoch", "5");
    assert_int_equal(load_again(stage, &current, &accepted), -EPROTO);
    assert_int_equal(election_peer_logged(stage->peer, "is less than the current epoch"), 1);
}

/* A snapshot of epoch 5 on disk. */
static void give_history(struct quorum_peer_stage *stage, int64_t zxid)
{
    zk_database_set_last_processed_zxid(stage->peer->database, zxid);
    assert_int_equal(zk_database_take_snapshot(stage->peer->database), 0);
}

/* PER-01 */
static void missing_files_are_made_from_the_last_zxid(void **state)
{
    struct quorum_peer_stage *stage = *state;
    int64_t current = 0;
    int64_t accepted = 0;
    give_history(stage, 0x500000003);
    remove_epoch_file(stage, "currentEpoch");
    remove_epoch_file(stage, "acceptedEpoch");
    assert_int_equal(load_again(stage, &current, &accepted), 0);
    assert_int_equal(current, 5);
    assert_int_equal(accepted, 5);
    assert_epoch_file(stage, "currentEpoch", "5");
    assert_int_equal(quorum_peer_get_last_logged_zxid(stage->self), 0x500000003);
}

/* PER-03 */
static void a_history_newer_than_its_epoch_stops_the_start(void **state)
{
    struct quorum_peer_stage *stage = *state;
    int64_t current = 0;
    int64_t accepted = 0;
    give_history(stage, 0x500000003);
    write_epoch_file(stage, "currentEpoch", "4");
    write_epoch_file(stage, "acceptedEpoch", "4");
    assert_int_equal(load_again(stage, &current, &accepted), -EPROTO);
    assert_int_equal(election_peer_logged(stage->peer, "The current epoch, 4, is older"), 1);
}

/* PER-03: a crash before the rename of the newer file is recovered from, if that is what has
 * happened. */
static void an_unfinished_current_epoch_is_finished(void **state)
{
    struct quorum_peer_stage *stage = *state;
    int64_t current = 0;
    int64_t accepted = 0;
    give_history(stage, 0x500000003);
    write_epoch_file(stage, "currentEpoch", "4");
    write_epoch_file(stage, "acceptedEpoch", "4");
    write_epoch_file(stage, "currentEpoch.tmp", "6"); /* of another epoch: no help */
    assert_int_equal(load_again(stage, &current, &accepted), -EPROTO);

    write_epoch_file(stage, "currentEpoch.tmp", "5");
    remove_epoch_file(stage, "acceptedEpoch");
    assert_int_equal(load_again(stage, &current, &accepted), 0);
    assert_int_equal(current, 5);
    assert_epoch_file(stage, "currentEpoch", "5");
}

/* PER-03, D-68: the leader's snapshot was stored, then a crash came before currentEpoch. */
static void a_stored_snapshot_brings_the_current_epoch_up(void **state)
{
    struct quorum_peer_stage *stage = *state;
    int64_t current = 0;
    int64_t accepted = 0;
    give_history(stage, 0x500000000);
    write_epoch_file(stage, "currentEpoch", "3");
    write_epoch_file(stage, "acceptedEpoch",
                     "6"); /* promised to the leader of epoch 6, who sent it */
    assert_int_equal(load_again(stage, &current, &accepted), 0);
    assert_int_equal(current, 5);
    assert_int_equal(accepted, 6);
    assert_epoch_file(stage, "currentEpoch", "5");
}

/* The file that would show that the epoch can be claimed is there, and the disk does not give it:
 * nobody is told to empty a directory that is whole. */
static void an_epoch_that_cannot_be_read_is_not_taken_for_two_histories(void **state)
{
    static const char *const names[] = {"acceptedEpoch", "currentEpoch.tmp"};
    struct quorum_peer_stage *stage = *state;
    int64_t current = 0;
    int64_t accepted = 0;
    give_history(stage, 0x500000000);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        write_epoch_file(stage, "currentEpoch", "3");
        if (i == 0)
            write_epoch_file(stage, "acceptedEpoch", "5");
        else
            remove_epoch_file(stage, "acceptedEpoch");
        write_epoch_file(stage, "currentEpoch.tmp", i == 0 ? "3" : "5");
        outside_fail_path(OUTSIDE_OPEN, names[i], EIO);

        assert_int_equal(load_again(stage, &current, &accepted), -EIO);

        assert_int_equal(election_peer_logged(stage->peer, "epoch file cannot be read"), i + 1);
        assert_int_equal(election_peer_logged(stage->peer, "mixes two histories"), 0);
        outside_restore(NULL);
        assert_int_equal(load_again(stage, &current, &accepted), 0);
        assert_int_equal(current, 5);
    }
}

/* PER-07: none of the snapshots can be read */
static void a_damaged_history_stops_the_start_and_leaves_the_epochs_alone(void **state)
{
    struct quorum_peer_stage *stage = *state;
    int64_t current = 0;
    int64_t accepted = 0;
    write_epoch_file(stage, "currentEpoch", "3");
    write_epoch_file(stage, "acceptedEpoch", "4");
    write_epoch_file(stage, "snapshot.0", "no snapshot");

    assert_true(load_again(stage, &current, &accepted) < 0);

    assert_int_equal(current, -1);
    assert_int_equal(accepted, -1);
    assert_epoch_file(stage, "currentEpoch", "3");
    assert_epoch_file(stage, "acceptedEpoch", "4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        QUORUM_PEER_STAGED(an_empty_directory_gets_both_files_with_epoch_0),
        QUORUM_PEER_STAGED(a_pipe_is_no_epoch_file),
        QUORUM_PEER_STAGED(epochs_outlive_the_process),
        QUORUM_PEER_STAGED(an_epoch_that_cannot_be_written_is_not_set),
        QUORUM_PEER_STAGED(a_file_that_holds_no_number_stops_the_start),
        QUORUM_PEER_STAGED(zero_bytes_behind_the_number_stop_the_start),
        QUORUM_PEER_STAGED(per_02_a_file_that_cannot_be_read_stops_the_start),
        QUORUM_PEER_STAGED(only_the_first_line_of_a_file_counts),
        QUORUM_PEER_STAGED(an_accepted_epoch_below_the_current_one_stops_the_start),
        QUORUM_PEER_STAGED(missing_files_are_made_from_the_last_zxid),
        QUORUM_PEER_STAGED(a_history_newer_than_its_epoch_stops_the_start),
        QUORUM_PEER_STAGED(an_unfinished_current_epoch_is_finished),
        QUORUM_PEER_STAGED(a_stored_snapshot_brings_the_current_epoch_up),
        QUORUM_PEER_STAGED(an_epoch_that_cannot_be_read_is_not_taken_for_two_histories),
        QUORUM_PEER_STAGED(a_damaged_history_stops_the_start_and_leaves_the_epochs_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
