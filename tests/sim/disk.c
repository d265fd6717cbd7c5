/* What is on a disk, and what a power loss leaves of it.
 *
 * POSIX promises little, and the simulator keeps only that. The bytes of a file are safe when the
 * file was synced; before, each sector may be the old or the new one, and the size too. A name is
 * safe when the directory it stands in was synced: the file's own fsync does not help, and a new
 * directory must be synced into its parent. Changes of names that were not synced are lost from
 * some point on, in the order in which they were made, as a journal is cut off. */
#include "disk_internal.h"

#include <string.h>

enum { SECTOR = 512, PATH_HASHES = 256, HASHED_END = 12, CONTENT_AT_FIRST = 512 };

/* ---- paths ---------------------------------------------------------------------------------- */

static struct path *paths[PATH_HASHES];

/* Logs and snapshots are named after zxids, and there are many of those in a million worlds. */
void paths_forget(void)
{
    for (size_t i = 0; i < PATH_HASHES; i++) {
        while (paths[i] != NULL) {
            struct path *path = paths[i];
            paths[i] = path->next;
            own_free(path, sizeof *path + path->length + 1);
        }
    }
}

/* Of its end, where most paths differ. */
static size_t hash_of(const char *text, size_t length)
{
    size_t hash = length;
    for (size_t i = length > HASHED_END ? length - HASHED_END : 0; i < length; i++)
        hash = hash * 31 + (unsigned char)text[i];
    return hash % PATH_HASHES;
}

/* A path without a slash stands in the root, too: that is where all processes are. */
static size_t directory_length(const char *text, size_t length)
{
    while (length > 0 && text[length - 1] != '/')
        length--;
    return length > 1 ? length - 1 : 1;
}

static const struct path *path_find(const char *text, size_t length)
{
    struct path **chain = &paths[hash_of(text, length)];
    for (const struct path *path = *chain; path != NULL; path = path->next)
        if (path->length == length && memcmp(path->text, text, length) == 0)
            return path;
    struct path *path = own_alloc(sizeof *path + length + 1);
    path->length = length;
    own_copy(path->text, text, length);
    path->next = *chain;
    *chain = path;
    path->directory = length > 1 ? path_find(text, directory_length(text, length)) : path;
    return path;
}

const struct path *path_of(const char *text)
{
    look_away();
    const struct path *path = path_find(text, strlen(text));
    look_again();
    return path;
}

bool path_is_root(const struct path *path)
{
    return path->directory == path;
}

/* ---- inodes --------------------------------------------------------------------------------- */

struct inode *inode_new(bool directory)
{
    struct inode *inode = own_alloc(sizeof *inode);
    inode->refs = 1;
    inode->directory = directory;
    inode->number = ++world.inodes;
    return inode;
}

void inode_unref(struct inode *inode)
{
    if (--inode->refs > 0)
        return;
    own_free(inode->now.bytes, inode->now.capacity);
    own_free(inode->durable.bytes, inode->durable.capacity);
    own_free(inode, sizeof *inode);
}

static struct inode *inode_ref(struct inode *inode)
{
    inode->refs++;
    return inode;
}

/* Behind stored all is zero, so that growing leaves no hole to fill. */
static void content_store(struct content *content, size_t stored)
{
    content->bytes = own_grow(content->bytes, 1, &content->capacity,
                              stored > CONTENT_AT_FIRST ? stored : CONTENT_AT_FIRST);
    if (stored < content->stored)
        own_zero(content->bytes + stored, content->stored - stored);
    else
        own_zero(content->bytes + content->stored, stored - content->stored);
    content->stored = stored;
    if (content->size < stored)
        content->size = stored;
}

static void content_resize(struct content *content, size_t size)
{
    if (size < content->stored)
        content_store(content, size);
    content->size = size;
}

static uint8_t byte_at(const struct content *content, size_t place)
{
    return place < content->stored ? content->bytes[place] : 0;
}

static void soil(struct inode *inode, size_t from)
{
    if (!inode->dirty || from < inode->dirty_from)
        inode->dirty_from = from;
    inode->dirty = true;
}

