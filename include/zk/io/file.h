/* Files. What must survive a crash is written to a temporary name, fsynced and renamed; then the
 * directory is fsynced, too. Java leaves out that last step (D-20).
 *
 * All errors are -errno of the call that failed; but -EIO stands for EPROTO, EBADMSG and ENODATA,
 * which are words of ours. All functions may block on the disk. Any thread.
 * Java: AtomicFileWritingIdiom */
#ifndef ZK_IO_FILE_H
#define ZK_IO_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/str.h"

/* Replaces the file by these bytes, or leaves it as it is. If the very last step fails, the new
 * bytes are there, but a power loss may bring the old ones back. */
ZK_NODISCARD int file_write_atomic(const char *path, const void *bytes, size_t length);

/* The same in steps, for a content that is written piece by piece. Java: AtomicFileOutputStream */
struct file_replacement {
    int fd; /* write the new content to it */
    char *path;
    char *temporary;
};
/* Creates or empties <path>.tmp. path is copied. After success call file_replace_finish once.
 * Errors: -ENXIO, a pipe has that name, and nobody reads it; others. */
ZK_NODISCARD int file_replace_start(const char *path, struct file_replacement *ret_replacement);
/* Closes fd. If written is 0, puts the temporary file into the place of path; if it is the error of
 * a failed write, removes the temporary file and returns that error. */
ZK_NODISCARD int file_replace_finish(struct file_replacement *replacement, int written);

/* Appends a whole file of at most limit bytes to *ret_text. Errors: -EFBIG, the file is larger;
 * -ENOENT and others. */
ZK_NODISCARD int file_read(const char *path, size_t limit, struct zk_str *ret_text);
/* The same for a file of a data directory. If a pipe has that name, nobody writes into it: it reads
 * as empty, and does not keep the caller waiting. */
ZK_NODISCARD int file_read_at_once(const char *path, size_t limit, struct zk_str *ret_text);

ZK_NODISCARD int file_open_read(const char *path, int *ret_fd);
/* Makes a file and opens it for writing. Errors: -EEXIST, there is something of that name;
 * others. */
ZK_NODISCARD int file_create(const char *path, int *ret_fd);
/* Opens a file that is there for writing; its bytes stay. */
ZK_NODISCARD int file_open_write(const char *path, int *ret_fd);
void file_close(int fd);
/* Reads length bytes from offset on. Errors: -EPIPE, the file ends before. */
ZK_NODISCARD int file_read_at(int fd, int64_t offset, void *ret_bytes, size_t length);
/* Reads at most room bytes from offset on, with one call; *ret_count is 0 at the end of the
 * file. */
ZK_NODISCARD int file_read_some_at(int fd, int64_t offset, void *ret_bytes, size_t room,
                                   size_t *ret_count);
/* Writes all bytes, however many calls that takes. */
ZK_NODISCARD int file_write_bytes(int fd, const void *bytes, size_t length);
/* Writes all bytes from offset on, however many calls that takes. */
ZK_NODISCARD int file_write_at(int fd, int64_t offset, const void *bytes, size_t length);
/* Cuts the file to that size, or makes it larger with zeros. */
ZK_NODISCARD int file_truncate(int fd, int64_t size);
/* Reads at most room bytes with one call; *ret_count is 0 at the end of the file. */
ZK_NODISCARD int file_read_some(int fd, void *ret_bytes, size_t room, size_t *ret_count);
/* Returns when all that was written to fd is on the disk. */
ZK_NODISCARD int file_sync(int fd);
/* The same without what is not needed to read the bytes again, such as the time of the last
 * change: one write to the disk less. */
ZK_NODISCARD int file_sync_data(int fd);
/* Returns when the names in the directory are on the disk. */
ZK_NODISCARD int file_sync_directory(const char *directory);
/* Removes the file; it is no error if there is none. */
int file_remove(const char *path);

/* Returns whether there is anything of that name. */
bool file_exists(const char *path);
/* Returns whether nothing has that name any more. A link that leads nowhere is still there,
 * although opening it has the same error. */
bool file_is_gone(const char *path);
bool file_is_regular(const char *path);
bool file_is_directory(const char *path);
/* The same for callers to whom a wrong "no" would do harm: an error of the disk is returned, and
 * not taken for "no". */
int file_has_directory(const char *path, bool *ret_there);
/* Returns whether both names lead to the same file or directory. */
bool file_is_same(const char *path, const char *other);
/* Returns the size, or -errno. */
int64_t file_size(const char *path);
/* Tells the size of a regular file. Errors: -EISDIR, it is a directory; -EINVAL, it is neither (a
 * pipe, on which open would wait); others. */
ZK_NODISCARD int file_regular_size(const char *path, int64_t *ret_size);
/* *ret_modified_ms is the wall time at which the file was written last. */
ZK_NODISCARD int file_modified_ms(const char *path, int64_t *ret_modified_ms);
/* Returns 0 if this process may make files in the directory, otherwise the reason: -EACCES, -EROFS
 * and others. Java: File.canWrite() */
ZK_NODISCARD int file_directory_writable(const char *directory);
/* Locks a directory against other processes that lock it, without waiting. The lock ends when
 * *ret_fd is closed, at the latest with the process, however that ends. Nothing is written, so
 * neither a copy of the directory nor a program that takes no lock (Java) notices.
 * Errors: -EWOULDBLOCK, another process holds it; -ENOLCK, -EOPNOTSUPP, -EBADF, -EINVAL, this file
 * system has no such locks; others of open. */
ZK_NODISCARD int file_lock_directory(const char *directory, int *ret_fd);
/* Makes the directory, and those above it that are missing. It is no error if it is there. */
ZK_NODISCARD int file_make_directories(const char *path);
/* Lists the names in a directory, without . and .., sorted. The caller frees them
 * (zk_strings_done). */
ZK_NODISCARD int file_list(const char *directory, struct zk_strings *ret_names);
/* Returns path, for messages, as an absolute one without "." and ".."; the caller frees it.
 * Symbolic links are not followed, and the path need not exist. Java: File.getCanonicalPath() */
char *file_canonical(const char *path);

/* Return how many descriptors this process has open, and may have, for envi and mntr; -1: the
 * system does not say. */
int64_t zk_open_file_descriptors(void);
int64_t zk_max_file_descriptors(void);

#endif
