/* Files. What must survive a crash is written to a temporary name, fsynced, renamed, and the
 * directory is fsynced too (Java leaves out the last step; departure D-20). Java:
 * AtomicFileWritingIdiom */
#ifndef ZK_IO_FILE_H
#define ZK_IO_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/str.h"

/* Replace path by these bytes, or leave it as it is: <path>.tmp, write, fsync, rename, fsync of the
 * directory.
 * Errors: -errno; the temporary is removed. If the very last step fails, the new bytes stand there,
 * but a power loss may bring the old ones back. Blocks on the disk. */
ZK_NODISCARD int file_write_atomic(const char *path, const void *bytes, size_t length);

/* The same in steps, for a content that is written bit by bit. Java: AtomicFileOutputStream */
struct file_replacement {
    int fd; /* write the new content to it */
    char *path;
    char *temporary;
};
/* Open <path>.tmp, empty. Copies path. After 0, call file_replace_finish once. Errors: -errno. */
ZK_NODISCARD int file_replace_start(const char *path, struct file_replacement *ret_replacement);
/* written is 0: sync, rename, sync the directory. written is the -errno of a failed write:
 * remove the temporary and return it. Closes fd. Errors: as file_write_atomic. Blocks on the
 * disk. */
ZK_NODISCARD int file_replace_finish(struct file_replacement *replacement, int written);

/* Append a whole file of at most limit bytes to *ret_text, which is terminated. -ENOENT, -EFBIG,
 * other errno. */
ZK_NODISCARD int file_read(const char *path, size_t limit, struct zk_str *ret_text);

ZK_NODISCARD int file_open_read(const char *path, int *ret_fd);
/* Create or empty. */
ZK_NODISCARD int file_open_write(const char *path, int *ret_fd);
void file_close(int fd);
/* length bytes from offset on. -EPIPE: the file ends before. */
ZK_NODISCARD int file_read_at(int fd, int64_t offset, void *ret_bytes, size_t length);
/* One read from offset on of at most room bytes: *ret_count is 0 at the end of the file. */
ZK_NODISCARD int file_read_some_at(int fd, int64_t offset, void *ret_bytes, size_t room,
                                   size_t *ret_count);
/* All length bytes, however many calls it takes. */
ZK_NODISCARD int file_write_bytes(int fd, const void *bytes, size_t length);
/* One read of at least one byte: *ret_count is 0 at the end of the file. */
ZK_NODISCARD int file_read_some(int fd, void *ret_bytes, size_t room, size_t *ret_count);
ZK_NODISCARD int file_sync(int fd);
ZK_NODISCARD int file_sync_directory(const char *directory);
ZK_NODISCARD int file_rename(const char *from, const char *to);
/* 0 also if it is not there. */
int file_remove(const char *path);

bool file_exists(const char *path); /* anything of that name */
bool file_is_regular(const char *path);
bool file_is_directory(const char *path);
/* Do both names lead to the same file or directory? */
bool file_is_same(const char *path, const char *other);
int64_t file_size(const char *path); /* -errno */
/* The size of a regular file. -EISDIR: it is a directory; -EINVAL: it is neither (a pipe, on which
 * open would wait); other -errno. */
ZK_NODISCARD int file_regular_size(const char *path, int64_t *ret_size);
/* Java: File.canWrite(), for a directory: may this process make files in it? 0, or why not:
 * -EACCES, -EROFS ... */
ZK_NODISCARD int file_directory_writable(const char *directory);
/* Lock a directory against other processes that lock it. The lock ends when *ret_fd is closed, at
 * the latest with the process, however that ends. Nothing is written, so neither a copy of the
 * directory nor a program that takes no lock (Java) notices. Does not wait. Errors: -EWOULDBLOCK:
 * somebody else holds it; -ENOLCK, -EOPNOTSUPP, -EBADF, -EINVAL: this file system has no such
 * locks; other -errno of open. */
ZK_NODISCARD int file_lock_directory(const char *directory, int *ret_fd);
/* mkdir -p. */
ZK_NODISCARD int file_make_directories(const char *path);
/* Names in a directory, without . and .., sorted. */
ZK_NODISCARD int file_list(const char *directory, struct zk_strings *ret_names);
/* Java: File.getCanonicalPath(), for messages: absolute, without "." and "..". Symbolic links are
 * not followed, and the path need not exist. Gives. */
char *file_canonical(const char *path);

/* System facts for envi and mntr. -1: the system does not tell. */
int64_t zk_open_file_descriptors(void);
int64_t zk_max_file_descriptors(void);

#endif
