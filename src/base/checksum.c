/* Checksums by the library that is quickest at them. */
#include "zk/base/checksum.h"

#ifdef ZK_LIBDEFLATE
#include <libdeflate.h>

uint32_t zk_adler32(uint32_t adler, const void *bytes, size_t length)
{
    return length > 0 ? libdeflate_adler32(adler, bytes, length) : adler;
}

uint32_t zk_crc32(uint32_t crc, const void *bytes, size_t length)
{
    return length > 0 ? libdeflate_crc32(crc, bytes, length) : crc;
}

#else
#include <zlib.h>

uint32_t zk_adler32(uint32_t adler, const void *bytes, size_t length)
{
    const uInt most = (uInt)1 << 30; /* zlib's adler32() takes a length of 32 bits */
    const uint8_t *next = bytes;
    for (; length > most; length -= most, next += most)
        adler = (uint32_t)adler32(adler, next, most);
    return length > 0 ? (uint32_t)adler32(adler, next, (uInt)length) : adler;
}

uint32_t zk_crc32(uint32_t crc, const void *bytes, size_t length)
{
    return length > 0 ? (uint32_t)crc32_z(crc, bytes, length) : crc;
}

#endif
