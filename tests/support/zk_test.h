/* What every test needs: cmocka behind one include, a context that checks locks, temporary
 * directories, free ports, waiting without sleeping. cmocka's assertions only in the test's own
 * thread. */
#ifndef ZK_TEST_H
#define ZK_TEST_H

/* cmocka wants these five before its own header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdbool.h>

#include "zk/base/str.h"
#include "zk/io/inet.h"
#include "zk/runtime/context.h"

struct zookeeper_server;

/* How long a test waits for what must happen: two minutes, long enough for a slow machine under a
 * sanitizer. Only a test that fails waits that long. Where it shall fail, because a mistake is
 * planted, ZK_TEST_PATIENCE_MS in the environment is a shorter time. */
int test_patience_ms(void);
#define TEST_PATIENCE_MS test_patience_ms()

/* How much a test does: all, or less under a sanitizer, where each step costs ten times as much. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TEST_AMOUNT(all, sanitized) (sanitized)
#else
#define TEST_AMOUNT(all, sanitized) (all)
#endif

/* --- contexts --- */

/* Locks are checked; the log and the trace go nowhere. zk_context_free() ends it. */
struct zk_context *test_context(void);

/* Locks are checked; log (all levels) and trace go to unnamed files that test_captured_* read. */
struct test_capture {
    struct zk_context *ctx;
    int log_fd;
    int trace_fd;
};

struct test_capture test_capture_new(void);
void test_capture_done(struct test_capture *capture); /* frees the context too */
/* Each returns all that was written so far; the caller frees it. */
char *test_captured_log(const struct test_capture *capture);
char *test_captured_trace(const struct test_capture *capture);

/* --- the server of a role --- */

/* Returns whether it has been started, and not been shut down. Java: ZooKeeperServer.isRunning() */
bool test_server_runs(struct zookeeper_server *server);

/* --- the outside --- */

/* Makes a new empty directory and returns its path; test_remove_directory removes it with all in it
 * and frees the path. */
char *test_temporary_directory(void);
void test_remove_directory(char *path);
/* Returns directory + "/" + name; the caller frees it. */
char *test_path(const char *directory, const char *name);
/* Write and read a small file. The caller frees the text that was read. */
void test_write_file(const char *path, const char *text);
char *test_read_file(const char *path);
/* Writes name in directory. */
void test_write_bytes(const char *directory, const char *name, const void *bytes, size_t length);
bool test_has_file(const char *directory, const char *name);

/* Returns whether line is one of the lines of text, each of which ends with a line feed. */
bool test_has_line(const char *text, const char *line);

/* Returns a TCP port of 127.0.0.1 that nobody listens on. Two calls of one process give two
 * ports. */
uint16_t test_free_port(void);
struct inet_address test_loopback(uint16_t port);

/* --- waiting --- */

/* Asks until it is true, at most until zk_elapsed_ms() reaches deadline_ms. Returns false if it
 * never was. */
bool wait_until(int64_t deadline_ms, bool (*predicate)(void *arg), void *arg);
/* The same within TEST_PATIENCE_MS from now; fails the test otherwise. */
void test_await(bool (*predicate)(void *arg), void *arg);

/* --- panics --- */

/* Runs body in a child process: it must end by a panic whose line contains words. Only where the
 * test runs no other thread. */
void test_expect_panic(void (*body)(void *arg), void *arg, const char *words);

#endif
