/* The file calls. Reading and writing take no more time than any call; fsync does, and that is
 * where a power loss likes to come. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk_internal.h"

int sim_open(const char *name, int flags, ...);
int sim_open64(const char *name, int flags, ...) __attribute__((alias("sim_open")));
int sim_open_2(const char *path, int flags);
int sim_open64_2(const char *path, int flags) __attribute__((alias("sim_open_2")));
ssize_t sim_pread(int fd, void *ret_bytes, size_t length, off_t at);
ssize_t sim_pread64(int fd, void *ret_bytes, size_t length, off_t at)
    __attribute__((alias("sim_pread")));
ssize_t sim_pread_chk(int fd, void *ret_bytes, size_t length, off_t at, size_t size);
ssize_t sim_pwrite(int fd, const void *bytes, size_t length, off_t at);
ssize_t sim_pwrite64(int fd, const void *bytes, size_t length, off_t at)
    __attribute__((alias("sim_pwrite")));
off_t sim_lseek(int fd, off_t offset, int whence);
off_t sim_lseek64(int fd, off_t offset, int whence) __attribute__((alias("sim_lseek")));
int sim_fsync(int fd);
int sim_fdatasync(int fd) __attribute__((alias("sim_fsync")));
int sim_ftruncate(int fd, off_t size);
int sim_ftruncate64(int fd, off_t size) __attribute__((alias("sim_ftruncate")));
int sim_rename(const char *old_name, const char *new_name);
int sim_unlink(const char *name);
int sim_mkdir(const char *name, mode_t mode);
int sim_stat(const char *name, struct stat *ret_status);
int sim_stat64(const char *name, struct stat *ret_status) __attribute__((alias("sim_stat")));
int sim_stat64_time64(const char *name, struct stat *ret_status) __attribute__((alias("sim_stat")));
/* No name in here is a link. */
int sim_lstat(const char *name, struct stat *ret_status) __attribute__((alias("sim_stat")));
int sim_lstat64(const char *name, struct stat *ret_status) __attribute__((alias("sim_stat")));
int sim_lstat64_time64(const char *name, struct stat *ret_status)
    __attribute__((alias("sim_stat")));
int sim_fstat(int fd, struct stat *ret_status);
int sim_fstat64(int fd, struct stat *ret_status) __attribute__((alias("sim_fstat")));
int sim_fstat64_time64(int fd, struct stat *ret_status) __attribute__((alias("sim_fstat")));
int sim_access(const char *name, int mode);
int sim_flock(int fd, int operation);
DIR *sim_opendir(const char *name);
struct dirent *sim_readdir(DIR *stream);
struct dirent *sim_readdir64(DIR *stream) __attribute__((alias("sim_readdir")));
int sim_closedir(DIR *stream);
char *sim_getcwd(char *ret_path, size_t size);
char *sim_getcwd_chk(char *ret_path, size_t size, size_t room);

static int fail(int error)
{
    errno = error;
    return -1;
}

static struct disk *disk_here(void)
{
    return host_running()->disk;
}

static struct inode *find(const struct path *path)
{
    return names_find(&disk_here()->now, path);
}

static bool is_directory(const struct path *path)
{
    const struct inode *inode = find(path);
    return path_is_root(path) || (inode != NULL && inode->directory);
}

/* Can a name be made there? 0, or the error. */
static int may_create(const struct path *path)
{
    if (!is_directory(path->directory))
        return find(path->directory) != NULL ? ENOTDIR : ENOENT;
    return inject(INJECT_ENOSPC) ? ENOSPC : 0;
}

/* ---- opening -------------------------------------------------------------------------------- */

static int open_directory(const struct path *path, int flags)
{
    struct handle *handle = handle_new(HANDLE_DIRECTORY, flags);
    handle->path = path;
    return handle_install(handle);
}

static int open_file(struct inode *inode, int flags)
{
    if ((flags & O_TRUNC) != 0)
        inode_resize(inode, 0);
    struct handle *handle = handle_new(HANDLE_DATA, flags);
    inode->refs++;
    handle->inode = inode;
    return handle_install(handle);
}

