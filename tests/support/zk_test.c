/* See zk_test.h: contexts, files, ports, waiting, panics in a child process. */
#include "zk_test.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sleep_ms.h"
#include "zk/base/alloc.h"
#include "zk/io/file.h"
#include "zk/runtime/clock.h"
#include "zk/server/server_status.h"
#include "zk/server/zookeeper_server.h"

enum {
    POLL_PAUSE_MS = 2,
    PATH_SIZE = 4096,
    /* Below those of clusters (scripts/lib/lib.sh), which other tests run at the same time, and
     * below the range from which the system gives ports to those who dial. */
    FIRST_PORT = 10000,
    PORT_COUNT = 9900,
    RESERVED_PORT_STEP = 64,
};

/* --- contexts --- */

static struct zk_context *context_with(enum zk_log_level level, int log_fd, int trace_fd)
{
    struct zk_context_options options = zk_context_options_default();
    options.log_level = level;
    options.log_fd = log_fd;
    options.trace_fd = trace_fd;
    options.check_locks = true;
    return zk_context_new(&options);
}

struct zk_context *test_context(void)
{
    return context_with(ZK_INFO, -1, -1);
}

static int unnamed_file(const char *name)
{
    int fd = memfd_create(name, MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_APPEND), 0); /* threads write to it side by side */
    return fd;
}

struct test_capture test_capture_new(void)
{
    struct test_capture capture = {
        .log_fd = unnamed_file("log"),
        .trace_fd = unnamed_file("trace"),
    };
    capture.ctx = context_with(ZK_TRACE, capture.log_fd, capture.trace_fd);
    return capture;
}

void test_capture_done(struct test_capture *capture)
{
    zk_context_free(capture->ctx);
    close(capture->log_fd);
    close(capture->trace_fd);
}

static char *read_descriptor(int fd)
{
    struct zk_str text = {0};
    char chunk[4096];
    ssize_t count;
    while ((count = pread(fd, chunk, sizeof chunk, (off_t)text.length)) > 0)
        zk_str_append_bytes(&text, chunk, (size_t)count);
    assert_int_equal(count, 0);
    return zk_str_take(&text);
}

char *test_captured_log(const struct test_capture *capture)
{
    return read_descriptor(capture->log_fd);
}

char *test_captured_trace(const struct test_capture *capture)
{
    return read_descriptor(capture->trace_fd);
}

/* --- the server of a role --- */

bool test_server_runs(struct zookeeper_server *server)
{
    struct server_status status = {0};
    zookeeper_server_fill_status(server, &status);
    return status.serving;
}

/* --- the outside --- */

char *test_temporary_directory(void)
{
    const char *parent = getenv("TMPDIR");
    char *path = test_path(parent != NULL ? parent : "/tmp", "zk_test.XXXXXX");
    assert_non_null(mkdtemp(path));
    return path;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

void test_remove_directory(char *path)
{
    assert_int_equal(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
    free(path);
}

char *test_path(const char *directory, const char *name)
{
    struct zk_str path = {0};
    zk_str_printf(&path, "%s/%s", directory, name);
    return zk_str_take(&path);
}

void test_write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

char *test_read_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    char *text = read_descriptor(fd);
    close(fd);
    return text;
}

void test_write_bytes(const char *directory, const char *name, const void *bytes, size_t length)
{
    char *path = test_path(directory, name);
    assert_int_equal(file_write_atomic(path, bytes, length), 0);
    free(path);
}

bool test_has_file(const char *directory, const char *name)
{
    char *path = test_path(directory, name);
    bool has = file_exists(path);
    free(path);
    return has;
}

bool test_has_line(const char *text, const char *line)
{
    size_t length = strlen(line);
    for (const char *at = text; (at = strstr(at, line)) != NULL; at++) {
        if ((at == text || at[-1] == '\n') && at[length] == '\n')
            return true;
    }
    return false;
}

static bool port_is_free(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr = {htonl(INADDR_LOOPBACK)},
    };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    bool is_free = bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return is_free;
}

/* Tests that run at the same time must not get each other's ports, on which they do not listen yet:
 * a port is taken by a lock on its byte of a common file, for as long as the process lives. Each
 * user has a file of their own, for nobody may open another's in /tmp. */
static bool reserve_port(uint16_t port)
{
    static int fd = -1;
    if (fd < 0) {
        char path[64];
        snprintf(path, sizeof path, "/tmp/zk_test.ports-%ld", (long)geteuid());
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    }
    assert_true(fd >= 0);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = port, .l_len = 1};
    return fcntl(fd, F_SETLK, &lock) == 0;
}

/* Processes that run at the same time start at different places; the counter goes on from there. */
uint16_t test_free_port(void)
{
    static unsigned next;
    if (next == 0)
        next = (unsigned)getpid() * RESERVED_PORT_STEP;
    for (int tries = 0; tries < PORT_COUNT; tries++) {
        uint16_t port = (uint16_t)(FIRST_PORT + next++ % PORT_COUNT);
        if (reserve_port(port) && port_is_free(port))
            return port;
    }
    fail_msg("no free port between %d and %d", FIRST_PORT, FIRST_PORT + PORT_COUNT);
    return 0;
}

struct inet_address test_loopback(uint16_t port)
{
    struct inet_address address;
    inet_address_literal("127.0.0.1", port, &address);
    return address;
}

/* --- waiting --- */

int test_patience_ms(void)
{
    const char *shorter = getenv("ZK_TEST_PATIENCE_MS");
    return shorter != NULL ? atoi(shorter) : 120000;
}

bool wait_until(int64_t deadline_ms, bool (*predicate)(void *arg), void *arg)
{
    while (!predicate(arg)) {
        if (zk_elapsed_ms() >= deadline_ms)
            return false;
        sleep_ms(POLL_PAUSE_MS);
    }
    return true;
}

void test_await(bool (*predicate)(void *arg), void *arg)
{
    assert_true(wait_until(zk_deadline_ms(TEST_PATIENCE_MS), predicate, arg));
}

/* --- panics --- */

#ifdef ZK_COVERAGE
void __gcov_dump(void); /* NOLINT(bugprone-reserved-identifier): gcc's name */

/* What ran before a panic counts as run. */
static void keep_coverage(int signal_number)
{
    (void)signal_number;
    __gcov_dump();
}
#else
#define keep_coverage SIG_DFL
#endif

static void panic_child(void (*body)(void *arg), void *arg, int error_fd)
{
    const struct rlimit no_core = {0};
    setrlimit(RLIMIT_CORE, &no_core);
    signal(SIGABRT, keep_coverage); /* not cmocka's or a sanitizer's */
    dup2(error_fd, STDERR_FILENO);
    body(arg);
    _exit(0);
}

void test_expect_panic(void (*body)(void *arg), void *arg, const char *words)
{
    int error_fd = unnamed_file("stderr");
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        panic_child(body, arg, error_fd);

    int status = 0;
    pid_t ended;
    do {
        ended = waitpid(child, &status, 0);
    } while (ended < 0 && errno == EINTR);
    char *text = read_descriptor(error_fd);
    close(error_fd);
    bool panicked = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT &&
                    strncmp(text, "panic ", 6) == 0 && strstr(text, words) != NULL;
    if (!panicked)
        fail_msg("no panic with the words \"%s\"; status %#x, stderr: %s", words, (unsigned)status,
                 text);
    free(text);
}
