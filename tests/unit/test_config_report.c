/* What --check-config says before a start, and the exit code that goes with it. */
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config_fixture.h"
#include "zk/io/file.h"
#include "zk/peer/config_report.h"
#include "zk/server/exit_code.h"

struct stage {
    struct config_fixture fixture;
    struct zk_str report;
    int code;
};

static int64_t much_room(const char *path)
{
    (void)path;
    return INT64_C(7) << 30;
}

static void report(struct stage *stage)
{
    config_fixture_must_succeed(&stage->fixture);
    stage->code =
        config_report(stage->fixture.capture.ctx, stage->fixture.config, much_room, &stage->report);
}

static struct stage report_with(const char *lines)
{
    struct stage stage = {.fixture = config_fixture_read_with(lines)};
    report(&stage);
    return stage;
}

static void done(struct stage *stage)
{
    zk_str_done(&stage->report);
    config_fixture_done(&stage->fixture);
}

static void expect(const struct stage *stage, const char *words)
{
    if (strstr(zk_str_text(&stage->report), words) == NULL)
        fail_msg("not said: %s\n%s", words, zk_str_text(&stage->report));
}

static void expect_not(const struct stage *stage, const char *words)
{
    if (strstr(zk_str_text(&stage->report), words) != NULL)
        fail_msg("said: %s\n%s", words, zk_str_text(&stage->report));
}

static void write_in(const struct stage *stage, const char *name, const char *text)
{
    char *path = test_path(stage->fixture.directory, name);
    test_write_file(path, text);
    free(path);
}

static void make_version_2(const struct stage *stage)
{
    char *path = test_path(stage->fixture.directory, "version-2");
    assert_int_equal(file_make_directories(path), 0);
    free(path);
}

static void a_fresh_server_learns_its_role_ensemble_times_and_directory(void **state)
{
    (void)state;
    struct stage stage = report_with("clientPort=2191\nserver.4=nosuch.invalid:1:2:observer\n");
    assert_int_equal(stage.code, 0);
    expect(&stage, "This server is server.1 (");
    expect(&stage, "a voter: it elects, follows or leads.\n");
    expect(&stage, "It listens to clients at 0.0.0.0:2191.\n");
    expect(&stage, "  server.1 (this one), a voter\n"
                   "    quorum port    /127.0.0.1:2881 (this machine)\n"
                   "    election port  /127.0.0.1:3881 (this machine)\n");
    expect(&stage,
           "  server.4, an observer\n"
           "    quorum port    nosuch.invalid/<unresolved>:1 (its name is not known here now)");
    expect(&stage, "It has 3 voters and 1 observer.\n2 voters are a quorum: 1 may fail.\n");
    expect(&stage, "A tick is 2000 ms. A server has 20000 ms (initLimit, 10 ticks)");
    expect(&stage, "silent for 10000 ms (syncLimit, 5 ticks)");
    expect(&stage, "Sessions last 4000 to 40000 ms.\n");
    expect(&stage, "  free: 7168 MiB\n  this server has written nothing into it yet\n");
    expect(&stage, "/zoo.cfg is fine.\n");
    done(&stage);
}

static void every_kind_of_quorum_is_explained(void **state)
{
    (void)state;
    struct stage even = report_with("server.4=127.0.0.4:1:2\n");
    expect(&even, "3 voters are a quorum: 1 may fail, as with one voter less.\n");
    done(&even);

    struct stage groups =
        report_with("group.1=1:2\ngroup.2=3\nweight.1=1\nweight.2=2\nweight.3=0\n");
    expect(&groups, "A quorum is more than half of the weight in more than half of the groups:\n");
    expect(&groups, "  group.1: 2 servers, weight 3\n");
    expect(&groups, "  group.2: 1 server, weight 0, which does not count\n");
    done(&groups);
}

