/* Java's hash tables are simulated: a table of chains of indices is filled in the order of
 * insertion, and doubled when Java doubles it. HashMap and ConcurrentHashMap differ in when and how
 * they do that. A HashMap keeps the order of a chain when it doubles, so that for it only the last
 * size of the table has to be known. */
#include "zk/base/java_order.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/panic.h"
#include "zk/base/utf8.h"

enum {
    DEFAULT_CAPACITY = 16,
    LONG_CHAIN = 8,     /* Java: HashMap.TREEIFY_THRESHOLD */
    TREE_CAPACITY = 64, /* Java: HashMap.MIN_TREEIFY_CAPACITY; smaller tables grow instead */
};

static const size_t no_entry = SIZE_MAX;

struct chain_entry {
    size_t next;
    uint32_t hash; /* spread */
};

/* A table of chains. */
struct chains {
    struct chain_entry *entries;
    size_t capacity; /* a power of two */
    size_t *heads;   /* capacity of them */
    size_t size;
};

/* ---- hashes ---------------------------------------------------------------------------------- */

int32_t java_string_hash(const char *text)
{
    uint32_t hash = 0;
    for (; *text != '\0' && (uint8_t)*text < 0x80; text++)
        hash = 31 * hash + (uint8_t)*text; /* nearly all names end here */
    size_t length = strlen(text);
    for (size_t used; length > 0; text += used, length -= used) {
        int32_t character = zk_utf8_decode(text, length, &used);
        if (character < 0)
            character = 0xfffd; /* what Java decodes a malformed byte to */
        if (character >= 0x10000) {
            uint32_t offset = (uint32_t)character - 0x10000;
            hash = 31 * hash + (0xd800 + (offset >> 10));
            hash = 31 * hash + (0xdc00 + (offset & 0x3ff));
        } else {
            hash = 31 * hash + (uint32_t)character;
        }
    }
    return (int32_t)hash;
}

int32_t java_long_hash(int64_t value)
{
    uint64_t bits = (uint64_t)value;
    return (int32_t)(uint32_t)(bits ^ bits >> 32);
}

/* Java: HashMap.hash(), and without the sign ConcurrentHashMap.spread(); tables never reach the
 * sign bit. */
static uint32_t spread(int32_t hash)
{
    uint32_t bits = (uint32_t)hash;
    return bits ^ bits >> 16;
}

/* ---- chains ---------------------------------------------------------------------------------- */

static size_t *new_heads(size_t capacity)
{
    size_t *heads = zk_xmalloc(capacity * sizeof *heads);
    for (size_t i = 0; i < capacity; i++)
        heads[i] = no_entry;
    return heads;
}

/* Puts entry at the end of its chain. Returns how many were there before. */
static size_t chains_append(struct chains *chains, size_t entry)
{
    size_t *link = &chains->heads[chains->entries[entry].hash & (chains->capacity - 1)];
    size_t before = 0;
    for (; *link != no_entry; link = &chains->entries[*link].next)
        before++;
    *link = entry;
    chains->entries[entry].next = no_entry;
    return before;
}

static void chains_prepend(struct chains *chains, size_t entry)
{
    size_t *head = &chains->heads[chains->entries[entry].hash & (chains->capacity - 1)];
    chains->entries[entry].next = *head;
    *head = entry;
}

/* Java: HashMap.resize(): both halves of a chain keep its order. */
static void chains_split_in_order(struct chains *chains, size_t head)
{
    for (size_t entry = head; entry != no_entry;) {
        size_t next = chains->entries[entry].next;
        chains_append(chains, entry);
        entry = next;
    }
}

/* Java: ConcurrentHashMap.transfer(): the longest tail that stays together is kept as it is, the
 * entries before it are put in front of their half one by one. */
static void chains_split_around_tail(struct chains *chains, size_t head)
{
    const uint32_t half = (uint32_t)chains->capacity / 2; /* the bit that now decides */
    size_t tail = head;
    if (head == no_entry)
        return;
    for (size_t entry = chains->entries[head].next; entry != no_entry;
         entry = chains->entries[entry].next)
        if ((chains->entries[entry].hash & half) != (chains->entries[tail].hash & half))
            tail = entry;
    chains->heads[chains->entries[tail].hash & (chains->capacity - 1)] = tail;
    for (size_t entry = head; entry != tail;) {
        size_t next = chains->entries[entry].next;
        chains_prepend(chains, entry);
        entry = next;
    }
}

