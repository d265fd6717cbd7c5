/* The digest of one node. Java: server.DigestCalculator */
#include "zk/tree/digest.h"

#include <string.h>

#include <zlib.h>

/* Java: ZooDefs.ZOOKEEPER_NODE_SUBTREE: what differs from server to server. */
static const char OWN_SUBTREE[] = "/zookeeper/";

/* What of a stat goes into the digest. Not the order of StatPersisted on disk:
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
static void stat_bytes(const struct stat_persisted *stat, uint8_t ret_bytes[60])
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
uint32_t digest_calculate(const char *path, const struct buf *data,
                          const struct stat_persisted *stat)
{
    if (strncmp(path, OWN_SUBTREE, sizeof OWN_SUBTREE - 1) == 0)
        return 0;
    uint8_t bytes[60];
    stat_bytes(stat, bytes);
    uLong crc = crc32_z(0, (const Bytef *)path, strlen(path));
    if (data && data->length > 0)
        crc = crc32_z(crc, data->bytes, data->length);
    return (uint32_t)crc32_z(crc, bytes, sizeof bytes);
}
