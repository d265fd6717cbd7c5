/* The next processor of a processor under test: it remembers what it was given, in order, and can
 * be told to hold up its caller or to fail. */
#ifndef TEST_SCRIPTED_PROCESSOR_H
#define TEST_SCRIPTED_PROCESSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/server/request_processor.h"

struct request;
struct scripted_processor;
struct zk_context;

/* The chain that it becomes part of frees it. */
struct scripted_processor *scripted_processor_new(struct zk_context *ctx);
struct request_processor *scripted_processor_as_processor(struct scripted_processor *scripted);

/* How many requests have come, and how many flushes; whether it has been shut down. */
size_t scripted_processor_count(struct scripted_processor *scripted);
size_t scripted_processor_flushes(struct scripted_processor *scripted);
bool scripted_processor_is_shut_down(struct scripted_processor *scripted);
/* How many requests had come when the first flush came, and when the shutdown did. */
size_t scripted_processor_count_at_first_flush(struct scripted_processor *scripted);
size_t scripted_processor_count_at_shutdown(struct scripted_processor *scripted);
/* Waits until it has been woken, and returns how many requests had come when that was first. */
size_t scripted_processor_await_wake(struct scripted_processor *scripted);
/* Waits until so many have come; fails the test if they do not. */
void scripted_processor_await(struct scripted_processor *scripted, size_t count);
/* A request that has come; it stays the processor's. */
const struct request *scripted_processor_at(struct scripted_processor *scripted, size_t index);
/* Returns "getData 1.2, create 1.3=5": op code, session, cxid, and the zxid if there is a
 * transaction. The caller frees it. */
char *scripted_processor_text(struct scripted_processor *scripted);

/* From now on each caller waits inside process_request, until release. */
void scripted_processor_hold(struct scripted_processor *scripted);
void scripted_processor_release(struct scripted_processor *scripted);
/* Waits until a caller is held. */
void scripted_processor_await_held(struct scripted_processor *scripted);
/* The request that comes when so many have come fails with r. */
void scripted_processor_fail_at(struct scripted_processor *scripted, size_t count, int r);

#endif
