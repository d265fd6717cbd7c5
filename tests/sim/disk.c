/* What is on a disk, and what a power loss leaves of it.
 *
 * POSIX promises little, and the simulator keeps only that. The bytes of a file are safe when the
 * file was synced; before, each sector may be the old or the new one, and the size too. A name is
 * safe when the directory it stands in was synced: the file's own fsync does not help, and a new
 * directory must be synced into its parent. Changes of names that were not synced are lost from
 * some point on, in the order in which they were made, as a journal is cut off. */
#include "disk_internal.h"

#include <string.h>

enum { SECTOR = 512 };

/* ---- paths ---------------------------------------------------------------------------------- */

bool path_equal(const char *a, const char *b)
{
    look_away();
    bool equal = strcmp(a, b) == 0;
    look_again();
    return equal;
}

void path_directory(const char *path, char ret_directory[PATH_SIZE])
{
    size_t slash = 0;
    for (size_t i = 0; path[i] != '\0'; i++)
        if (path[i] == '/')
            slash = i;
    own_copy(ret_directory, path, slash);
    if (slash == 0)
        ret_directory[slash++] = '/';
    ret_directory[slash] = '\0';
}

bool path_is_in(const char *path, const char *directory)
{
    char own_directory[PATH_SIZE];
    path_directory(path, own_directory);
    return path_equal(own_directory, directory);
}

/* ---- inodes --------------------------------------------------------------------------------- */

struct inode *inode_new(bool directory)
{
    struct inode *inode = own_alloc(sizeof *inode);
    inode->refs = 1;
    inode->directory = directory;
    return inode;
}

void inode_unref(struct inode *inode)
{
    if (--inode->refs > 0)
        return;
    own_free(inode->bytes, inode->capacity);
    own_free(inode->durable, inode->durable_capacity);
    own_free(inode, sizeof *inode);
}

static struct inode *inode_ref(struct inode *inode)
{
    inode->refs++;
    return inode;
}

/* Behind the end all is zero, so that growing leaves no hole to fill. */
void inode_resize(struct inode *inode, size_t size)
{
    inode->bytes = own_grow(inode->bytes, 1, &inode->capacity, size);
    for (size_t i = size; i < inode->size; i++)
        inode->bytes[i] = 0;
    inode->size = size;
    inode->dirty = true;
}

void inode_sync(struct inode *inode)
{
    inode->durable = own_grow(inode->durable, 1, &inode->durable_capacity, inode->size);
    own_copy(inode->durable, inode->bytes, inode->size);
    inode->durable_size = inode->size;
    inode->dirty = false;
}

static uint8_t byte_at(const uint8_t *bytes, size_t size, size_t place)
{
    return place < size ? bytes[place] : 0;
}

static void inode_power_loss(struct inode *inode)
{
    if (!inode->dirty)
        return;
    const bool by_chance = !world.character.in_turn;
    size_t size = by_chance && chance_one_in(CHANCE_DISK, 2) ? inode->size : inode->durable_size;
    inode->bytes = own_grow(inode->bytes, 1, &inode->capacity, size);
    for (size_t sector = 0; sector < size; sector += SECTOR) {
        bool fresh = by_chance && chance_one_in(CHANCE_DISK, 2);
        for (size_t i = sector; i < size && i < sector + SECTOR; i++)
            inode->bytes[i] = fresh ? byte_at(inode->bytes, inode->size, i)
                                    : byte_at(inode->durable, inode->durable_size, i);
    }
    inode_resize(inode, size);
    inode_sync(inode);
}

/* ---- names ---------------------------------------------------------------------------------- */

static struct name *names_place(const struct names *names, const char *path)
{
    const size_t length = own_length(path);
    for (size_t i = 0; i < names->count; i++)
        if (names->items[i].length == length && path_equal(names->items[i].path, path))
            return &names->items[i];
    return NULL;
}

struct inode *names_find(const struct names *names, const char *path)
{
    const struct name *name = names_place(names, path);
    return name != NULL ? name->inode : NULL;
}

static void name_done(struct name *name)
{
    own_text_free(name->path);
    inode_unref(name->inode);
}

static void names_remove(struct names *names, const char *path)
{
    struct name *name = names_place(names, path);
    if (name == NULL)
        return;
    name_done(name);
    *name = names->items[--names->count];
}

static void names_set(struct names *names, const char *path, struct inode *inode)
{
    inode_ref(inode);
    names_remove(names, path);
    names->items = own_grow(names->items, sizeof *names->items, &names->capacity, names->count + 1);
    names->items[names->count++] = (struct name){own_length(path), own_text_new(path), inode};
}

