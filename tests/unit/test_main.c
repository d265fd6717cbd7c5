/* The program itself: what it does with its descriptors and with signals. */
#include "zk_test.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "zk/io/file.h"
#include "zk/io/inet.h"
#include "zk/io/sock.h"
#include "zk/runtime/clock.h"

/* An ensemble of one, in its own directory. */
struct stage {
    char *directory;
    char config[300];
    char log[300];
    pid_t pid; /* 0: it does not run */
    int again; /* the signal that it may have to be sent again; 0: none */
    const char *awaited;
    int client_port; /* of a server alone */
};

static int setup(void **state)
{
    static struct stage stage;
    char path[300];
    struct zk_str text = {0};
    stage = (struct stage){.directory = test_temporary_directory()};
    snprintf(stage.config, sizeof stage.config, "%s/zoo.cfg", stage.directory);
    snprintf(stage.log, sizeof stage.log, "%s/log", stage.directory);
    snprintf(path, sizeof path, "%s/myid", stage.directory);
    test_write_file(path, "1\n");
    zk_str_printf(&text,
                  "tickTime=200\ninitLimit=10\nsyncLimit=5\nstandaloneEnabled=false\ndataDir=%s\n"
                  "admin.enableServer=false\nserver.1=127.0.0.1:%d:%d:participant;127.0.0.1:%d\n",
                  stage.directory, test_free_port(), test_free_port(), test_free_port());
    test_write_file(stage.config, text.text);
    zk_str_done(&text);
    *state = &stage;
    return 0;
}

static int teardown(void **state)
{
    struct stage *stage = *state;
    if (stage->pid > 0) {
        kill(stage->pid, SIGKILL);
        waitpid(stage->pid, NULL, 0);
    }
    test_remove_directory(stage->directory);
    return 0;
}