int sim_open(const char *name, int flags, ...)
{
    sched_point("open");
    show("open %s", name);
    if (inject(INJECT_EINTR))
        return fail(EINTR);
    if (handle_table_full())
        return fail(EMFILE);
    const struct path *path = path_of(name);
    struct inode *inode = find(path);
    if (is_directory(path))
        return (flags & O_ACCMODE) == O_RDONLY ? open_directory(path, flags) : fail(EISDIR);
    if (inode != NULL && (flags & O_DIRECTORY) != 0)
        return fail(ENOTDIR);
    if (inode != NULL && (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
        return fail(EEXIST);
    if (inode != NULL)
        return open_file(inode, flags);
    if ((flags & O_CREAT) == 0)
        return fail(ENOENT);
    int error = may_create(path);
    if (error != 0)
        return fail(error);
    crash_point();
    inode = inode_new(false);
    disk_change(disk_here(), NULL, path, inode);
    int fd = open_file(inode, flags);
    inode_unref(inode);
    return fd;
}

int sim_open_2(const char *path, int flags)
{
    return sim_open(path, flags);
}

/* ---- bytes ---------------------------------------------------------------------------------- */

/* 0: go on. May cut the length of a call that does only a part. */
static int injected_error(size_t *length)
{
    if (inject(INJECT_EINTR))
        return EINTR;
    if (inject(INJECT_EIO))
        return EIO;
    if (*length > 1 && inject(INJECT_SHORT))
        *length = 1 + (size_t)chance_below(CHANCE_INJECT, *length - 1);
    return 0;
}

ssize_t data_read(struct handle *handle, void *ret_bytes, size_t length, off_t at)
{
    if (handle->kind != HANDLE_DATA)
        return fail(handle->kind == HANDLE_DIRECTORY ? EISDIR : ESPIPE);
    if ((handle->flags & O_ACCMODE) == O_WRONLY)
        return fail(EBADF);
    const struct inode *inode = handle->inode;
    int error = injected_error(&length);
    if (error != 0)
        return fail(error);
    size_t from = (size_t)(at >= 0 ? at : handle->position);
    size_t left = from < inode->now.size ? inode->now.size - from : 0;
    if (length > left)
        length = left;
    inode_read(inode, from, ret_bytes, length);
    tell_written(ret_bytes, length);
    if (at < 0)
        handle->position += (off_t)length;
    return (ssize_t)length;
}

ssize_t data_write(struct handle *handle, const void *bytes, size_t length, off_t at)
{
    if (handle->kind != HANDLE_DATA || (handle->flags & O_ACCMODE) == O_RDONLY)
        return fail(EBADF);
    struct inode *inode = handle->inode;
    int error = injected_error(&length);
    if (error == 0 && inject(INJECT_ENOSPC))
        error = ENOSPC;
    if (error != 0)
        return fail(error);
    if (at < 0 && (handle->flags & O_APPEND) != 0)
        handle->position = (off_t)inode->now.size;
    size_t to = (size_t)(at >= 0 ? at : handle->position);
    tell_read(bytes, length);
    crash_point();
    if (length > 0)
        inode_write(inode, to, bytes, length);
    transcribe_bytes(bytes, length);
    handle->has_written = true;
    if (at < 0)
        handle->position = (off_t)(to + length);
    return (ssize_t)length;
}

ssize_t sim_pread(int fd, void *ret_bytes, size_t length, off_t at)
{
    sched_point("pread");
    struct handle *handle = handle_get(fd);
    return handle != NULL ? data_read(handle, ret_bytes, length, at) : -1;
}

ssize_t sim_pread_chk(int fd, void *ret_bytes, size_t length, off_t at, size_t size)
{
    if (length > size)
        world_end(WORLD_FAILED, "pread overruns its buffer");
    return sim_pread(fd, ret_bytes, length, at);
}

ssize_t sim_pwrite(int fd, const void *bytes, size_t length, off_t at)
{
    sched_point("pwrite");
    struct handle *handle = handle_get(fd);
    return handle != NULL ? data_write(handle, bytes, length, at) : -1;
}

off_t sim_lseek(int fd, off_t offset, int whence)
{
    struct handle *handle = handle_get(fd);
    if (handle == NULL)
        return -1;
    if (handle->kind != HANDLE_DATA)
        return fail(ESPIPE);
    if (whence == SEEK_CUR)
        offset += handle->position;
    else if (whence == SEEK_END)
        offset += (off_t)handle->inode->now.size;
    handle->position = offset;
    return offset;
}

int sim_ftruncate(int fd, off_t size)
{
    sched_point("ftruncate");
    struct handle *handle = handle_get(fd);
    if (handle == NULL)
        return -1;
    if (handle->kind != HANDLE_DATA)
        return fail(EINVAL);
    if (inject(INJECT_EINTR))
        return fail(EINTR);
    /* Where the cut fails as well as the sync before it, nothing helps (NOTES 4.6). */
    if (!handle->inode->lost && inject(INJECT_EIO))
        return fail(EIO);
    crash_point();
    inode_resize(handle->inode, (size_t)size);
    return 0;
}

int sim_fsync(int fd)
{
    sched_point("fsync");
    struct handle *handle = handle_get(fd);
    if (handle == NULL)
        return -1;
    if (handle->kind == HANDLE_SOCKET)
        return fail(EINVAL);
    if (inject(INJECT_EINTR))
        return fail(EINTR);
    crash_point();
    int64_t pause_ns = 100 * MICROSECOND +
                       (int64_t)chance_below(CHANCE_DISK, (uint64_t)world.character.sync_max_ns);
    handle_block(handle, "syncs", world.now_ns + pause_ns);
    if (inject(INJECT_EIO)) {
        /* A start that syncs what an earlier process wrote cannot know what to cut (NOTES 4.6). */
        if (handle->kind == HANDLE_DATA && handle->has_written)
            inode_fail_sync(handle->inode);
        return fail(EIO);
    }
    if (handle->kind == HANDLE_DIRECTORY)
        disk_sync_directory(disk_here(), handle->path);
    else
        inode_sync(handle->inode);
    disk_here()->changes++;
    return 0;
}

/* ---- names ---------------------------------------------------------------------------------- */

int sim_rename(const char *old_name, const char *new_name)
{
    sched_point("rename");
    show("rename %s to %s", old_name, new_name);
    const struct path *from = path_of(old_name);
    const struct path *to = path_of(new_name);
    struct inode *inode = find(from);
    if (inode == NULL)
        return fail(ENOENT);
    if (inode->directory || is_directory(to))
        world_end(WORLD_FAILED, "rename of directories is not simulated");
    int error = may_create(to);
    if (error != 0)
        return fail(error);
    crash_point();
    if (from != to)
        disk_change(disk_here(), from, to, inode);
    return 0;
}

int sim_unlink(const char *name)
{
    sched_point("unlink");
    show("unlink %s", name);
    const struct path *path = path_of(name);
    struct inode *inode = find(path);
    if (inode == NULL)
        return fail(ENOENT);
    if (inode->directory)
        return fail(EISDIR);
    if (inject(INJECT_EIO))
        return fail(EIO);
    crash_point();
    disk_change(disk_here(), path, NULL, inode);
    return 0;
}

int sim_mkdir(const char *name, mode_t mode)
{
    (void)mode;
    sched_point("mkdir");
    show("mkdir %s", name);
    const struct path *path = path_of(name);
    if (path_is_root(path) || find(path) != NULL)
        return fail(EEXIST);
    int error = may_create(path);
    if (error != 0)
        return fail(error);
    struct inode *inode = inode_new(true);
    disk_change(disk_here(), NULL, path, inode);
    inode_unref(inode);
    return 0;
}

static void fill_status(struct stat *ret_status, const struct inode *inode)
{
    *ret_status = (struct stat){0};
    ret_status->st_mode = inode == NULL || inode->directory ? S_IFDIR | 0755 : S_IFREG | 0644;
    ret_status->st_size = inode == NULL ? 0 : (off_t)inode->now.size;
    ret_status->st_nlink = 1;
    ret_status->st_ino = (ino_t)(uintptr_t)inode; /* equal for the same file; no more is asked */
}

int sim_stat(const char *name, struct stat *ret_status)
{
    sched_point("stat");
    const struct path *path = path_of(name);
    const struct inode *inode = find(path);
    if (inode == NULL && !path_is_root(path))
        return fail(ENOENT);
    fill_status(ret_status, inode);
    return 0;
}

int sim_fstat(int fd, struct stat *ret_status)
{
    sched_point("fstat");
    struct handle *handle = handle_get(fd);
    if (handle == NULL)
        return -1;
    fill_status(ret_status, handle->inode);
    return 0;
}

/* Every process may do everything with what is there. */
int sim_access(const char *name, int mode)
{
    (void)mode;
    const struct path *path = path_of(name);
    return find(path) == NULL && !path_is_root(path) ? fail(ENOENT) : 0;
}

/* Only directories, only as the product asks: without waiting. A host runs one process at a
 * time, so whoever holds the lock is among its own handles. */
int sim_flock(int fd, int operation)
{
    struct handle *handle = handle_get(fd);
    if (handle == NULL)
        return -1;
    if (handle->kind != HANDLE_DIRECTORY || operation != (LOCK_EX | LOCK_NB))
        world_end(WORLD_FAILED, "only directories are locked here, and without waiting");
    for (int i = 0; i < DESCRIPTORS_MAX; i++) {
        const struct handle *other = process_running()->handles[i];
        if (other != NULL && other != handle && other->locked && other->path == handle->path)
            return fail(EWOULDBLOCK);
    }
    handle->locked = true;
    return 0;
}

char *sim_getcwd(char *ret_path, size_t size)
{
    if (size < 2) {
        errno = ERANGE;
        return NULL;
    }
    memcpy(ret_path, "/", 2);
    return ret_path;
}

char *sim_getcwd_chk(char *ret_path, size_t size, size_t room)
{
    if (size > room)
        world_end(WORLD_FAILED, "getcwd overruns its buffer");
    return sim_getcwd(ret_path, size);
}

/* ---- directories: a DIR is the names as they were when it was opened ------------------------- */

struct listing {
    int fd;
    size_t count;
    size_t next;
    struct dirent current;
    char names[][NAME_MAX + 1];
};

static const char *last_step(const struct path *path)
{
    const char *slash = strrchr(path->text, '/');
    return slash != NULL ? slash + 1 : path->text;
}

static size_t list_disk(const struct path *directory, char names[][NAME_MAX + 1])
{
    const struct names *all = &disk_here()->now;
    size_t count = 0;
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].path->directory == directory)
            own_text(names[count++], NAME_MAX + 1, last_step(all->items[i].path));
    return count;
}

