/* Two checksums: Adler-32, which seals log entries and snapshots, and CRC-32, of which the digest
 * of a node is made. They are those of java.util.zip.
 *
 * A sum goes on from the sum of the bytes before it. Any thread; never blocks. */
#ifndef ZK_BASE_CHECKSUM_H
#define ZK_BASE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

enum { ZK_ADLER32_OF_NOTHING = 1, ZK_CRC32_OF_NOTHING = 0 };

uint32_t zk_adler32(uint32_t adler, const void *bytes, size_t length);
uint32_t zk_crc32(uint32_t crc, const void *bytes, size_t length);

#endif
