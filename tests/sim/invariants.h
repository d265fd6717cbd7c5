/* What must hold in every run, whatever breaks: held against the trace that the peers write (the
 * same lines that a real peer writes with --trace) and against their disks.
 *
 *   I1  an epoch has one leader, from the moment that one has written it as its current epoch
 *   I2  the epochs that a peer has written never fall, also across crashes and power losses
 *   I3  currentEpoch is never ahead of acceptedEpoch
 *   I4  nobody decides for, or is established under, a leader that is no voter, or a voter without
 *       weight
 *   I5  who is established as a leader has decided for itself
 *   I6  who is established in an epoch has written it
 *
 * I7 to I12 are about transactions (history.h), I13 and I14 about what clients are told (load.h).
 * The first violation ends the world. */
#ifndef SIM_INVARIANTS_H
#define SIM_INVARIANTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "history.h"
#include "world.h"

enum observed_role { ROLE_DOWN, ROLE_LOOKING, ROLE_SEEKING, ROLE_ESTABLISHED };

/* A peer as its trace shows it. */
struct observed_peer {
    enum observed_role role; /* seeking: leads or follows, and nothing is established yet */
    bool leads;
    int64_t decided; /* the leader of its last decision; 0: none since it was booted */
    int64_t leader;  /* established under */
    int64_t epoch;
    int64_t accepted_epoch; /* the last ones that it said it had written; -1: none ever */
    int64_t current_epoch;
    int64_t read_accepted_epoch; /* what its disk had when it was booted */
    int64_t read_current_epoch;
};

struct invariants {
    int voters;
    bool weightless[HOSTS_MAX]; /* voters that a hierarchical quorum gives no weight */
    struct observed_peer peers[HOSTS_MAX];
    int16_t *leader_of_epoch; /* 0: none yet */
    size_t epoch_capacity;
    uint64_t established; /* terms of a leader */
    struct history history;
};

void invariants_begin(struct invariants *invariants, int voters);
void invariants_end(struct invariants *invariants);

/* A line of the trace of the peer on this host. */
void invariants_trace(struct invariants *invariants, int host, const char *bytes, size_t length);
/* What a line of its trace says of a transaction, if there are no such lines (observe.h). step may
 * go on behind the word. */
void invariants_txn(struct invariants *invariants, int host, const char *step, int64_t zxid,
                    int64_t peer);

/* The server alone on this host serves; its term has no epoch, and no line of its trace. */
void invariants_serves_alone(struct invariants *invariants, int host);

/* Its process is gone, or comes. The latter holds the disk against what was traced (I2, I3). */
void invariants_down(struct invariants *invariants, int host);
void invariants_boot(struct invariants *invariants, int host);

/* Are all these hosts established under one leader in one epoch? Whoever has accepted a later epoch
 * than that need not be: it cannot follow, and tries again and again, until the leader's term ends
 * (K-22). */
bool invariants_all_settled(const struct invariants *invariants, int hosts);

/* Is this host established under the leader that the others follow? */
bool invariants_is_settled(const struct invariants *invariants, int hosts, int host);

/* Does K-22 shut that host out: has it accepted an epoch above the leader's? */
bool invariants_is_shut_out(const struct invariants *invariants, int hosts, int host);
/* Of these hosts, those that K-22 shuts out. */
int invariants_shut_out(const struct invariants *invariants, int hosts);

#endif
