/* Votes by sender, in ascending order of sid. */
#include "zk/election/vote_map.h"

#include <stdlib.h>

#include "zk/base/alloc.h"

void vote_map_put(struct vote_map *votes, int64_t sid, const struct vote *vote)
{
    struct vote *copy = zk_xmalloc(sizeof *copy);
    *copy = *vote;
    free(long_map_put(&votes->map, sid, copy));
}

const struct vote *vote_map_get(const struct vote_map *votes, int64_t sid)
{
    return long_map_get(&votes->map, sid);
}

/* Empties the map for a new round. */
void vote_map_clear(struct vote_map *votes)
{
    vote_map_done(votes);
}

void vote_map_done(struct vote_map *votes)
{
    for (size_t i = 0; i < votes->map.count; i++)
        free(votes->map.entries[i].value);
    long_map_done(&votes->map);
}
