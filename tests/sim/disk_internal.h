/* What disk.c (what is on a disk) and disk_calls.c (the program's calls) share. */
#ifndef SIM_DISK_INTERNAL_H
#define SIM_DISK_INTERNAL_H

#include "internal.h"

/* Bytes of a file: those that were written, and zeros behind them up to its size. A log is made
 * 64 MiB large and holds a few KiB; the zeros cost nothing here, as on a disk. */
struct content {
    uint8_t *bytes;
    size_t stored;
    size_t capacity;
    size_t size; /* at least stored */
};

/* A file or a directory, apart from its names. Its content is both in memory, where programs see
 * it, and on the platter, where a power loss leaves it. */
struct inode {
    unsigned refs; /* names, journal entries, open handles */
    bool directory;
    uint64_t number; /* from 1 */
    unsigned cuts;   /* see world_file */
    struct content now;
    struct content durable;
    bool dirty;
    size_t dirty_from; /* before it the two are the same */
    /* An fsync has failed: what is read from lost_from on is not on the platter, and nobody will
     * write it there. */
    bool lost;
    size_t lost_from;
};

/* A path. Each text is kept once, and as long as the world: so the same path is the same
 * pointer. */
struct path {
    struct path *next;            /* of those with the same hash */
    const struct path *directory; /* that it stands in */
    size_t length;
    int64_t mark; /* see world_file */
    char text[];
};

struct name {
    const struct path *path;
    struct inode *inode;
};

/* A directory of everything: full paths, no order. */
struct names {
    struct name *items;
    size_t count;
    size_t capacity;
};

/* A change of names that is not on the platter yet: from ceases to be, to becomes inode. */
struct change {
    const struct path *from; /* NULL: none */
    const struct path *to;   /* NULL: none */
    struct inode *inode;
};

struct disk {
    struct names now;
    struct names durable;
    struct change *journal;
    size_t change_count;
    size_t change_capacity;
    uint64_t changes; /* of what is durable */
};

const struct path *path_of(const char *text);
bool path_is_root(const struct path *path);

struct inode *names_find(const struct names *names, const struct path *path);
/* Names change now, and on the platter when their directories are synced. */
void disk_change(struct disk *disk, const struct path *from, const struct path *to,
                 struct inode *inode);
void disk_sync_directory(struct disk *disk, const struct path *directory);
struct inode *inode_new(bool directory);
void inode_read(const struct inode *inode, size_t from, void *ret_bytes, size_t length);
void inode_write(struct inode *inode, size_t to, const void *bytes, size_t length);
void inode_resize(struct inode *inode, size_t size);
void inode_sync(struct inode *inode);
/* A sync that failed: as Linux does, what was dirty counts as clean. */
void inode_fail_sync(struct inode *inode);

#endif