/* Starts the program after prepare has been called in the child, where descriptor 2 is the log. */
static void start(struct stage *stage, void (*prepare)(struct stage *stage))
{
    stage->pid = fork();
    assert_true(stage->pid >= 0);
    if (stage->pid > 0)
        return;
    int log = open(stage->log, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (log < 0 || dup2(log, STDERR_FILENO) < 0)
        _exit(99);
    close(log);
    signal(SIGHUP, SIG_DFL); /* the tests may run under nohup */
    if (prepare != NULL)
        prepare(stage);
    execl(ZKPEER, ZKPEER, stage->config, (char *)NULL);
    _exit(99);
}

static bool is_logged(void *arg)
{
    struct stage *stage = arg;
    struct zk_str text = {0};
    bool found = file_read(stage->log, SIZE_MAX / 2, &text) == 0 &&
                 strstr(zk_str_text(&text), stage->awaited) != NULL;
    zk_str_done(&text);
    return found;
}

static void await_log(struct stage *stage, const char *words)
{
    stage->awaited = words;
    test_await(is_logged, stage);
}

static bool has_ended(void *arg)
{
    struct stage *stage = arg;
    siginfo_t info = {0};
    if (stage->again != 0)
        kill(stage->pid, stage->again);
    return waitid(P_PID, (id_t)stage->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == stage->pid;
}

/* The exit code; 128 and the signal if one has killed it. */
static int exit_code(struct stage *stage)
{
    int status;
    test_await(has_ended, stage);
    assert_int_equal(waitpid(stage->pid, &status, 0), stage->pid);
    stage->pid = 0;
    stage->again = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int end(struct stage *stage, int signal_number)
{
    kill(stage->pid, signal_number);
    return exit_code(stage);
}

#define READY "LEADING - LEADER ELECTION TOOK"

static void sigterm_ends_it_in_order(void **state)
{
    struct stage *stage = *state;
    start(stage, NULL);
    await_log(stage, READY);

    assert_int_equal(end(stage, SIGTERM), 0);

    await_log(stage, "leaving signal=SIGTERM");
}

static void sigint_and_sighup_end_it_in_order_too(void **state)
{
    struct stage *stage = *state;
    start(stage, NULL);
    await_log(stage, READY);
    assert_int_equal(end(stage, SIGINT), 0);
    await_log(stage, "leaving signal=SIGINT");

    unlink(stage->log);
    start(stage, NULL);
    await_log(stage, READY);
    assert_int_equal(end(stage, SIGHUP), 0);
    await_log(stage, "leaving signal=SIGHUP");
}

static void ignore_hangup(struct stage *stage)
{
    (void)stage;
    signal(SIGHUP, SIG_IGN);
}

static void under_nohup_a_closed_terminal_ends_nothing(void **state)
{
    struct stage *stage = *state;
    start(stage, ignore_hangup);
    await_log(stage, READY);

    kill(stage->pid, SIGHUP);
    kill(stage->pid, SIGQUIT); /* is answered after it */

    await_log(stage, "---- End of the thread dump");
    assert_int_equal(end(stage, SIGTERM), 0);
}

static void sigquit_dumps_threads_queues_and_locks_and_it_goes_on(void **state)
{
    struct stage *stage = *state;
    start(stage, NULL);
    await_log(stage, READY);

    for (int i = 0; i < 2; i++) {
        kill(stage->pid, SIGQUIT);
        await_log(stage, "---- End of the thread dump");
        static const char *const rows[] = {
            "why=SIGQUIT",
            "Full thread dump of peer 1\n",
            "\"QuorumPeer[myid=1]",
            "\"main\"\n    waits on a condition of lock thread group\n",
            "\"Signal Dispatcher\"\n    runs\n",
            "\"WorkerSender[myid=1]\"\n    waits on a condition of lock sendqueue\n",
            "    waits for a caller at ",
            "sendqueue: 0 of at most 65536 elements, waited for by \"WorkerSender[myid=1]\"\n",
            "quorum_peer (rank 30): ",
        };
        for (size_t row = 0; row < sizeof rows / sizeof *rows; row++)
            await_log(stage, rows[row]);
        assert_int_equal(truncate(stage->log, 0), 0);
    }

    assert_int_equal(end(stage, SIGTERM), 0);
}

static void close_standard_descriptors(struct stage *stage)
{
    (void)stage;
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
}

/* What stands behind a descriptor of the process; "" if it is closed. */
static void read_descriptor(const struct stage *stage, const char *name, char *ret_text,
                            size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd/%s", (int)stage->pid, name);
    ssize_t length = readlink(path, ret_text, size - 1);
    ret_text[length > 0 ? length : 0] = '\0';
}

/* It has written its epoch: it is the program, no longer the child before exec, and a signal
 * reaches its dispatcher. A socket says less: libc opens one for the name of the program's user. */
static bool has_an_epoch(void *arg)
{
    struct stage *stage = arg;
    char path[300];
    snprintf(path, sizeof path, "%s/version-2/acceptedEpoch", stage->directory);
    return file_exists(path);
}

static void what_the_starter_has_closed_is_open(void **state)
{
    struct stage *stage = *state;
    start(stage, close_standard_descriptors);
    test_await(has_an_epoch, stage);

    static const char *const standard[] = {"0", "1", "2"};
    for (size_t i = 0; i < 3; i++) {
        char target[64];
        read_descriptor(stage, standard[i], target, sizeof target);
        assert_string_equal(target, "/dev/null");
    }
    assert_int_equal(end(stage, SIGTERM), 0);
}

static void limit_the_size_of_files(struct stage *stage)
{
    (void)stage;
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){4096, 4096});
}

static bool log_is_full(void *arg)
{
    struct stage *stage = arg;
    return file_size(stage->log) == 4096;
}

static void a_log_that_has_reached_its_limit_ends_nothing(void **state)
{
    struct stage *stage = *state;
    start(stage, limit_the_size_of_files);
    test_await(log_is_full, stage);
    test_await(has_an_epoch, stage);

    kill(stage->pid, SIGQUIT); /* it writes a lot */

    assert_int_equal(end(stage, SIGTERM), 0);
}

static int pipe_ends[2];

static void log_into_the_pipe(struct stage *stage)
{
    (void)stage;
    dup2(pipe_ends[1], STDERR_FILENO);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    /* Who leaves at once joins no thread, and ThreadSanitizer would wait for the pipe to say so. */
    setenv("TSAN_OPTIONS", "report_thread_leaks=0", 1);
}

static void a_log_whose_reader_has_ended_ends_nothing(void **state)
{
    struct stage *stage = *state;
    char first;
    assert_int_equal(pipe(pipe_ends), 0);
    start(stage, log_into_the_pipe);
    close(pipe_ends[1]);
    assert_int_equal(read(pipe_ends[0], &first, 1), 1);
    close(pipe_ends[0]);
    test_await(has_an_epoch, stage);

    kill(stage->pid, SIGQUIT);

    assert_int_equal(end(stage, SIGTERM), 0);
}

/* From then on all that the process writes there waits. The pipe is opened once more, since not to
 * wait is a matter of the open file, which the process shares. */
static void fill_the_pipe(void)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", pipe_ends[1]);
    int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(fd >= 0);
    while (write(fd, "x", 1) == 1)
        continue;
    assert_int_equal(errno, EAGAIN);
    close(fd);
}

