/* Votes compared: when two of them count as one, and which of two is the better.
 * Java: Vote, FastLeaderElection.totalOrderPredicate() */
#include "zk/ensemble/vote.h"

struct vote vote_of(int64_t id, int64_t zxid, int64_t peer_epoch)
{
    return (struct vote){
        .version = 0,
        .id = id,
        .zxid = zxid,
        .election_epoch = -1,
        .peer_epoch = peer_epoch,
        .state = SERVER_STATE_LOOKING,
    };
}

/* Java: Vote.equals() */
bool vote_equal(const struct vote *a, const struct vote *b)
{
    if (a->state == SERVER_STATE_LOOKING || b->state == SERVER_STATE_LOOKING)
        return a->id == b->id && a->zxid == b->zxid && a->election_epoch == b->election_epoch &&
               a->peer_epoch == b->peer_epoch;

    /* Both voters have settled. Each says what it thought when it chose, perhaps in another round
     * and with a zxid that has moved since: only the leader and its epoch still mean something. A
     * version of 0 marks a voter (or a place in our own code) whose epoch cannot be compared. */
    bool one_has_no_version = (a->version > 0) != (b->version > 0);
    return a->id == b->id && (one_has_no_version || a->peer_epoch == b->peer_epoch);
}

/* The newest history must win: the committed transactions are in it, because every quorum shares a
 * server with the one that acknowledged them. The sid only breaks ties, so that all choose alike.
 * Java: FastLeaderElection.totalOrderPredicate(), without its question for the weight */
bool vote_is_better(int64_t new_id, int64_t new_zxid, int64_t new_epoch, int64_t id, int64_t zxid,
                    int64_t epoch)
{
    if (new_epoch != epoch)
        return new_epoch > epoch;
    if (new_zxid != zxid)
        return new_zxid > zxid;
    return new_id > id;
}
