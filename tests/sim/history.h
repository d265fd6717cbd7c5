/* The history of an ensemble: what its servers have proposed, acknowledged, committed and applied
 * (from the steps of transactions in their traces), held against what is on their disks. The disks
 * are read here by the format of the log alone, and by nothing of the product.
 *
 *   I7  one zxid is one transaction, on all disks, at all times
 *   I8  what a server has acknowledged is on its disk, so that a power loss leaves it there; what a
 *       leader counts its learner has acknowledged, and still has, unless it has begun anew since
 *   I9  what is committed is on the disks of a quorum of the voters, now and for ever
 *   I10 all apply the same transactions in the same order, each once, and leave none out
 *   I11 whoever leads an epoch has all that was committed before it; whoever follows in it has
 *       nothing on its disk that never was
 *   I12 nobody, observers included, applies what has not been committed; one request of a client is
 *       committed once at most
 *
 * The first violation ends the world. */
#ifndef SIM_HISTORY_H
#define SIM_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "world.h"

/* A transaction as it stands in the logs. */
struct history_txn {
    int64_t zxid;
    int64_t session;
    int32_t cxid;
    int32_t type;
    uint32_t checksum;
    uint8_t *bytes; /* header, record, digest */
    size_t length;
};

struct history_file; /* of one disk, as far as it has been read */

struct history_disk {
    struct history_file *files;
    size_t count;
    size_t capacity;
    int64_t snapshot; /* the newest; -1: none */
    uint64_t changes; /* world_disk_changes when it was read */
};

struct history {
    int voters;
    int size; /* all servers */
    int group_size;
    int weights[HOSTS_MAX];
    bool alone;               /* a server alone: what it has logged is committed */
    bool watches;             /* false: there are no writes, and nothing is looked at */
    struct history_txn *txns; /* all that were seen on a disk: a hash table by zxid */
    size_t txn_count;
    size_t txn_capacity;
    int64_t *committed; /* in their order */
    size_t committed_count;
    size_t committed_capacity;
    struct history_disk disks[HOSTS_MAX];
    /* Transactions that came in the last SNAP, though no log of this host has them: zxids behind
     * what was committed then. */
    struct {
        int64_t *zxids;
        size_t count;
        size_t capacity;
        int64_t upto; /* the zxid of that SNAP; 0: there was none */
    } adopted[HOSTS_MAX];
    int64_t applied[HOSTS_MAX]; /* place in committed of the last one; -1: not known */
    int64_t terms[HOSTS_MAX];   /* epoch in which it was last established */
    /* What this host has said to be on its disk, in the order in which it said so. */
    struct {
        int64_t *zxids;
        size_t count;
        size_t capacity;
        size_t before; /* so many of them before it began anew */
    } acked[HOSTS_MAX];
    int *leaders; /* of each epoch; 0: nobody has led it */
    size_t epochs;
    size_t epoch_capacity;
};

/* weights: see cluster_options. Nothing is looked at before history_watch. */
void history_begin(struct history *history, int voters, int size, int group_size,
                   const int *weights);
void history_end(struct history *history);

/* A step of a transaction's life: step is "acked" and so on, peer the server it is about (0: the
 * host itself). */
void history_step(struct history *history, int host, bool leads, const char *step, int64_t zxid,
                  int64_t peer);
/* The leader on this host sends the learner its tree as of that zxid. */
void history_sent_snapshot(struct history *history, int host, int learner, int64_t zxid);
/* The host is established; as a leader: all that it has is committed. */
void history_established(struct history *history, int host, bool leads, int64_t epoch);
/* The server alone serves: all that it has is committed. */
void history_serves_alone(struct history *history, int host);
/* It begins anew: booted, or looking for a leader. */
void history_restart(struct history *history, int host);
/* I9 for all that was ever committed. */
void history_check_durable(struct history *history);

/* Who was established as leader of that epoch; 0: nobody. */
int history_leader_of(const struct history *history, int64_t epoch);
/* The epoch in which the host serves, or has served last; 0: none. */
int64_t history_term_of(const struct history *history, int host);
/* Place in committed of a zxid; -1: not there. */
int64_t history_place(const struct history *history, int64_t zxid);
/* NULL: no disk has had it. */
const struct history_txn *history_find(const struct history *history, int64_t zxid);
/* The committed one of a client's request; NULL: there is none. */
const struct history_txn *history_of_request(const struct history *history, int64_t session,
                                             int32_t cxid);

#endif
