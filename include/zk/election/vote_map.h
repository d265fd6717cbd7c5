/* Votes by sender: what an election remembers of the others. A zero-initialised map is empty. It
 * has no lock: one thread at a time uses it. Java: Map<Long, Vote> */
#ifndef ZK_ELECTION_VOTE_MAP_H
#define ZK_ELECTION_VOTE_MAP_H

#include <stdint.h>

#include "zk/base/long_map.h"
#include "zk/ensemble/vote.h"

struct vote_map {
    struct long_map map; /* of struct vote, owned */
};

/* Copies vote. It replaces an earlier vote of the same sender: each server has one. */
void vote_map_put(struct vote_map *votes, int64_t sid, const struct vote *vote);

/* Returns NULL if sid has sent none; the vote stays the map's. */
const struct vote *vote_map_get(const struct vote_map *votes, int64_t sid);

/* Forget all votes. The map can be filled again after either. */
void vote_map_clear(struct vote_map *votes);
void vote_map_done(struct vote_map *votes);

#endif