static void what_is_in_the_data_directory_is_told(void **state)
{
    (void)state;
    struct stage stage = {.fixture = config_fixture_read_with("dataLogDir=DIR/logs\n")};
    make_version_2(&stage);
    write_in(&stage, "version-2/currentEpoch", "3\n");
    write_in(&stage, "version-2/acceptedEpoch", "x\n");
    write_in(&stage, "version-2/snapshot.0", "old");
    write_in(&stage, "version-2/snapshot.300000000", "cut off");
    write_in(&stage, "version-2/snapshot.400000000.tmp", "never loaded");

    report(&stage);

    assert_int_equal(stage.code, 1);
    expect(&stage, "  currentEpoch: 3\n  acceptedEpoch: \"x\" is not a number\n");
    expect(&stage,
           "  snapshots: 2, the newest is snapshot.300000000 (7 bytes), which is damaged or was "
           "not written to its end\n  none of them is whole\n  transaction logs: none\n");
    expect(&stage, "/logs.\n  free: 7168 MiB\n  it is not there; a start makes it\n");
    done(&stage);
}

static void a_file_that_ends_a_start_is_no_fine_one(void **state)
{
    static const struct {
        const char *name; /* a directory of that name, unless there is a text */
        const char *text;
        const char *words;
    } rows[] = {
        {"log.5", NULL, "transaction logs: 1, the newest is log.5 (0 bytes), which cannot be read"},
        {"snapshot.5", NULL,
         "snapshots: 2, the newest is snapshot.5 (0 bytes), which cannot be re"},
        {"currentEpoch", "six", "currentEpoch: \"six\" is not a number"},
        {"currentEpoch", "6", "the accepted epoch is below the current one"},
        {"snapshot.0", "cut off", "none of them is whole"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stage stage = {.fixture = config_fixture_read_with("")};
        struct zk_str name = {0};
        make_version_2(&stage);
        write_in(&stage, "version-2/acceptedEpoch", "5");
        test_write_bytes(stage.fixture.directory, "version-2/snapshot.0", "whole\0\0\0\1/", 10);
        zk_str_printf(&name, "version-2/%s", rows[i].name);
        if (rows[i].text != NULL) {
            write_in(&stage, name.text, rows[i].text);
        } else {
            char *path = test_path(stage.fixture.directory, name.text);
            assert_int_equal(file_make_directories(path), 0);
            free(path);
        }
        report(&stage);
        assert_int_equal(stage.code, EXIT_CODE_UNEXPECTED_ERROR);
        expect(&stage, rows[i].words);
        expect(&stage, "A start would end: a file in the directory cannot be used.\n");
        done(&stage);
        zk_str_done(&name);
    }
}

/* A start loads it, and what an editor or an operator has put beside it is nothing to a start. */
static void a_packed_snapshot_is_one_and_a_copy_under_another_name_is_none(void **state)
{
    (void)state;
    struct stage stage = {.fixture = config_fixture_read_with("db.autocreate=false\n")};
    make_version_2(&stage);
    write_in(&stage, "version-2/snapshot.600000000.bak", "a copy");
    write_in(&stage, "version-2/log.600000001.old", "a copy");
    report(&stage);
    expect(&stage, "  snapshots: none\n  transaction logs: none\n");
    expect(&stage, "There is no data, and db.autocreate=false: ");

    write_in(&stage, "version-2/snapshot.500000000.gz", "\x1f\x8b, and more");
    zk_str_clear(&stage.report);
    report(&stage);
    expect(&stage, "  snapshots: 1, the newest is snapshot.500000000.gz (12 bytes)\n");
    expect_not(&stage, "There is no data");
    done(&stage);
}

/* What a start would refuse, and what it would take. */
static void an_epoch_file_is_read_as_a_start_reads_it(void **state)
{
    (void)state;
    struct stage stage = {.fixture = config_fixture_read_with("")};
    make_version_2(&stage);
    write_in(&stage, "version-2/currentEpoch", "3\nand a word that nobody reads");
    write_in(&stage, "version-2/acceptedEpoch", " 3");

    report(&stage);

    expect(&stage, "  currentEpoch: 3\n  acceptedEpoch: \" 3\" is not a number\n");
    done(&stage);
}

/* A start refuses each of them with the same exit code. */
static void what_is_no_directory_cannot_be_used(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        struct stage stage = {.fixture = config_fixture_read_with("")};
        char *path = test_path(stage.fixture.directory, "version-2");
        if (kind == 0)
            test_write_file(path, "");
        else
            assert_int_equal(kind == 1 ? mkfifo(path, 0600) : symlink("nowhere", path), 0);

        report(&stage);

        assert_int_equal(stage.code, 3);
        expect(&stage, "/version-2 is not a directory\n");
        free(path);
        done(&stage);
    }
}

