/* Memory: the program's, which is counted and dies with its process, and the simulator's own.
 *
 * A block of the program carries a header in front of it, which says whose it is and lets free()
 * find out whether the memory is the process's at all. Under AddressSanitizer the header is
 * poisoned, so that it is a red zone as well. New memory is filled with a pattern: what a program
 * reads before it has written is then wrong in the same way each time, and so is what it reads
 * after free(). Of a large block that is its first 4 KB, but for the sanitizers' builds, which fill
 * all: buffers of 64 KB and more, of which little is ever used, took a fifth of all instructions of
 * a seed. */
#include "internal.h"

#include <errno.h>
#include <execinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined MADV_HUGEPAGE && !defined __EMSCRIPTEN__
#define LARGE_PAGES 1
#else
#define LARGE_PAGES 0
#endif

enum {
    FRESH_BYTE = 0xa5,
    FREED_BYTE = 0xdd,
    FREED_FILL_MAX = 64,
#ifdef SIM_SANITIZED
    FRESH_FILL_MAX = INT32_MAX,
#else
    FRESH_FILL_MAX = 4096,
#endif
    HELD_MAGIC = 0x48454c44,
    FREED_MAGIC = 0x46524545,
    OWN_GRAIN = 16, /* up to OWN_FINE, a class for each multiple of it: */
    OWN_FINE = 256, /* what is smaller than this; above, four classes for each power of two, */
    OWN_SHIFT = 6,  /* the first of which are so many bits apart */
    OWN_CLASSES = OWN_FINE / OWN_GRAIN + 4 * 40,
    OWN_CHUNK = 1 << (LARGE_PAGES ? 25 : 20),
    FREE_CELLS_AT_FIRST = 64,
    STACK_FRAMES = 32,
};

struct block {
    _Alignas(16) struct process *process; /* what follows is aligned as malloc's, also in 32 bits */
    size_t size;
    uint64_t ordinal;
    uint32_t place; /* among the blocks of its process */
    uint32_t magic;
};

_Static_assert(sizeof(struct block) % 16 == 0, "the program's memory must be aligned");

void __asan_poison_memory_region(const volatile void *start, size_t size) __attribute__((weak));
void __asan_unpoison_memory_region(const volatile void *start, size_t size) __attribute__((weak));
/* ---- words for ThreadSanitizer -------------------------------------------------------------- */

#ifdef SIM_TSAN

void __tsan_acquire(void *object);
void __tsan_release(void *object);
void __tsan_read_range(const void *start, size_t size);
void __tsan_write_range(void *start, size_t size);
void AnnotateIgnoreReadsBegin(const char *file, int line);
void AnnotateIgnoreReadsEnd(const char *file, int line);
void AnnotateIgnoreWritesBegin(const char *file, int line);
void AnnotateIgnoreWritesEnd(const char *file, int line);

void look_away(void)
{
    AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
}

void look_again(void)
{
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
    AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
}

void tell_acquire(void *object)
{
    __tsan_acquire(object);
}

void tell_release(void *object)
{
    __tsan_release(object);
}

void tell_read(const void *bytes, size_t length)
{
    if (length > 0)
        __tsan_read_range(bytes, length);
}

void tell_written(void *bytes, size_t length)
{
    if (length > 0)
        __tsan_write_range(bytes, length);
}

/* memset and memcpy would be seen. */
void own_zero(void *start, size_t size)
{
    volatile char *bytes = start;
    for (size_t i = 0; i < size; i++)
        bytes[i] = 0;
}

void own_copy(void *to, const void *from, size_t length)
{
    volatile char *t = to;
    const volatile char *f = from;
    for (size_t i = 0; i < length; i++)
        t[i] = f[i];
}

#endif

/* ---- the simulator's own: cells of some sizes, never given back to the system ---------------- */

/* The free cells of one size. Their list is not kept in themselves: to take one would have to wait
 * until the first line of it has come into the cache. */
struct free_cells {
    void **items;
    size_t count;
    size_t capacity;
};

static struct free_cells own_cells[OWN_CLASSES];
static char *own_chunk;
static size_t own_chunk_left;

/* Sizes that are not powers of two waste little room, and what is read often does not fall into the
 * same few lines of the cache. */
static inline size_t own_class(size_t size)
{
    const size_t last = size > 0 ? size - 1 : 0;
    if (last < OWN_FINE)
        return last / OWN_GRAIN;
    const unsigned shift = 61 - (unsigned)__builtin_clzll(last); /* leaves 4, 5, 6 or 7 */
    return OWN_FINE / OWN_GRAIN + 4 * (shift - OWN_SHIFT) + (last >> shift) - 4;
}