static void a_log_that_nobody_reads_does_not_keep_it_from_leaving(void **state)
{
    struct stage *stage = *state;
    char text[4096];
    assert_int_equal(pipe(pipe_ends), 0);
    start(stage, log_into_the_pipe);
    test_await(has_an_epoch, stage);
    kill(stage->pid, SIGQUIT);
    FILE *reader = fdopen(pipe_ends[0], "r");
    do /* the thread that waits for signals is there when it has answered one */
        assert_non_null(fgets(text, sizeof text, reader));
    while (strstr(text, "---- End of the thread dump") == NULL);
    fill_the_pipe();

    assert_int_equal(end(stage, SIGTERM), 0);

    fclose(reader);
    close(pipe_ends[1]);
}

/* Of two signals that wait the system gives out SIGQUIT first, which has the lower number. */
static void a_dump_that_nobody_reads_does_not_keep_it_from_leaving(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(pipe(pipe_ends), 0);
    start(stage, log_into_the_pipe);
    test_await(has_an_epoch, stage);
    fill_the_pipe();
    kill(stage->pid, SIGQUIT);

    assert_int_equal(end(stage, SIGTERM), 0);

    close(pipe_ends[0]);
    close(pipe_ends[1]);
}

enum {
    PIPE_SIZE = 4096,
    PIPE_TAKEN = 2200, /* the words before the start, about 1,000 bytes, have room behind it */
    LINE_LONGEST = 300,
};

/* SIGTERM waits for a thread that asks for it, and the next line of the start has no room. */
static bool waits_in_its_start(void *arg)
{
    struct stage *stage = arg;
    char path[64];
    struct zk_str text = {0};
    int waiting = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)stage->pid);
    assert_int_equal(file_read(path, SIZE_MAX / 2, &text), 0);
    const char *blocked = strstr(zk_str_text(&text), "SigBlk:");
    assert_non_null(blocked);
    bool waits = (strtoull(blocked + strlen("SigBlk:"), NULL, 16) >> (SIGTERM - 1) & 1) != 0;
    zk_str_done(&text);
    assert_int_equal(ioctl(pipe_ends[0], FIONREAD, &waiting), 0);
    return waits && waiting > PIPE_SIZE - LINE_LONGEST;
}

static void it_leaves_in_the_middle_of_its_start(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(pipe(pipe_ends), 0);
    assert_int_equal(fcntl(pipe_ends[1], F_SETPIPE_SZ, PIPE_SIZE), PIPE_SIZE);
    char text[PIPE_SIZE + 1] = "";
    memset(text, 'x', PIPE_TAKEN);
    assert_int_equal(write(pipe_ends[1], text, PIPE_TAKEN), PIPE_TAKEN);
    start(stage, log_into_the_pipe);
    close(pipe_ends[1]);
    test_await(waits_in_its_start, stage);

    assert_int_equal(end(stage, SIGTERM), 0);

    assert_true(read(pipe_ends[0], text, PIPE_SIZE) > PIPE_TAKEN);
    assert_null(strstr(text, "Starting quorum peer"));
    close(pipe_ends[0]);
}

static int config_fd;