/* The name of what is in the way is told, and not that of the directory that it keeps from being
 * there. */
static void what_is_no_directory_above_is_named(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        struct stage stage = {.fixture = config_fixture_read_with("dataLogDir=DIR/file/logs\n")};
        char *path = test_path(stage.fixture.directory, "file");
        struct zk_str words = {0};
        if (kind == 0)
            test_write_file(path, "");
        else
            assert_int_equal(symlink("nowhere", path), 0);

        report(&stage);

        zk_str_printf(&words, "  %s is not a directory\n", path);
        expect(&stage, zk_str_text(&words));
        assert_int_equal(stage.code, 3);
        zk_str_done(&words);
        free(path);
        done(&stage);
    }
}

static void logs_beside_the_snapshots_do_not_belong_there(void **state)
{
    (void)state;
    struct stage stage = {.fixture = config_fixture_read_with("dataLogDir=DIR/logs\n")};
    make_version_2(&stage);
    write_in(&stage, "version-2/log.1", "");

    report(&stage);

    assert_int_equal(stage.code, 3);
    expect(&stage, "/version-2/log.1 does not belong there: are dataDir and dataLogDir right?\n");
    done(&stage);
}

static void snapshots_beside_the_logs_do_not_belong_there(void **state)
{
    (void)state;
    struct stage stage = {.fixture = config_fixture_read_with("dataLogDir=DIR/logs\n")};
    char *path = test_path(stage.fixture.directory, "logs/version-2");
    assert_int_equal(file_make_directories(path), 0);
    write_in(&stage, "logs/version-2/snapshot.0", "");

    report(&stage);

    assert_int_equal(stage.code, 3);
    expect(&stage, "/version-2/snapshot.0 does not belong there:");
    free(path);
    done(&stage);
}

static int64_t hardly_any_room(const char *path)
{
    (void)path;
    return ((int64_t)64 << 20) - 1;
}

static void a_disk_that_is_nearly_full_is_named(void **state)
{
    (void)state;
    struct stage stage = {.fixture = config_fixture_read_with("")};
    config_fixture_must_succeed(&stage.fixture);

    stage.code = config_report(stage.fixture.capture.ctx, stage.fixture.config, hardly_any_room,
                               &stage.report);

    assert_int_equal(stage.code, 0); /* the room may come back before the start */
    expect(&stage, "  free: 63 MiB\n  that is little, and a server that cannot write its log or a "
                   "snapshot ends: make room\n");
    done(&stage);
}

/* Root may list everything, but not without a descriptor. */
static void a_directory_that_cannot_be_listed_cannot_be_used(void **state)
{
    (void)state;
    struct stage stage = {.fixture = config_fixture_read_with("")};
    make_version_2(&stage);
    struct rlimit usual;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = usual.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);

    report(&stage);

    assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
    assert_int_equal(stage.code, EXIT_CODE_UNABLE_TO_ACCESS_DATADIR);
    expect(&stage, "/version-2 cannot be listed: Too many open files\n");
    done(&stage);
}

static void a_peer_that_runs_there_is_named(void **state)
{
    (void)state;
    struct stage stage = {.fixture = config_fixture_read_with("")};
    make_version_2(&stage);
    char *path = test_path(stage.fixture.directory, "version-2");
    int lock = -1;
    assert_int_equal(file_lock_directory(path, &lock), 0);

    report(&stage);

    expect(&stage, "  a peer is running on it now\n");
    file_close(lock);
    free(path);
    done(&stage);
}

