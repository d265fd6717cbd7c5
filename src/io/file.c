/* Whole files, atomic replacement, directories. Each function asks disk_error right after the call
 * that has failed, before another one can change errno. */
#include "zk/io/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "zk/base/alloc.h"

enum {
    FILE_MODE = 0666,      /* less the umask, as Java's */
    DIRECTORY_MODE = 0777, /* likewise */
    READ_CHUNK = 8192,
};

/* Returns what the last call has failed with. Three numbers are words of ours: bytes are damaged
 * (-EPROTO, -EBADMSG), nothing is there (-ENODATA). The system uses them for what a disk does not
 * give: EBADMSG where the checksum of an inode is wrong, ENODATA of a sector that cannot be read.
 * By our meaning a dying disk would be a directory that never held anything, and a peer would start
 * from there and forget its promises. */
static int disk_error(void)
{
    switch (errno) {
    case EPROTO:
    case EBADMSG:
    case ENODATA:
        return -EIO;
    default:
        return -errno;
    }
}

/* ---- descriptors ----------------------------------------------------------------------------- */

static int file_open(const char *path, int flags, int *ret_fd)
{
    int fd;
    do {
        fd = open(path, flags | O_CLOEXEC, FILE_MODE);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return disk_error();
    *ret_fd = fd;
    return 0;
}

int file_open_read(const char *path, int *ret_fd)
{
    return file_open(path, O_RDONLY, ret_fd);
}

int file_create(const char *path, int *ret_fd)
{
    return file_open(path, O_WRONLY | O_CREAT | O_EXCL, ret_fd);
}

int file_open_write(const char *path, int *ret_fd)
{
    return file_open(path, O_WRONLY, ret_fd);
}

void file_close(int fd)
{
    close(fd); /* what must be on the disk was synced before */
}

int file_read_at(int fd, int64_t offset, void *ret_bytes, size_t length)
{
    uint8_t *bytes = ret_bytes;
    while (length > 0) {
        size_t count = 0;
        int r = file_read_some_at(fd, offset, bytes, length, &count);
        if (r < 0)
            return r;
        if (count == 0)
            return -EPIPE;
        bytes += count;
        offset += (int64_t)count;
        length -= count;
    }
    return 0;
}

int file_read_some_at(int fd, int64_t offset, void *ret_bytes, size_t room, size_t *ret_count)
{
    ssize_t count;
    do {
        count = pread(fd, ret_bytes, room, (off_t)offset);
    } while (count < 0 && errno == EINTR);
    if (count < 0)
        return disk_error();
    *ret_count = (size_t)count;
    return 0;
}

int file_sync(int fd)
{
    int r;
    do {
        r = fsync(fd);
    } while (r < 0 && errno == EINTR);
    return r < 0 ? disk_error() : 0;
}

int file_sync_data(int fd)
{
    int r;
    do {
        r = fdatasync(fd);
    } while (r < 0 && errno == EINTR);
    return r < 0 ? disk_error() : 0;
}

int file_sync_directory(const char *directory)
{
    int fd = -1;
    int r = file_open(directory, O_RDONLY | O_DIRECTORY, &fd);
    if (r < 0)
        return r;
    r = file_sync(fd);
    file_close(fd);
    return r;
}

int file_write_bytes(int fd, const void *bytes, size_t length)
{
    const char *next = bytes;
    while (length > 0) {
        ssize_t count = write(fd, next, length);
        if (count < 0 && errno != EINTR)
            return disk_error();
        if (count > 0) {
            next += count;
            length -= (size_t)count;
        }
    }
    return 0;
}

int file_write_at(int fd, int64_t offset, const void *bytes, size_t length)
{
    const char *next = bytes;
    while (length > 0) {
        ssize_t count = pwrite(fd, next, length, (off_t)offset);
        if (count < 0 && errno != EINTR)
            return disk_error();
        if (count > 0) {
            next += count;
            offset += count;
            length -= (size_t)count;
        }
    }
    return 0;
}

int file_truncate(int fd, int64_t size)
{
    int r;
    do {
        r = ftruncate(fd, (off_t)size);
    } while (r < 0 && errno == EINTR);
    return r < 0 ? disk_error() : 0;
}

int file_read_some(int fd, void *ret_bytes, size_t room, size_t *ret_count)
{
    ssize_t count;
    do {
        count = read(fd, ret_bytes, room);
    } while (count < 0 && errno == EINTR);
    if (count < 0)
        return disk_error();
    *ret_count = (size_t)count;
    return 0;
}

/* ---- whole files ----------------------------------------------------------------------------- */

/* Returns the directory that path stands in; the caller frees it. */
static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return zk_xstrdup(".");
    return zk_xstrndup(path, slash > path ? (size_t)(slash - path) : 1);
}

