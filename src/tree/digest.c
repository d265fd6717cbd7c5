/* The digest of one node. Java: server.DigestCalculator */
#include "zk/tree/digest.h"

#include <string.h>

#include "zk/base/checksum.h"

/* Java: ZooDefs.ZOOKEEPER_NODE_SUBTREE. What lies below it differs from server to server. */
static const char OWN_SUBTREE[] = "/zookeeper/";

enum {
    STAT_BYTES = 60,
    TOGETHER = 1024,
};

/* Writes what goes into the digest of a stat. The order is not that of StatPersisted on disk:
 *
 *    0   8   long czxid
 *    8   8   long mzxid
 *   16   8   long pzxid
 *   24   8   long ctime
 *   32   8   long mtime
 *   40   4   int  version
 *   44   4   int  cversion
 *   48   4   int  aversion
 *   52   8   long ephemeralOwner */
static void stat_bytes(const struct stat_persisted *stat, uint8_t *ret_bytes)
{
    zk_store_long(ret_bytes, stat->czxid);
    zk_store_long(ret_bytes + 8, stat->mzxid);
    zk_store_long(ret_bytes + 16, stat->pzxid);
    zk_store_long(ret_bytes + 24, stat->ctime_ms);
    zk_store_long(ret_bytes + 32, stat->mtime_ms);
    zk_store_int(ret_bytes + 40, stat->version);
    zk_store_int(ret_bytes + 44, stat->cversion);
    zk_store_int(ret_bytes + 48, stat->aversion);
    zk_store_long(ret_bytes + 52, stat->ephemeral_owner);
}

/* Java: DigestCalculator.calculateDigest() */
uint32_t digest_calculate(const char *path, size_t path_length, const uint8_t *data,
                          size_t data_length, const struct stat_persisted *stat)
{
    const size_t own_length = sizeof OWN_SUBTREE - 1;
    if (path_length >= own_length && memcmp(path, OWN_SUBTREE, own_length) == 0)
        return 0;
    if (path_length + data_length + STAT_BYTES <= TOGETHER) {
        /* Checksums are quick with long pieces: three short ones cost twice as much. */
        uint8_t together[TOGETHER];
        memcpy(together, path, path_length);
        if (data_length > 0)
            memcpy(together + path_length, data, data_length);
        stat_bytes(stat, together + path_length + data_length);
        return zk_crc32(ZK_CRC32_OF_NOTHING, together, path_length + data_length + STAT_BYTES);
    }
    uint8_t bytes[STAT_BYTES];
    stat_bytes(stat, bytes);
    uint32_t crc = zk_crc32(ZK_CRC32_OF_NOTHING, path, path_length);
    if (data_length > 0)
        crc = zk_crc32(crc, data, data_length);
    return zk_crc32(crc, bytes, sizeof bytes);
}