static void chains_double(struct chains *chains, void (*split)(struct chains *chains, size_t head))
{
    size_t *old = chains->heads;
    size_t old_capacity = chains->capacity;
    chains->capacity = 2 * old_capacity;
    chains->heads = new_heads(chains->capacity);
    for (size_t i = 0; i < old_capacity; i++)
        split(chains, old[i]);
    free(old);
}

/* ---- HashMap --------------------------------------------------------------------------------- */

/* Java: HashMap.threshold: with more entries than that the table is doubled. */
static size_t hash_map_threshold(size_t capacity)
{
    return capacity / 4 * 3 + capacity % 4 * 3 / 4;
}

/* Java: HashMap.putVal() */
static void hash_map_put(struct chains *chains, size_t entry)
{
    size_t before = chains_append(chains, entry);
    if (before >= LONG_CHAIN && chains->capacity < TREE_CAPACITY)
        chains_double(chains, chains_split_in_order);
    chains->size++;
    if (chains->size > hash_map_threshold(chains->capacity))
        chains_double(chains, chains_split_in_order);
}

/* ---- ConcurrentHashMap ----------------------------------------------------------------------- */

/* Java: ConcurrentHashMap.tryPresize(), as a long chain calls it: the table is doubled until three
 * quarters of it reach the power of two above three times its old capacity. */
static void concurrent_map_presize(struct chains *chains)
{
    size_t target = 4 * chains->capacity;
    while (chains->capacity / 4 * 3 < target)
        chains_double(chains, chains_split_around_tail);
}

/* Java: ConcurrentHashMap.putVal(), addCount() */
static void concurrent_map_put(struct chains *chains, size_t entry)
{
    size_t before = chains_append(chains, entry);
    if (before >= LONG_CHAIN && chains->capacity < TREE_CAPACITY)
        concurrent_map_presize(chains);
    chains->size++;
    while (chains->size >= chains->capacity / 4 * 3)
        chains_double(chains, chains_split_around_tail);
}

/* ---- orders ---------------------------------------------------------------------------------- */

/* Returns how large the table is when all entries are in it. A long chain makes only a small table
 * grow, so entries are put in one by one only until it has TREE_CAPACITY places. */
static size_t last_hash_map_capacity(struct chain_entry *entries, size_t count, size_t capacity)
{
    struct chains chains = {
        .entries = entries,
        .capacity = capacity,
        .heads = new_heads(capacity),
    };
    for (size_t entry = 0; entry < count && chains.capacity < TREE_CAPACITY; entry++)
        hash_map_put(&chains, entry);
    free(chains.heads);
    while (count > hash_map_threshold(chains.capacity))
        chains.capacity *= 2;
    return chains.capacity;
}

/* Takes ownership of entries, whose hashes are filled in. The order is that of the chains, and
 * within a chain that of insertion, however often the table was doubled. So the places of each
 * chain are counted and then filled, and no chain has to be followed through memory. */
static void hash_map_order(struct chain_entry *entries, size_t count, size_t first_capacity,
                           size_t *ret_order)
{
    size_t capacity = last_hash_map_capacity(entries, count, first_capacity);
    size_t *places = zk_xcalloc(capacity + 1, sizeof *places);
    for (size_t i = 0; i < count; i++)
        places[(entries[i].hash & (capacity - 1)) + 1]++;
    for (size_t i = 1; i < capacity; i++)
        places[i] += places[i - 1];
    for (size_t i = 0; i < count; i++)
        ret_order[places[entries[i].hash & (capacity - 1)]++] = i;
    free(places);
    free(entries);
}

/* The same for a ConcurrentHashMap whose table has so many places at first. */
static void concurrent_map_order(struct chain_entry *entries, size_t count, size_t capacity,
                                 size_t *ret_order)
{
    struct chains chains = {
        .entries = entries,
        .capacity = capacity,
        .heads = new_heads(capacity),
    };
    for (size_t entry = 0; entry < count; entry++)
        concurrent_map_put(&chains, entry);

    size_t at = 0;
    for (size_t i = 0; i < chains.capacity; i++)
        for (size_t entry = chains.heads[i]; entry != no_entry; entry = entries[entry].next)
            ret_order[at++] = entry;
    zk_assert(at == count);
    free(chains.heads);
    free(entries);
}

