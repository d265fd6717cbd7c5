/* The ensemble that a seed stands for, where the command does not say it. */
#ifndef SIM_MIX_H
#define SIM_MIX_H

#include <stddef.h>

#include "cluster.h"

/* True once in one_in seeds; the salt spreads questions so that they do not fall on the same ones.
 * No draw of the world: what is asked here shifts nothing. */
bool seed_says(uint64_t seed, uint64_t salt, uint64_t one_in);

/* Three or five voters, rarely four, six or seven; an observer or none; a majority or a
 * hierarchical quorum, in which some voters may have no weight. Sets the members of *options that
 * say so. */
void mix_draw(uint64_t seed, struct cluster_options *options);

/* The same in words: "5 voters, 1 observer, groups 1:2 3:4 5 with weights 2 0 1 1 1". */
void mix_words(const struct cluster_options *options, char *ret_text, size_t size);

#endif
