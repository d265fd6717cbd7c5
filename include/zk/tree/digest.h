/* A number that two trees share if they hold the same: it shows replicas that have drifted apart.
 * The digest of a tree is the sum of its nodes' (Java: AdHash), so that one change costs one
 * subtraction and one addition. Java: server.DigestCalculator, server.util.AdHash. A pure function;
 * any thread. */
#ifndef ZK_TREE_DIGEST_H
#define ZK_TREE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "zk/jute/data.h"

/* Java: DigestCalculator.DIGEST_VERSION */
enum { DIGEST_VERSION = 2 };

/* Java: DigestCalculator.calculateDigest(). Returns the CRC-32 of path, data and stat, or 0 for
 * everything below /zookeeper, which each server keeps for itself. The root's path is "". Empty
 * data and null have the same digest. */
uint32_t digest_calculate(const char *path, size_t path_length, const uint8_t *data,
                          size_t data_length, const struct stat_persisted *stat);

/* Java: DataTree.ZxidDigest: the tree's digest after the transaction zxid; {0, 2, 0} when none was
 * applied. version is DIGEST_VERSION; a file may have another one, with which ours cannot be
 * compared. */
struct zxid_digest {
    int64_t zxid;
    int32_t version;
    int64_t digest;
};

#endif