void inode_read(const struct inode *inode, size_t from, void *ret_bytes, size_t length)
{
    const struct content *now = &inode->now;
    size_t there = from < now->stored ? now->stored - from : 0;
    if (there > length)
        there = length;
    if (there > 0)
        own_copy(ret_bytes, now->bytes + from, there);
    own_zero((uint8_t *)ret_bytes + there, length - there);
}

/* Zeros behind all that is stored make the file larger, and are not stored. */
void inode_write(struct inode *inode, size_t to, const void *bytes, size_t length)
{
    struct content *now = &inode->now;
    size_t end = to + length;
    while (end > to && end > now->stored && ((const uint8_t *)bytes)[end - to - 1] == 0)
        end--;
    if (end > to && end > now->stored)
        content_store(now, end);
    if (end > to)
        own_copy(now->bytes + to, bytes, end - to);
    if (to + length > now->size)
        now->size = to + length;
    soil(inode, to);
}

void inode_resize(struct inode *inode, size_t size)
{
    soil(inode, size < inode->now.size ? size : inode->now.size);
    inode->cuts += size < inode->now.size;
    if (size <= inode->lost_from)
        inode->lost = false;
    content_resize(&inode->now, size);
}

/* Only what has changed: a log is synced after each batch. */
void inode_sync(struct inode *inode)
{
    const struct content *now = &inode->now;
    struct content *durable = &inode->durable;
    size_t from =
        inode->lost || inode->dirty_from < durable->stored ? inode->dirty_from : durable->stored;
    inode->cuts += now->size < durable->size; /* what was looked at meanwhile is gone only now */
    content_store(durable, now->stored);
    if (inode->dirty && now->stored > from)
        own_copy(durable->bytes + from, now->bytes + from, now->stored - from);
    content_resize(durable, now->size);
    inode->dirty = false;
}

void inode_fail_sync(struct inode *inode)
{
    if (inode->dirty && (!inode->lost || inode->dirty_from < inode->lost_from))
        inode->lost_from = inode->dirty_from;
    inode->lost = inode->lost || inode->dirty;
    inode->dirty = false;
}

/* Of what was lost the platter has the old bytes. */
static void inode_lose(struct inode *inode)
{
    struct content *now = &inode->now;
    inode->cuts++;
    inode->lost = false;
    inode->dirty = false;
    content_store(now, inode->durable.stored);
    for (size_t i = inode->lost_from; i < now->stored; i++)
        now->bytes[i] = byte_at(&inode->durable, i);
    content_resize(now, inode->durable.size);
}

static void inode_power_loss(struct inode *inode)
{
    if (inode->lost)
        inode_lose(inode);
    if (!inode->dirty)
        return;
    inode->cuts++;
    struct content *now = &inode->now;
    const struct content *durable = &inode->durable;
    const bool by_chance = !world.character.in_turn;
    size_t size = by_chance && chance_one_in(CHANCE_DISK, 2) ? now->size : durable->size;
    size_t stored = now->stored > durable->stored ? now->stored : durable->stored;
    if (stored > size)
        stored = size;
    size_t first = inode->dirty_from - inode->dirty_from % SECTOR;
    content_store(now, stored);
    for (size_t sector = first; sector < stored; sector += SECTOR) {
        bool fresh = by_chance && chance_one_in(CHANCE_DISK, 2);
        for (size_t i = sector; i < stored && i < sector + SECTOR; i++)
            now->bytes[i] = fresh ? byte_at(now, i) : byte_at(durable, i);
    }
    now->size = size;
    inode_sync(inode);
}

/* ---- names ---------------------------------------------------------------------------------- */

static struct name *names_place(const struct names *names, const struct path *path)
{
    for (size_t i = 0; i < names->count; i++)
        if (names->items[i].path == path)
            return &names->items[i];
    return NULL;
}

struct inode *names_find(const struct names *names, const struct path *path)
{
    const struct name *name = names_place(names, path);
    return name != NULL ? name->inode : NULL;
}