/* A pipe can be opened for writing only while somebody reads it, or waits for the first byte. */
static bool reads_its_config(void *arg)
{
    struct stage *stage = arg;
    config_fd = open(stage->config, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    return config_fd >= 0;
}

/* A name of a server line may take long to look up; here it is the file itself that takes long. */
static void it_leaves_while_it_reads_its_configuration(void **state)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
    struct stage *stage = *state;
    unlink(stage->config);
    assert_int_equal(mkfifo(stage->config, 0600), 0);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        start(stage, NULL);
        test_await(reads_its_config, stage);
#ifdef __SANITIZE_THREAD__
        /* It keeps a signal until the next call of the C library has ended, which may be the one
         * that waits for the file. Another signal ends that. */
        stage->again = signals[i];
#endif

        assert_int_equal(end(stage, signals[i]), 0);

        close(config_fd);
    }
}

static void check_the_config(struct stage *stage)
{
    execl(ZKPEER, ZKPEER, "--check-config", stage->config, (char *)NULL);
}

/* Its exit code 0 would say that the configuration is fine. */
static void a_check_that_is_ended_does_not_say_that_all_is_well(void **state)
{
    struct stage *stage = *state;
    unlink(stage->config);
    assert_int_equal(mkfifo(stage->config, 0600), 0);
    start(stage, check_the_config);
    test_await(reads_its_config, stage);

    assert_int_equal(end(stage, SIGTERM), 128 + SIGTERM);

    close(config_fd);
}

static void answer_to_a_full_disk(struct stage *stage)
{
    int full = open("/dev/full", O_WRONLY);
    dup2(full, STDOUT_FILENO);
    execl(ZKPEER, ZKPEER, "--check-config", stage->config, (char *)NULL);
}

static void an_answer_that_cannot_be_written_is_an_error(void **state)
{
    struct stage *stage = *state;
    start(stage, answer_to_a_full_disk);

    assert_int_equal(exit_code(stage), 1);

    await_log(stage, "zkpeer: the answer cannot be written: No space left on device\n");
}

static void trace_into_a_directory(struct stage *stage)
{
    execl(ZKPEER, ZKPEER, "--trace", stage->directory, stage->config, (char *)NULL);
}

static void a_trace_that_cannot_be_opened_is_named_with_the_reason(void **state)
{
    struct stage *stage = *state;
    char words[400];
    start(stage, trace_into_a_directory);

    assert_int_equal(exit_code(stage), 2);

    snprintf(words, sizeof words,
             "zkpeer: the trace %s cannot be written: Is a directory (try zkpeer --help)\n",
             stage->directory);
    await_log(stage, words);
}

/* The same directory and port, without a server line. */
static void write_config_of_one_alone(struct stage *stage)
{
    struct zk_str text = {0};
    stage->client_port = test_free_port();
    zk_str_printf(&text,
                  "tickTime=200\ndataDir=%s\nclientPort=%d\nclientPortAddress=127.0.0.1\n"
                  "4lw.commands.whitelist=*\n",
                  stage->directory, stage->client_port);
    test_write_file(stage->config, text.text);
    zk_str_done(&text);
}

static void a_server_alone_serves_and_ends_in_order(void **state)
{
    struct stage *stage = *state;
    write_config_of_one_alone(stage);
    start(stage, NULL);
    await_log(stage, "running in standalone mode");
    await_log(stage, "PrepRequestProcessor (sid:0) started");

    assert_int_equal(end(stage, SIGTERM), 0);

    await_log(stage, "Exiting normally");
}

static void a_server_alone_that_cannot_start_does_not_say_that_it_ended_normally(void **state)
{
    struct stage *stage = *state;
    char *folder = test_path(stage->directory, "version-2");
    char *snapshot = test_path(folder, "snapshot.5");
    write_config_of_one_alone(stage);
    assert_int_equal(mkdir(folder, 0777), 0);
    test_write_file(snapshot, "this is no snapshot");
    start(stage, NULL);

    assert_int_equal(exit_code(stage), 1);

    await_log(stage, "Unexpected exception, exiting abnormally");
    stage->awaited = "Exiting normally";
    assert_false(is_logged(stage));
    free(snapshot);
    free(folder);
}