static void warnings_are_listed_and_are_no_error(void **state)
{
    (void)state;
    struct stage stage = report_with("ticktime=5\npeerType=observer\n");
    assert_int_equal(stage.code, 0);
    expect(&stage, "Warnings:\n");
    expect(&stage, "/zoo.cfg:8: ticktime=5 has no effect: ");
    expect(&stage,
           "  peerType says OBSERVER, the list of servers says PARTICIPANT: the list counts\n");
    expect(&stage, "/zoo.cfg is fine, but for the warnings.\n");
    done(&stage);
}

static struct stage report_alone_with(const char *lines)
{
    struct stage stage = {.fixture = config_fixture_new()};
    struct zk_str text = {0};
    zk_str_printf(&text, "dataDir=DIR\n%s", lines);
    config_fixture_parse(&stage.fixture, zk_str_text(&text));
    zk_str_done(&text);
    report(&stage);
    return stage;
}

/* Java: ExitCode.ERROR_STARTING_ADMIN_SERVER, of a server alone */
static void an_admin_server_without_an_address_ends_a_server_alone(void **state)
{
    (void)state;
    struct stage alone = report_alone_with("admin.serverAddress=nosuch.invalid\n");
    assert_int_equal(alone.code, 4);
    expect(&alone, "/zoo.cfg:2: admin.serverAddress=nosuch.invalid has no effect: ");
    expect(&alone, "A start would end: no admin server can listen at admin.serverAddress.\n");
    expect_not(&alone, "is fine");
    done(&alone);

    struct stage member = report_with("admin.serverAddress=nosuch.invalid\n");
    assert_int_equal(member.code, 0);
    expect(&member, "/zoo.cfg:8: admin.serverAddress=nosuch.invalid has no effect: ");
    expect(&member, "/zoo.cfg is fine, but for the warnings.\n");
    done(&member);
}

static void an_oracle_is_for_two_voters_without_groups(void **state)
{
    (void)state;
    struct stage three = report_with("oraclePath=/oracle\ngroup.1=1:2:3\nweight.2=5\n");
    assert_int_equal(three.code, 0);
    expect(&three, "/zoo.cfg:8: oraclePath is for two voters, and here are 3: ");
    expect(&three, "/zoo.cfg:9: groups and weights have no effect: beside oraclePath ");
    done(&three);

    struct stage two = report_with("server.3=127.0.0.1:23883:23884:observer\noraclePath=/oracle\n");
    expect_not(&two, "oraclePath is");
    expect_not(&two, "no effect");
    done(&two);

    struct stage alone = report_alone_with("oraclePath=/oracle\n");
    expect(&alone, "/zoo.cfg:2: oraclePath=/oracle has no effect: a server alone asks nobody; ");
    done(&alone);

    struct stage without = report_with("group.1=1:2:3\n");
    expect_not(&without, "no effect");
    done(&without);
}

static void an_empty_directory_that_is_not_trusted_is_explained(void **state)
{
    (void)state;
    struct stage member = report_with("db.autocreate=false\n");
    assert_int_equal(member.code, 0);
    expect(&member, "There is no data, and db.autocreate=false: this server takes no part in an "
                    "election (K-6),");
    expect(&member, "A start would wait for a leader that has data.\n");
    expect_not(&member, "is fine");

    make_version_2(&member);
    write_in(&member, "version-2/snapshot.ffffffffffffffff", "of nothing");
    zk_str_clear(&member.report);
    report(&member);
    expect(&member, "There is no data, and db.autocreate=false: ");

    write_in(&member, "initialize", "");
    zk_str_clear(&member.report);
    report(&member);
    expect_not(&member, "db.autocreate");
    expect(&member, "/zoo.cfg is fine.\n");
    done(&member);

    struct stage alone = report_alone_with("db.autocreate=false\n");
    expect(&alone, "this server would refuse every client.");
    expect(&alone, "A start would serve nobody.\n");
    expect_not(&alone, "is fine");
    done(&alone);
}