static size_t own_cell_size(size_t class)
{
    if (class < OWN_FINE / OWN_GRAIN)
        return (class + 1) * OWN_GRAIN;
    const size_t coarse = class - OWN_FINE / OWN_GRAIN;
    return (coarse % 4 + 5) << (coarse / 4 + OWN_SHIFT);
}

/* A world is spread over 30 MB, and each turn of a thread reads a little here and there: with small
 * pages the processor looks up where that is all the time. Without large ones all is the same but
 * slower. */
static void ask_for_large_pages(void *start, size_t size)
{
#if LARGE_PAGES
    (void)madvise(start, size, MADV_HUGEPAGE);
#else
    (void)start;
    (void)size;
#endif
}

static __attribute__((noinline)) void *own_carve(size_t class)
{
    const size_t size = own_cell_size(class);
    if (own_chunk_left < size) {
        own_chunk_left = size > OWN_CHUNK ? size : OWN_CHUNK;
        own_chunk =
            mmap(NULL, own_chunk_left, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (own_chunk == MAP_FAILED)
            abort();
        ask_for_large_pages(own_chunk, own_chunk_left);
    }
    void *fresh = own_chunk;
    own_chunk += size;
    own_chunk_left -= size;
    return fresh;
}

/* Memory that was used before still has its old bytes. */
static inline void *own_take(size_t size)
{
    struct free_cells *cells = &own_cells[own_class(size)];
    if (cells->count == 0)
        return own_carve(own_class(size));
    return cells->items[--cells->count];
}

static __attribute__((noinline)) void free_cells_grow(struct free_cells *cells)
{
    void **old = cells->items;
    const size_t old_size = cells->capacity * sizeof *old;
    cells->capacity = cells->capacity > 0 ? 2 * cells->capacity : FREE_CELLS_AT_FIRST;
    /* Not of a cell that is free: those may be the very ones whose list has no room. */
    cells->items = own_carve(own_class(cells->capacity * sizeof *old));
    if (old_size > 0)
        own_copy(cells->items, old, old_size);
}

static inline void own_put_back(void *memory, size_t size)
{
    struct free_cells *cells = &own_cells[own_class(size)];
    if (cells->count == cells->capacity)
        free_cells_grow(cells);
    cells->items[cells->count++] = memory;
}

void *own_alloc(size_t size)
{
    void *block = own_take(size);
    own_zero(block, size);
    return block;
}

void own_free(void *block, size_t size)
{
    if (block != NULL)
        own_put_back(block, size);
}

void *own_grow_more(void *old, size_t item_size, size_t *capacity, size_t wanted)
{
    size_t grown = *capacity > 0 ? *capacity * 2 : 16;
    while (grown < wanted)
        grown *= 2;
    void *fresh = own_alloc(grown * item_size);
    own_copy(fresh, old, *capacity * item_size);
    own_free(old, *capacity * item_size);
    *capacity = grown;
    return fresh;
}

size_t own_length(const char *text)
{
    look_away();
    size_t length = strlen(text);
    look_again();
    return length;
}

void own_text(char *ret_text, size_t size, const char *text)
{
    size_t length = own_length(text);
    if (length >= size)
        length = size - 1;
    own_copy(ret_text, text, length);
    ret_text[length] = '\0';
}

int own_format(char *ret_text, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    look_away();
    int length = vsnprintf(ret_text, size, format, args);
    look_again();
    va_end(args);
    return length;
}

/* ---- the program's -------------------------------------------------------------------------- */

#ifdef SIM_SANITIZED

/* The sanitizer's own malloc knows what is whose. */
static void *raw_take(size_t size)
{
    void *block = malloc(size);
    if (block == NULL)
        abort();
    return block;
}

static void raw_free(void *block, size_t size)
{
    (void)size;
    free(block);
}

#define fill(start, byte, size) memset(start, byte, size)

static void poison(struct block *block)
{
    if (__asan_poison_memory_region != NULL)
        __asan_poison_memory_region(block, sizeof *block);
}

static void unpoison(struct block *block)
{
    if (__asan_unpoison_memory_region != NULL)
        __asan_unpoison_memory_region(block, sizeof *block);
}

#else

#define raw_take(size)        own_take(size)
#define raw_free(block, size) own_put_back(block, size)

/* Most blocks are small, and all cells end where a grain ends. */
static inline void fill(void *start, int byte, size_t size)
{
    char *grains = start;
#define FILL_GRAIN(i)                                                                              \
    case (i) + 1:                                                                                  \
        memset(grains + (i)*OWN_GRAIN, byte, OWN_GRAIN);                                           \
        __attribute__((fallthrough))
    switch ((size + OWN_GRAIN - 1) / OWN_GRAIN) {
        FILL_GRAIN(7);
        FILL_GRAIN(6);
        FILL_GRAIN(5);
        FILL_GRAIN(4);
        FILL_GRAIN(3);
        FILL_GRAIN(2);
        FILL_GRAIN(1);
        FILL_GRAIN(0);
    case 0:
        break;
    default:
        memset(start, byte, size);
    }
#undef FILL_GRAIN
}

#define poison(block)   ((void)(block))
#define unpoison(block) ((void)(block))

#endif

void show_stack(const char *title)
{
    void *frames[STACK_FRAMES];
    fprintf(stderr, "%s\n", title);
    backtrace_symbols_fd(frames, backtrace(frames, STACK_FRAMES), STDERR_FILENO);
}

static void block_link(struct block *block)
{
    struct process *process = block->process;
    const size_t count = process->block_count + 1;
    process->blocks =
        own_grow(process->blocks, sizeof *process->blocks, &process->block_capacity, count);
    block->place = (uint32_t)process->block_count;
    process->blocks[process->block_count++] = block;
}

/* The last block takes its place. */
static void block_unlink(const struct block *block)
{
    struct process *process = block->process;
    struct block *last = process->blocks[--process->block_count];
    process->blocks[block->place] = last;
    unpoison(last);
    last->place = block->place;
    if (last != block)
        poison(last);
}

static inline void *block_new(size_t size, bool zero)
{
    struct process *process = process_running();
    if (inject(INJECT_ENOMEM)) {
        process->out_of_memory = true;
        errno = ENOMEM;
        return NULL;
    }
    struct block *block = raw_take(sizeof *block + size);
    block->process = process;
    block->size = size;
    block->ordinal = ++world.allocations;
    block->magic = HELD_MAGIC;
    block_link(block);
    look_away();
    fill(block + 1, zero ? 0 : FRESH_BYTE, zero || size < FRESH_FILL_MAX ? size : FRESH_FILL_MAX);
    look_again();
    if (block->ordinal == world.options.show_allocation)
        show_stack("the block that leaks was allocated here:");
    poison(block);
    return block + 1;
}

static _Noreturn void end_with_wrong_free(const struct block *block)
{
    if (block->magic == FREED_MAGIC)
        world_end(WORLD_FAILED, "memory is freed twice");
    world_end(WORLD_FAILED, "free() of memory that this process does not hold");
}

static inline struct block *block_of(void *memory)
{
    struct block *block = (struct block *)memory - 1;
    unpoison(block);
    if (block->magic != HELD_MAGIC || block->process != process_running())
        end_with_wrong_free(block);
    return block;
}

static inline void block_free(struct block *block)
{
    look_away();
    fill(block + 1, FREED_BYTE, block->size < FREED_FILL_MAX ? block->size : FREED_FILL_MAX);
    look_again();
    block->magic = FREED_MAGIC;
    raw_free(block, sizeof *block + block->size);
}

void mem_free_all(struct process *process)
{
    while (process->block_count > 0) {
        struct block *block = process->blocks[--process->block_count];
        unpoison(block);
        block_free(block);
    }
    own_free(process->blocks, process->block_capacity * sizeof *process->blocks);
    process->blocks = NULL;
    process->block_capacity = 0;
}

uint64_t mem_first_ordinal(const struct process *process)
{
    uint64_t first = 0;
    for (size_t i = 0; i < process->block_count; i++) {
        struct block *block = process->blocks[i];
        unpoison(block);
        if (first == 0 || block->ordinal < first)
            first = block->ordinal;
        poison(block);
    }
    return first;
}

void *sim_malloc(size_t size)
{
    return block_new(size, false);
}

void *sim_calloc(size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return block_new(total, true);
}

void sim_free(void *memory)
{
    if (memory == NULL)
        return;
    struct block *block = block_of(memory);
    block_unlink(block);
    block_free(block);
}

void *sim_realloc(void *old, size_t size);
char *sim_strdup(const char *text);
char *sim_strndup(const char *text, size_t length);

/* Always moves: a pointer into the old place is then wrong every time. */
void *sim_realloc(void *old, size_t size)
{
    void *fresh = block_new(size, false);
    if (old == NULL || fresh == NULL)
        return fresh;
    struct block *block = block_of(old);
    memcpy(fresh, old, block->size < size ? block->size : size);
    block_unlink(block);
    block_free(block);
    return fresh;
}

char *sim_strndup(const char *text, size_t length)
{
    size_t used = strnlen(text, length);
    char *copy = block_new(used + 1, true);
    if (copy != NULL)
        memcpy(copy, text, used);
    return copy;
}

char *sim_strdup(const char *text)
{
    return sim_strndup(text, SIZE_MAX);
}