static void names_clear(struct names *names)
{
    while (names->count > 0)
        name_done(&names->items[--names->count]);
}

static void names_apply(struct names *names, const struct change *change)
{
    if (change->to[0] != '\0')
        names_set(names, change->to, change->inode);
    if (change->from[0] != '\0')
        names_remove(names, change->from);
}

/* ---- the journal ---------------------------------------------------------------------------- */

static void change_done(struct change *change)
{
    own_text_free(change->from);
    own_text_free(change->to);
    inode_unref(change->inode);
}

void disk_change(struct disk *disk, const char *from, const char *to, struct inode *inode)
{
    disk->journal = own_grow(disk->journal, sizeof *disk->journal, &disk->change_capacity,
                             disk->change_count + 1);
    struct change *change = &disk->journal[disk->change_count++];
    *change = (struct change){own_text_new(from), own_text_new(to), inode_ref(inode)};
    names_apply(&disk->now, change);
}

void disk_sync_directory(struct disk *disk, const char *directory)
{
    size_t kept = 0;
    for (size_t i = 0; i < disk->change_count; i++) {
        struct change *change = &disk->journal[i];
        if (path_is_in(change->to, directory) || path_is_in(change->from, directory)) {
            names_apply(&disk->durable, change);
            change_done(change);
        } else {
            disk->journal[kept++] = *change;
        }
    }
    disk->change_count = kept;
}

static void journal_forget(struct disk *disk)
{
    while (disk->change_count > 0)
        change_done(&disk->journal[--disk->change_count]);
}

/* What stands in a directory that is lost is lost. */
static void drop_orphans(struct names *names)
{
    for (size_t i = 0; i < names->count;) {
        char directory[PATH_SIZE];
        path_directory(names->items[i].path, directory);
        if (path_equal(directory, "/") || names_find(names, directory) != NULL) {
            i++;
        } else {
            names_remove(names, names->items[i].path);
            i = 0; /* others may have stood in it */
        }
    }
}

void disk_power_loss(struct disk *disk)
{
    size_t survive =
        world.character.in_turn ? 0 : (size_t)chance_below(CHANCE_DISK, disk->change_count + 1);
    for (size_t i = 0; i < survive; i++)
        names_apply(&disk->durable, &disk->journal[i]);
    journal_forget(disk);
    drop_orphans(&disk->durable);
    names_clear(&disk->now);
    for (size_t i = 0; i < disk->durable.count; i++) {
        inode_power_loss(disk->durable.items[i].inode);
        names_set(&disk->now, disk->durable.items[i].path, disk->durable.items[i].inode);
    }
}

/* ---- life ----------------------------------------------------------------------------------- */

struct disk *disk_new(void)
{
    return own_alloc(sizeof(struct disk));
}

void disk_free(struct disk *disk)
{
    journal_forget(disk);
    names_clear(&disk->now);
    names_clear(&disk->durable);
    own_free(disk->now.items, disk->now.capacity * sizeof *disk->now.items);
    own_free(disk->durable.items, disk->durable.capacity * sizeof *disk->durable.items);
    own_free(disk->journal, disk->change_capacity * sizeof *disk->journal);
    own_free(disk, sizeof *disk);
}

static void install(struct disk *disk, const char *path, struct inode *inode)
{
    names_set(&disk->now, path, inode);
    names_set(&disk->durable, path, inode);
    inode_unref(inode);
}

void disk_install(struct disk *disk, const char *path, const char *text)
{
    char directory[PATH_SIZE];
    own_text(directory, sizeof directory, path);
    for (size_t i = 1; directory[i] != '\0'; i++) {
        if (directory[i] != '/')
            continue;
        directory[i] = '\0';
        if (names_find(&disk->now, directory) == NULL)
            install(disk, directory, inode_new(true));
        directory[i] = '/';
    }
    struct inode *inode = inode_new(false);
    size_t length = strlen(text);
    inode_resize(inode, length);
    own_copy(inode->bytes, text, length);
    inode_sync(inode);
    install(disk, path, inode);
}

bool disk_peek(struct disk *disk, const char *path, char *ret_text, size_t size)
{
    const struct inode *inode = names_find(&disk->now, path);
    if (inode == NULL || inode->directory || inode->size >= size)
        return false;
    own_copy(ret_text, inode->bytes, inode->size);
    ret_text[inode->size] = '\0';
    return true;
}