static void data_that_is_there_needs_no_trust(void **state)
{
    (void)state;
    struct stage stage = {.fixture = config_fixture_read_with("db.autocreate=false\n")};
    make_version_2(&stage);
    write_in(&stage, "version-2/snapshot.0", "old");
    report(&stage);
    expect_not(&stage, "There is no data");
    done(&stage);
}

static void a_byte_order_mark_is_refused(void **state)
{
    (void)state;
    struct stage stage = {.fixture = config_fixture_new()};
    struct zk_str text = {0};
    config_fixture_write(&stage.fixture, "myid", "1");
    zk_str_printf(&text,
                  "\xef\xbb\xbf"
                  "# mine\ndataDir=DIR\n" CONFIG_LIMITS "%s",
                  CONFIG_THREE_SERVERS);
    config_fixture_parse(&stage.fixture, zk_str_text(&text));

    report(&stage);

    assert_int_equal(stage.code, 2);
    expect(&stage, "the file begins with a byte-order mark");
    zk_str_done(&text);
    done(&stage);
}

static void a_server_that_no_list_has_is_refused(void **state)
{
    (void)state;
    struct stage stage = {.fixture = config_fixture_new()};
    struct zk_str text = {0};
    config_fixture_write(&stage.fixture, "myid", "9");
    zk_str_printf(&text, "dataDir=DIR\n" CONFIG_LIMITS "%s", CONFIG_THREE_SERVERS);
    config_fixture_parse(&stage.fixture, zk_str_text(&text));

    report(&stage);

    assert_int_equal(stage.code, 2);
    expect(&stage, "A start would end: no line server.9 is in the list.");
    zk_str_done(&text);
    done(&stage);
}

static void an_address_of_another_machine_cannot_be_ours(void **state)
{
    (void)state;
    struct stage stage = {.fixture = config_fixture_new()};
    config_fixture_write(&stage.fixture, "myid", "1");
    config_fixture_parse(&stage.fixture, "dataDir=DIR\n" CONFIG_LIMITS
                                         "server.1=192.0.2.1:1:2\nserver.2=192.0.2.2:1:2\n");

    report(&stage);

    expect(&stage, "    election port  /192.0.2.1:2 (another machine)\n"
                   "    None of these addresses is of this machine: nobody could reach it.");
    expect(&stage, "2 voters are a quorum: 0 may fail, as with one voter less.\n");
    done(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fresh_server_learns_its_role_ensemble_times_and_directory),
        cmocka_unit_test(every_kind_of_quorum_is_explained),
        cmocka_unit_test(what_is_in_the_data_directory_is_told),
        cmocka_unit_test(a_file_that_ends_a_start_is_no_fine_one),
        cmocka_unit_test(a_packed_snapshot_is_one_and_a_copy_under_another_name_is_none),
        cmocka_unit_test(an_epoch_file_is_read_as_a_start_reads_it),
        cmocka_unit_test(what_is_no_directory_cannot_be_used),
        cmocka_unit_test(what_is_no_directory_above_is_named),
        cmocka_unit_test(logs_beside_the_snapshots_do_not_belong_there),
        cmocka_unit_test(snapshots_beside_the_logs_do_not_belong_there),
        cmocka_unit_test(a_disk_that_is_nearly_full_is_named),
        cmocka_unit_test(a_directory_that_cannot_be_listed_cannot_be_used),
        cmocka_unit_test(a_peer_that_runs_there_is_named),
        cmocka_unit_test(warnings_are_listed_and_are_no_error),
        cmocka_unit_test(an_admin_server_without_an_address_ends_a_server_alone),
        cmocka_unit_test(an_oracle_is_for_two_voters_without_groups),
        cmocka_unit_test(an_empty_directory_that_is_not_trusted_is_explained),
        cmocka_unit_test(data_that_is_there_needs_no_trust),
        cmocka_unit_test(a_byte_order_mark_is_refused),
        cmocka_unit_test(a_server_that_no_list_has_is_refused),
        cmocka_unit_test(an_address_of_another_machine_cannot_be_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