static size_t list_descriptors(char names[][NAME_MAX + 1])
{
    size_t count = 0;
    for (int fd = 0; fd < DESCRIPTORS_MAX; fd++)
        if (fd < 3 || process_running()->handles[fd] != NULL)
            own_format(names[count++], NAME_MAX + 1, "%d", fd);
    return count;
}

DIR *sim_opendir(const char *name)
{
    sched_point("opendir");
    const struct path *path = path_of(name);
    bool descriptors = strcmp(path->text, "/proc/self/fd") == 0;
    if (!descriptors && !is_directory(path)) {
        errno = find(path) != NULL ? ENOTDIR : ENOENT;
        return NULL;
    }
    if (handle_table_full()) {
        errno = EMFILE;
        return NULL;
    }
    size_t most = descriptors ? DESCRIPTORS_MAX : disk_here()->now.count;
    struct listing *listing = sim_calloc(1, sizeof *listing + most * sizeof *listing->names);
    if (listing == NULL)
        return NULL;
    listing->fd = open_directory(path, O_RDONLY);
    listing->count =
        descriptors ? list_descriptors(listing->names) : list_disk(path, listing->names);
    return (DIR *)(void *)listing;
}

struct dirent *sim_readdir(DIR *stream)
{
    struct listing *listing = (struct listing *)(void *)stream;
    sched_point("readdir");
    if (inject(INJECT_EIO)) {
        errno = EIO;
        return NULL;
    }
    if (listing->next == listing->count)
        return NULL;
    listing->current.d_type = DT_UNKNOWN;
    memcpy(listing->current.d_name, listing->names[listing->next++],
           sizeof listing->current.d_name);
    return &listing->current;
}

int sim_close(int fd);

int sim_closedir(DIR *stream)
{
    struct listing *listing = (struct listing *)(void *)stream;
    int r = sim_close(listing->fd);
    sim_free(listing);
    return r;
}