static void names_remove(struct names *names, const struct path *path)
{
    struct name *name = names_place(names, path);
    if (name == NULL)
        return;
    inode_unref(name->inode);
    *name = names->items[--names->count];
}

static void names_set(struct names *names, const struct path *path, struct inode *inode)
{
    inode_ref(inode);
    names_remove(names, path);
    names->items = own_grow(names->items, sizeof *names->items, &names->capacity, names->count + 1);
    names->items[names->count++] = (struct name){path, inode};
}

static void names_clear(struct names *names)
{
    while (names->count > 0)
        inode_unref(names->items[--names->count].inode);
}

static void names_apply(struct names *names, const struct change *change)
{
    if (change->to != NULL)
        names_set(names, change->to, change->inode);
    if (change->from != NULL)
        names_remove(names, change->from);
}

/* ---- the journal ---------------------------------------------------------------------------- */

void disk_change(struct disk *disk, const struct path *from, const struct path *to,
                 struct inode *inode)
{
    disk->journal = own_grow(disk->journal, sizeof *disk->journal, &disk->change_capacity,
                             disk->change_count + 1);
    struct change *change = &disk->journal[disk->change_count++];
    *change = (struct change){from, to, inode_ref(inode)};
    names_apply(&disk->now, change);
}

static bool stands_in(const struct path *path, const struct path *directory)
{
    return path != NULL && path->directory == directory;
}

void disk_sync_directory(struct disk *disk, const struct path *directory)
{
    size_t kept = 0;
    disk->changes++;
    for (size_t i = 0; i < disk->change_count; i++) {
        struct change *change = &disk->journal[i];
        if (stands_in(change->to, directory) || stands_in(change->from, directory)) {
            names_apply(&disk->durable, change);
            inode_unref(change->inode);
        } else {
            disk->journal[kept++] = *change;
        }
    }
    disk->change_count = kept;
}

static void journal_forget(struct disk *disk)
{
    while (disk->change_count > 0)
        inode_unref(disk->journal[--disk->change_count].inode);
}

/* What stands in a directory that is lost is lost. */
static void drop_orphans(struct names *names)
{
    for (size_t i = 0; i < names->count;) {
        const struct path *directory = names->items[i].path->directory;
        if (path_is_root(directory) || names_find(names, directory) != NULL) {
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
    disk->changes++;
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

static void install(struct disk *disk, const struct path *path, struct inode *inode)
{
    names_set(&disk->now, path, inode);
    names_set(&disk->durable, path, inode);
    inode_unref(inode);
}

static void install_directory(struct disk *disk, const struct path *path)
{
    if (path_is_root(path) || names_find(&disk->now, path) != NULL)
        return;
    install_directory(disk, path->directory);
    install(disk, path, inode_new(true));
}

void disk_install(struct disk *disk, const char *path, const char *text)
{
    const struct path *place = path_of(path);
    struct inode *inode = inode_new(false);
    size_t length = strlen(text);
    inode_write(inode, 0, text, length);
    inode_sync(inode);
    install_directory(disk, place->directory);
    install(disk, place, inode);
}

bool disk_peek(struct disk *disk, const char *path, char *ret_text, size_t size)
{
    const struct inode *inode = names_find(&disk->now, path_of(path));
    if (inode == NULL || inode->directory || inode->now.size >= size)
        return false;
    inode_read(inode, 0, ret_text, inode->now.size);
    ret_text[inode->now.size] = '\0';
    return true;
}

void disk_each_file(struct disk *disk, bool durable,
                    void (*look)(void *arg, const struct world_file *file), void *arg)
{
    const struct names *names = durable ? &disk->durable : &disk->now;
    for (size_t i = 0; i < names->count; i++) {
        const struct inode *inode = names->items[i].inode;
        const struct content *content = durable ? &inode->durable : &inode->now;
        struct path *path = (struct path *)names->items[i].path;
        const struct world_file file = {path->text,    content->bytes, content->stored,
                                        inode->number, inode->cuts,    &path->mark};
        if (!inode->directory)
            look(arg, &file);
    }
}

uint64_t disk_changes(const struct disk *disk)
{
    return disk->changes;
}