/* Java: AtomicFileWritingIdiom */
int file_write_atomic(const char *path, const void *bytes, size_t length)
{
    struct file_replacement replacement;
    int r = file_replace_start(path, &replacement);
    if (r < 0)
        return r;
    r = file_write_bytes(replacement.fd, bytes, length);
    return file_replace_finish(&replacement, r);
}

/* Java: AtomicFileOutputStream() */
int file_replace_start(const char *path, struct file_replacement *ret_replacement)
{
    struct zk_str temporary = {0};
    int fd = -1;
    zk_str_append(&temporary, path);
    zk_str_append(&temporary, ".tmp");
    /* Without O_NONBLOCK the open of a pipe of that name would wait for a reader. */
    int r = file_open(zk_str_text(&temporary), O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, &fd);
    if (r < 0) {
        zk_str_done(&temporary);
        return r;
    }
    *ret_replacement = (struct file_replacement){
        .fd = fd,
        .path = zk_xstrdup(path),
        .temporary = zk_str_take(&temporary),
    };
    return 0;
}

/* Java: AtomicFileOutputStream.close(), abort() */
int file_replace_finish(struct file_replacement *replacement, int written)
{
    char *directory = directory_of(replacement->path);
    int r = written;
    if (r == 0)
        r = file_sync(replacement->fd);
    file_close(replacement->fd);
    if (r == 0 && rename(replacement->temporary, replacement->path) < 0)
        r = disk_error();
    if (r < 0)
        file_remove(replacement->temporary);
    else
        r = file_sync_directory(directory);
    free(directory);
    free(replacement->path);
    free(replacement->temporary);
    return r;
}

static int read_whole(const char *path, int flags, size_t limit, struct zk_str *ret_text)
{
    struct zk_str text = {0};
    char chunk[READ_CHUNK];
    size_t count = 0;
    int fd = -1;

    int r = file_open(path, O_RDONLY | flags, &fd);
    if (r < 0)
        return r;
    do {
        r = file_read_some(fd, chunk, sizeof chunk, &count);
        if (r == 0 && count > limit - text.length)
            r = -EFBIG;
        if (r == 0)
            zk_str_append_bytes(&text, chunk, count);
    } while (r == 0 && count > 0);
    if (r == 0)
        zk_str_append_bytes(ret_text, zk_str_text(&text), text.length);
    file_close(fd);
    zk_str_done(&text);
    return r;
}

int file_read(const char *path, size_t limit, struct zk_str *ret_text)
{
    return read_whole(path, 0, limit, ret_text);
}

int file_read_at_once(const char *path, size_t limit, struct zk_str *ret_text)
{
    return read_whole(path, O_NONBLOCK, limit, ret_text);
}

/* ---- names ----------------------------------------------------------------------------------- */

int file_remove(const char *path)
{
    return unlink(path) < 0 && errno != ENOENT ? disk_error() : 0;
}

bool file_exists(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0;
}

bool file_is_gone(const char *path)
{
    struct stat status;
    return lstat(path, &status) < 0 && errno == ENOENT;
}

