/* A transaction on its way to a quorum, and the two lists in which the leader keeps it: first until
 * enough servers have it on disk, then until it is in the tree.
 *
 * Neither has a lock; the leader's mu guards both lists and what is in them.
 *
 * Java: Leader.Proposal; Leader.outstandingProposals and toBeApplied, a map and a queue there */
#ifndef ZAB_PROPOSAL_H
#define ZAB_PROPOSAL_H

#include <stddef.h>
#include <stdint.h>

#include "zk/base/array_deque.h"
#include "zk/ensemble/synced_learner_tracker.h"

struct request;

struct proposal {
    struct request *request;               /* a reference; it holds zxid, type and bytes */
    struct synced_learner_tracker tracker; /* who has it on disk */
};

/* Takes a reference to request. The tracker is empty; the caller gives it its configurations. */
struct proposal *proposal_new(struct request *request);
void proposal_free(struct proposal *proposal); /* NULL is fine */
int64_t proposal_zxid(const struct proposal *proposal);

/* In ascending order of zxids. */
struct proposal_list {
    struct array_deque proposals; /* pointers, owned */
};

void proposal_list_init(struct proposal_list *list);
size_t proposal_list_count(const struct proposal_list *list);
/* Takes ownership of proposal, whose zxid is above all others of the list. */
void proposal_list_append(struct proposal_list *list, struct proposal *proposal);
/* Returns the i-th oldest, which stays the list's. */
struct proposal *proposal_list_at(const struct proposal_list *list, size_t i);
/* Returns the one with this zxid, which stays the list's, or NULL. */
struct proposal *proposal_list_find(const struct proposal_list *list, int64_t zxid);
/* Takes the oldest out of a list that is not empty, and returns it; the caller frees it. */
struct proposal *proposal_list_take_first(struct proposal_list *list);
/* Frees what is left in it. */
void proposal_list_done(struct proposal_list *list);

#endif