/* Returns all that is answered at the port, which the caller frees. */
static char *ask_port(int number, const char *request)
{
    struct zk_context *ctx = test_context();
    struct inet_address port;
    struct zk_str answer = {0};
    struct sock *sock;
    char bytes[4096];
    size_t count;
    inet_address_literal("127.0.0.1", (uint16_t)number, &port);
    assert_int_equal(sock_new(ctx, INET_V4, &sock), 0);
    assert_int_equal(sock_connect(sock, &port, TEST_PATIENCE_MS), 0);
    sock_set_timeout(sock, TEST_PATIENCE_MS);
    assert_int_equal(sock_write_fully(sock, request, strlen(request)), 0);
    do {
        assert_int_equal(sock_read_some(sock, bytes, sizeof bytes, &count), 0);
        zk_str_append_bytes(&answer, bytes, count);
    } while (count > 0);
    sock_unref(sock);
    zk_context_free(ctx);
    return zk_str_take(&answer);
}

static char *ask_word(struct stage *stage, const char *word)
{
    return ask_port(stage->client_port, word);
}

static bool answers_as_one_alone(void *arg)
{
    char *answer = ask_word(arg, "srvr");
    bool serves = strstr(answer, "\nMode: standalone\n") != NULL;
    free(answer);
    return serves;
}

/* Its port is open before its processors start, and they start before it says that it serves. */
static void await_service(struct stage *stage)
{
    await_log(stage, "PrepRequestProcessor (sid:0) started");
    test_await(answers_as_one_alone, stage);
}

static void envi_tells_of_the_machine_and_its_user(void **state)
{
    static const char *const KEYS[] = {"host.name", "os.name",   "os.arch", "os.version",
                                       "user.name", "user.home", "user.dir"};
    struct stage *stage = *state;
    char line[40];
    char *answer;
    write_config_of_one_alone(stage);
    start(stage, NULL);
    await_service(stage);

    answer = ask_word(stage, "envi");

    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
        snprintf(line, sizeof line, "\n%s=", KEYS[i]);
        assert_non_null(strstr(answer, line));
    }
    assert_non_null(strstr(answer, "\nos.name=Linux\n"));
    free(answer);
    await_log(stage, "Server environment:os.name=Linux");
}

static void options_of_zk_server_sh(struct stage *stage)
{
    execl(ZKPEER, ZKPEER, "-Dcom.sun.management.jmxremote",
          "-Dcom.sun.management.jmxremote.local.only=false", "-Dzookeeper.log.dir", stage->config,
          (char *)NULL);
}

static void an_option_without_a_value_has_an_empty_one_as_in_a_jvm(void **state)
{
    struct stage *stage = *state;
    char *answer;
    write_config_of_one_alone(stage);
    start(stage, options_of_zk_server_sh);
    await_service(stage);

    answer = ask_word(stage, "conf");

    assert_non_null(strstr(answer, "clientPort="));
    free(answer);
    await_log(stage, "-Dcom.sun.management.jmxremote= has no effect: zkpeer is no Java program");
    assert_int_equal(end(stage, SIGTERM), 0);
}

/* A member answers null. */
static void the_admin_server_of_one_alone_shows_the_text_of_its_file(void **state)
{
    struct stage *stage = *state;
    int port = test_free_port();
    char *answer;
    struct zk_str text = {0};
    write_config_of_one_alone(stage);
    assert_int_equal(file_read(stage->config, SIZE_MAX / 2, &text), 0);
    zk_str_printf(&text, "# a \"remark\"\nadmin.serverPort=%d", port);
    test_write_file(stage->config, text.text);
    start(stage, NULL);
    await_service(stage);

    await_log(stage, "Started AdminServer on address");
    answer = ask_port(port, "GET /commands/icfg HTTP/1.0\r\n\r\n");

    assert_non_null(strstr(answer, "\"initial_configuration\" : \"tickTime=200\\ndataDir="));
    assert_non_null(strstr(answer, "\\n# a \\\"remark\\\"\\nadmin.serverPort="));
    free(answer);
    zk_str_done(&text);
    assert_int_equal(end(stage, SIGTERM), 0);
}

