/* A log file is made larger than its entries need, in large steps, so that fdatasync has no new
 * size to write down. Java: persistence.FilePadding */
#ifndef PERSISTENCE_FILE_PADDING_H
#define PERSISTENCE_FILE_PADDING_H

#include <stdint.h>

#include "zk/base/attrs.h"

struct zk_context;

struct file_padding {
    int64_t pre_alloc_size; /* one step, in bytes; 0 and less: none */
    int64_t current_size;   /* of the file, as far as we have made it larger */
};

/* The step is the setting zookeeper.preAllocSize, in KiB; 64 MiB when nobody sets it. */
struct file_padding file_padding_of(struct zk_context *ctx);
/* Java: padFile(). fd is written to at position. Makes the file larger when less than 4 KiB are
 * left. Errors: -errno of the disk. */
ZK_NODISCARD int file_padding_pad_file(struct file_padding *padding, int fd, int64_t position);
/* Java: calculateFileSizeWithPadding(). Returns the size that the file needs at this position;
 * file_size if it need not grow. */
int64_t file_padding_calculate_file_size(int64_t position, int64_t file_size,
                                         int64_t pre_alloc_size);

#endif
