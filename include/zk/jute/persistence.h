/* The records of Java's module org.apache.zookeeper.server.persistence. RECORDS.md has their
 * bytes. */
#ifndef ZK_JUTE_PERSISTENCE_H
#define ZK_JUTE_PERSISTENCE_H

#include "zk/jute/record.h"

/* Java: FileHeader. What log and snapshot files begin with. A value. */
struct file_header {
    int32_t magic; /* "ZKLG" or "ZKSN" */
    int32_t version;
    int64_t dbid;
};

enum { FILE_HEADER_BYTES = 16 };

extern const struct jute_record file_header_record;

#endif