/* Its answer to a command, as HTTP/1.0. */
static char *ask_admin_server(int port, const char *command)
{
    struct zk_str request = {0};
    zk_str_printf(&request, "GET /commands/%s HTTP/1.0\r\n\r\n", command);
    char *answer = ask_port(port, zk_str_text(&request));
    zk_str_done(&request);
    return answer;
}

/* A voter that serves no clients is watched by this alone. */
static void a_member_without_a_client_port_has_its_admin_server(void **state)
{
    static const struct {
        const char *command;
        const char *words;
    } ROWS[] = {
        {"connections", "{\n  \"connections\" : [ ],\n  \"secure_connections\" : [ ],\n"},
        {"configuration", "\"client_port\" : -1,\n"},
        {"configuration", "\"max_client_cnxns\" : -1,\n"},
        {"zabstate", "\"client_address\" : null,\n"},
        {"monitor", "\"num_alive_connections\" : 0,\n"},
        {"stats", "\"connections\" : [ ],\n"},
        {"stat_reset", "\"error\" : null"},
        {"connection_stat_reset", "\"error\" : null"},
        {"srvr", "\"num_alive_client_connections\" : 0,\n"},
    };
    struct stage *stage = *state;
    int port = test_free_port();
    struct zk_str text = {0};
    zk_str_printf(&text,
                  "tickTime=200\ninitLimit=10\nsyncLimit=5\ndataDir=%s\nstandaloneEnabled=false\n"
                  "admin.serverPort=%d\nserver.1=127.0.0.1:%d:%d\n",
                  stage->directory, port, test_free_port(), test_free_port());
    test_write_file(stage->config, text.text);
    zk_str_done(&text);
    start(stage, NULL);
    await_log(stage, "Started AdminServer on address");
    await_log(stage, "Peer state changed: leading - broadcast");

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        char *answer = ask_admin_server(port, ROWS[i].command);
        if (strstr(answer, ROWS[i].words) == NULL)
            fail_msg("%s: %s", ROWS[i].command, answer);
        free(answer);
    }

    assert_int_equal(end(stage, SIGTERM), 0);
}

static void five_words(struct stage *stage)
{
    execl(ZKPEER, ZKPEER, "1", stage->directory, "3", "4", "5", (char *)NULL);
}

static void arguments_that_make_no_sense_end_it_with_2(void **state)
{
    struct stage *stage = *state;
    start(stage, five_words);

    assert_int_equal(exit_code(stage), 2);

    await_log(stage, "Invalid arguments, exiting abnormally");
    await_log(stage, "zkpeer: command line: Invalid number of arguments: 5; write configfile, or "
                     "port datadir [ticktime] [maxcnxns]");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sigterm_ends_it_in_order),
        TEST(sigint_and_sighup_end_it_in_order_too),
        TEST(under_nohup_a_closed_terminal_ends_nothing),
        TEST(sigquit_dumps_threads_queues_and_locks_and_it_goes_on),
        TEST(what_the_starter_has_closed_is_open),
        TEST(a_log_that_has_reached_its_limit_ends_nothing),
        TEST(a_log_whose_reader_has_ended_ends_nothing),
        TEST(a_log_that_nobody_reads_does_not_keep_it_from_leaving),
        TEST(a_dump_that_nobody_reads_does_not_keep_it_from_leaving),
        TEST(it_leaves_in_the_middle_of_its_start),
        TEST(it_leaves_while_it_reads_its_configuration),
        TEST(a_check_that_is_ended_does_not_say_that_all_is_well),
        TEST(an_answer_that_cannot_be_written_is_an_error),
        TEST(a_trace_that_cannot_be_opened_is_named_with_the_reason),
        TEST(a_server_alone_serves_and_ends_in_order),
        TEST(a_server_alone_that_cannot_start_does_not_say_that_it_ended_normally),
        TEST(envi_tells_of_the_machine_and_its_user),
        TEST(the_admin_server_of_one_alone_shows_the_text_of_its_file),
        TEST(a_member_without_a_client_port_has_its_admin_server),
        TEST(arguments_that_make_no_sense_end_it_with_2),
        TEST(an_option_without_a_value_has_an_empty_one_as_in_a_jvm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