bool file_is_regular(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

bool file_is_directory(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

int file_has_directory(const char *path, bool *ret_there)
{
    struct stat status;
    bool there = stat(path, &status) == 0;
    if (!there && errno != ENOENT && errno != ENOTDIR)
        return disk_error();
    *ret_there = there && S_ISDIR(status.st_mode);
    return 0;
}

bool file_is_same(const char *path, const char *other)
{
    struct stat one;
    struct stat two;
    return stat(path, &one) == 0 && stat(other, &two) == 0 && one.st_dev == two.st_dev &&
           one.st_ino == two.st_ino;
}

int64_t file_size(const char *path)
{
    struct stat status;
    return stat(path, &status) < 0 ? disk_error() : (int64_t)status.st_size;
}

int file_regular_size(const char *path, int64_t *ret_size)
{
    struct stat status;
    if (stat(path, &status) < 0)
        return disk_error();
    if (!S_ISREG(status.st_mode))
        return S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
    *ret_size = status.st_size;
    return 0;
}

int file_modified_ms(const char *path, int64_t *ret_modified_ms)
{
    struct stat status;
    if (stat(path, &status) < 0)
        return disk_error();
    *ret_modified_ms = (int64_t)status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000;
    return 0;
}

int file_directory_writable(const char *directory)
{
    return access(directory, W_OK | X_OK) < 0 ? disk_error() : 0;
}

int file_lock_directory(const char *directory, int *ret_fd)
{
    int fd = -1;
    int r = file_open(directory, O_RDONLY | O_DIRECTORY, &fd);
    if (r < 0)
        return r;
    do {
        r = flock(fd, LOCK_EX | LOCK_NB) < 0 ? disk_error() : 0;
    } while (r == -EINTR);
    if (r < 0) {
        file_close(fd);
        return r;
    }
    *ret_fd = fd;
    return 0;
}

/* What is written into a new directory survives a crash only if the directory's own name does, so
 * its parent is synced. */
static int make_directory(const char *path)
{
    if (mkdir(path, DIRECTORY_MODE) < 0) {
        int r = disk_error();
        return file_is_directory(path) ? 0 : r == -EEXIST ? -ENOTDIR : r;
    }
    char *parent = directory_of(path);
    int r = file_sync_directory(parent);
    free(parent);
    return r;
}

int file_make_directories(const char *path)
{
    char *partial = zk_xstrdup(path);
    int r = 0;
    for (char *c = partial; *c != '\0' && r == 0; c++) {
        if (*c != '/' || c == partial)
            continue;
        *c = '\0';
        r = make_directory(partial);
        *c = '/';
    }
    if (r == 0)
        r = make_directory(partial);
    free(partial);
    return r;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int file_list(const char *directory, struct zk_strings *ret_names)
{
    struct zk_strings names = {0};
    DIR *stream = opendir(directory);
    if (stream == NULL)
        return disk_error();

    const struct dirent *entry;
    while ((errno = 0, entry = readdir(stream)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            zk_strings_add(&names, entry->d_name);
    int r = errno != 0 ? disk_error() : 0;
    closedir(stream);
    if (r < 0) {
        zk_strings_done(&names);
        return r;
    }
    if (names.count > 0)
        qsort(names.items, names.count, sizeof names.items[0], compare_names);
    *ret_names = names;
    return 0;
}

/* Appends the steps of path to an absolute text: "." changes nothing, ".." goes one up. */
static void canonical_append(struct zk_str *text, const char *path)
{
    while (*path != '\0') {
        size_t length = strcspn(path, "/");
        if (length == 2 && path[0] == '.' && path[1] == '.') {
            while (text->length > 0 && text->text[text->length - 1] != '/')
                text->length--;
            if (text->length > 0)
                text->length--;
        } else if (length > 0 && !(length == 1 && path[0] == '.')) {
            zk_str_append(text, "/");
            zk_str_append_bytes(text, path, length);
        }
        path += length;
        path += *path == '/';
    }
}

char *file_canonical(const char *path)
{
    struct zk_str text = {0};
    char here[PATH_MAX];
    if (path[0] != '/' && getcwd(here, sizeof here) != NULL)
        canonical_append(&text, here);
    canonical_append(&text, path);
    if (text.length == 0)
        zk_str_append(&text, "/");
    text.text[text.length] = '\0';
    return zk_str_take(&text);
}

/* ---- the system ------------------------------------------------------------------------------ */

/* Returns -1, as Java does, if the system does not tell.
 * Java: UnixOperatingSystemMXBean.getOpenFileDescriptorCount() */
int64_t zk_open_file_descriptors(void)
{
    struct zk_strings names = {0};
    if (file_list("/proc/self/fd", &names) < 0)
        return -1;
    int64_t count = (int64_t)names.count - 1; /* without the one that reads the directory */
    zk_strings_done(&names);
    return count;
}

/* Java: UnixOperatingSystemMXBean.getMaxFileDescriptorCount() */
int64_t zk_max_file_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return -1;
    return limit.rlim_cur <= INT64_MAX ? (int64_t)limit.rlim_cur : INT64_MAX;
}
