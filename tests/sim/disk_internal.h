/* What disk.c (what is on a disk) and disk_calls.c (the program's calls) share. */
#ifndef SIM_DISK_INTERNAL_H
#define SIM_DISK_INTERNAL_H

#include "internal.h"

/* A file or a directory, apart from its names. Bytes are both in memory, where programs see them,
 * and on the platter, where a power loss leaves them. */
struct inode {
    unsigned refs; /* names, journal entries, open handles */
    bool directory;
    uint8_t *bytes;
    size_t size;
    size_t capacity;
    uint8_t *durable;
    size_t durable_size;
    size_t durable_capacity;
    bool dirty;
};

struct name {
    size_t length; /* of path: most that are not the same differ in it */
    char *path;    /* owned */
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
    char *from; /* owned, as to is; "": none */
    char *to;   /* "": none */
    struct inode *inode;
};

struct disk {
    struct names now;
    struct names durable;
    struct change *journal;
    size_t change_count;
    size_t change_capacity;
};

bool path_equal(const char *a, const char *b);
/* Does path stand directly in directory? */
bool path_is_in(const char *path, const char *directory);
/* The directory that path stands in. */
void path_directory(const char *path, char ret_directory[PATH_SIZE]);

struct inode *names_find(const struct names *names, const char *path);
/* Names change now, and on the platter when their directories are synced. */
void disk_change(struct disk *disk, const char *from, const char *to, struct inode *inode);
void disk_sync_directory(struct disk *disk, const char *directory);
struct inode *inode_new(bool directory);
void inode_resize(struct inode *inode, size_t size);
void inode_sync(struct inode *inode);

#endif
