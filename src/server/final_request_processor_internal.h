/* Shared by the files of the last processor: final_request_processor.c (its skeleton, and the
 * answers to writes), final_request_processor_read.c (answers to what reads the tree), and
 * final_request_processor_watch.c (answers to requests about watches). Java:
 * server.FinalRequestProcessor */
#ifndef SERVER_FINAL_REQUEST_PROCESSOR_INTERNAL_H
#define SERVER_FINAL_REQUEST_PROCESSOR_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/base/array_deque.h"
#include "zk/base/attrs.h"
#include "zk/base/buf.h"
#include "zk/jute/archive.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/record.h"
#include "zk/runtime/lock.h"
#include "zk/server/request.h"
#include "zk/server/request_processor.h"
#include "zk/server/zookeeper_server.h"

struct data_tree;

struct final_request_processor {
    struct request_processor processor;
    struct zookeeper_server *server;
    struct zk_context *ctx;
    /* A reference. A learner is given a tree before it has processors, so theirs stays the current
     * one. */
    struct data_tree *tree;
    /* The newest answer to a write, which the next one takes over if nobody else has it any more.
     * Only the thread that applies transactions looks at it. */
    struct buf *write_answer;

    struct zk_mutex mu;                          /* L-61. Guards: */
    struct array_deque answered GUARDED_BY(&mu); /* references: connections, see send_answer */
};

/* What a client is told. */
struct answer {
    struct data_tree *tree; /* borrowed */
    int64_t zxid;           /* the last one of the tree that is shown */
    enum keeper_code err;
    struct buf *rsp;     /* the record behind the header, a reference; NULL: there is none */
    const char *last_op; /* what "cons" calls it; static */
};

/* ---- final_request_processor.c ---- */

/* Returns where the answer's record is written; it is there from now on. room: how many bytes the
 * record will probably have; it may have more. */
struct jute_out begin_answer(struct answer *answer, size_t room);

/* ---- final_request_processor_read.c: one function for each case of Java's switch ---- */

void answer_exists(const struct request *request, struct answer *answer);
void answer_get_data(struct final_request_processor *final, const struct request *request,
                     struct answer *answer);
void answer_get_acl(struct final_request_processor *final, const struct request *request,
                    struct answer *answer);
/* getChildren, and getChildren2 with the stat behind. */
void answer_get_children(struct final_request_processor *final, const struct request *request,
                         struct answer *answer);
void answer_get_all_children_number(struct final_request_processor *final,
                                    const struct request *request, struct answer *answer);
void answer_get_ephemerals(struct final_request_processor *final, const struct request *request,
                           struct answer *answer);
void answer_multi_read(struct final_request_processor *final, const struct request *request,
                       struct answer *answer);
void answer_who_am_i(struct final_request_processor *final, const struct request *request,
                     struct answer *answer);

/* ---- final_request_processor_watch.c: likewise ---- */

void answer_set_watches(struct final_request_processor *final, const struct request *request,
                        struct answer *answer);
void answer_set_watches2(struct final_request_processor *final, const struct request *request,
                         struct answer *answer);
void answer_add_watch(struct final_request_processor *final, const struct request *request,
                      struct answer *answer);
void answer_check_watches(struct final_request_processor *final, const struct request *request,
                          struct answer *answer);
void answer_remove_watches(struct final_request_processor *final, const struct request *request,
                           struct answer *answer);

#endif
