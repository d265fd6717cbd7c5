/* Zeros at the end of a log. Java: persistence.FilePadding */
#include "persistence/file_padding.h"

#include <stddef.h>

#include "zk/base/str.h"
#include "zk/io/file.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"

enum {
    KIB = 1024,
    DEFAULT_KIB = 64 * 1024,
    LEFT = 4096, /* the file grows when it has fewer bytes left than these */
};

struct file_padding file_padding_of(struct zk_context *ctx)
{
    int64_t kib = DEFAULT_KIB;
    const char *text = zk_settings_get(ctx, "zookeeper.preAllocSize");
    if (text != NULL && (!zk_parse_long(text, &kib) || kib > INT64_MAX / KIB)) {
        zk_log(ctx, ZK_LOG_PRE_ALLOC_SIZE_INVALID, text);
        kib = DEFAULT_KIB;
    }
    return (struct file_padding){.pre_alloc_size = kib > 0 ? kib * KIB : 0};
}

int file_padding_pad_file(struct file_padding *padding, int fd, int64_t position)
{
    int64_t size =
        file_padding_calculate_file_size(position, padding->current_size, padding->pre_alloc_size);
    if (size == padding->current_size)
        return 0;
    /* One zero byte is written at the new end. What lies before it was never written, and reads as
     * zeros. */
    int r = file_write_at(fd, size - 1, "", 1);
    if (r == 0)
        padding->current_size = size;
    return r;
}

int64_t file_padding_calculate_file_size(int64_t position, int64_t file_size,
                                         int64_t pre_alloc_size)
{
    if (pre_alloc_size <= 0 || position + LEFT < file_size)
        return file_size;
    if (position <= file_size)
        return file_size + pre_alloc_size;
    /* A record that is larger than a step has gone beyond the end: the file grows up to the next
     * whole step. */
    file_size = position + pre_alloc_size;
    return file_size - file_size % pre_alloc_size;
}