static bool is_power_of_two(size_t number)
{
    return number > 0 && (number & (number - 1)) == 0;
}

/* Java: HashMap.tableSizeFor() */
static size_t table_size_for(size_t capacity)
{
    size_t size = 1;
    while (size < capacity)
        size *= 2;
    return size;
}

static size_t chain_of_long(int64_t key, size_t capacity)
{
    return spread(java_long_hash(key)) & (capacity - 1);
}

/* Returns whether the order of the keys is that of the table already, because each has a later
 * chain than the one before and the table is not doubled. Small ids in ascending order are like
 * that. */
static bool longs_stay(const int64_t *keys, size_t count, size_t capacity)
{
    if (count > hash_map_threshold(capacity))
        return false;
    for (size_t i = 1; i < count; i++)
        if (chain_of_long(keys[i - 1], capacity) >= chain_of_long(keys[i], capacity))
            return false;
    return true;
}

void java_hash_map_order_longs(const int64_t *keys, size_t count, size_t first_capacity,
                               size_t *ret_order)
{
    zk_assert(is_power_of_two(first_capacity));
    if (longs_stay(keys, count, first_capacity)) {
        for (size_t i = 0; i < count; i++)
            ret_order[i] = i;
        return;
    }
    struct chain_entry *entries = zk_xmalloc(count * sizeof *entries);
    for (size_t i = 0; i < count; i++)
        entries[i].hash = spread(java_long_hash(keys[i]));
    hash_map_order(entries, count, first_capacity, ret_order);
}

void java_hash_map_sort_longs(int64_t *keys, size_t count, size_t first_capacity)
{
    if (longs_stay(keys, count, first_capacity))
        return;
    size_t *order = zk_xmalloc(count * sizeof *order);
    int64_t *sorted = zk_xmalloc(count * sizeof *sorted);
    java_hash_map_order_longs(keys, count, first_capacity, order);
    for (size_t i = 0; i < count; i++)
        sorted[i] = keys[order[i]];
    memcpy(keys, sorted, count * sizeof *keys);
    free(sorted);
    free(order);
}

void java_hash_map_order_strings(const char *const *keys, size_t count, size_t first_capacity,
                                 size_t *ret_order)
{
    zk_assert(is_power_of_two(first_capacity));
    struct chain_entry *entries = zk_xmalloc(count * sizeof *entries);
    for (size_t i = 0; i < count; i++)
        entries[i].hash = spread(java_string_hash(keys[i]));
    hash_map_order(entries, count, first_capacity, ret_order);
}

void java_concurrent_map_order(const int32_t *hashes, size_t count, size_t *ret_order)
{
    struct chain_entry *entries = zk_xmalloc(count * sizeof *entries);
    for (size_t i = 0; i < count; i++)
        entries[i].hash = spread(hashes[i]);
    concurrent_map_order(entries, count, DEFAULT_CAPACITY, ret_order);
}

void java_concurrent_map_order_longs(const int64_t *keys, size_t count, size_t most,
                                     size_t *ret_order)
{
    struct chain_entry *entries = zk_xmalloc(count * sizeof *entries);
    size_t capacity = DEFAULT_CAPACITY;
    while (most >= capacity / 4 * 3)
        capacity *= 2;
    for (size_t i = 0; i < count; i++)
        entries[i].hash = spread(java_long_hash(keys[i]));
    concurrent_map_order(entries, count, capacity, ret_order);
}

size_t java_hash_map_capacity(size_t count)
{
    size_t capacity = DEFAULT_CAPACITY;
    while (count > hash_map_threshold(capacity))
        capacity *= 2;
    return capacity;
}

/* Java: HashSet(Collection): Math.max((int) (size / .75f) + 1, 16) */
size_t java_hash_set_copy_capacity(size_t count)
{
    size_t wanted = (size_t)((float)count / 0.75f) + 1;
    return table_size_for(wanted > DEFAULT_CAPACITY ? wanted : DEFAULT_CAPACITY);
}

/* Java: HashMap(Map), putMapEntries(): (int) (size / 0.75f + 1.0f). The copy of nothing is a plain
 * map. */
size_t java_hash_map_copy_capacity(size_t count)
{
    if (count == 0)
        return DEFAULT_CAPACITY;
    return table_size_for((size_t)((float)count / 0.75f + 1.0f));
}
