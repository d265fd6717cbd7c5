/* The few functions that Emscripten's C library, a musl, expects from JavaScript, and those in
 * which it differs from glibc so that a run would differ. With them the module imports one
 * function from outside: lab.line. */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <wasi/api.h>

#include "lab.h"

enum { PAGE = 65536 };

/* strerror_r as glibc declares it (gnu.h), with the texts of glibc where those of musl differ. */
char *gnu_strerror_r(int error, char *buffer, size_t size);

char *gnu_strerror_r(int error, char *buffer, size_t size)
{
    const char *text = error == 0           ? "Success"
                       : error == ETIMEDOUT ? "Connection timed out"
                                            : strerror(error);
    size_t length = strlen(text);
    if (length >= size)
        length = size - 1;
    memcpy(buffer, text, length);
    buffer[length] = '\0';
    return buffer;
}

/* Called by malloc when the heap must grow. */
int emscripten_resize_heap(size_t wanted);

int emscripten_resize_heap(size_t wanted)
{
    size_t have = __builtin_wasm_memory_size(0);
    size_t pages = (wanted + PAGE - 1) / PAGE;
    size_t more = pages > have ? pages - have : 0;
    if (more < have / 8)
        more = have / 8;
    return __builtin_wasm_memory_grow(0, more) != SIZE_MAX;
}

void *emscripten_memcpy_big(void *to, const void *from, size_t length);

/* The half of memcpy that copies long blocks. */
void *emscripten_memcpy_big(void *to, const void *from, size_t length)
{
    uint64_t *t = to;
    const uint64_t *f = from;
    for (; length >= sizeof *t; length -= sizeof *t) {
        __builtin_memcpy(t++, f++, sizeof *t);
    }
    char *t_end = (char *)t;
    const char *f_end = (const char *)f;
    while (length-- > 0)
        *t_end++ = *f_end++;
    return to;
}

/* What stdio writes goes to the console of the page. */
__wasi_errno_t __wasi_fd_write(__wasi_fd_t fd, const __wasi_ciovec_t *pieces, size_t count,
                               __wasi_size_t *ret_written)
{
    *ret_written = 0;
    for (size_t i = 0; i < count; i++) {
        lab_line(0, (int)fd, (const char *)pieces[i].buf, pieces[i].buf_len, 0);
        *ret_written += pieces[i].buf_len;
    }
    return __WASI_ERRNO_SUCCESS;
}

__wasi_errno_t __wasi_fd_close(__wasi_fd_t fd)
{
    (void)fd;
    return __WASI_ERRNO_SUCCESS;
}

__wasi_errno_t __wasi_fd_seek(__wasi_fd_t fd, __wasi_filedelta_t offset, __wasi_whence_t whence,
                              __wasi_filesize_t *ret_at)
{
    (void)fd;
    (void)offset;
    (void)whence;
    (void)ret_at;
    return __WASI_ERRNO_SPIPE;
}

void abort(void)
{
    __builtin_trap();
}

/* What the simulator maps comes from the heap, because the heap takes all of the memory for its
 * own. It is never given back. */
void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
    (void)address, (void)protection, (void)flags, (void)fd, (void)offset;
    size_t rounded = (length + PAGE - 1) / PAGE * PAGE;
    void *block = aligned_alloc(PAGE, rounded);
    return block == NULL ? MAP_FAILED : memset(block, 0, rounded);
}

/* The locks of the C library itself. There is one thread. */
void __lock(volatile int *lock);
void __unlock(volatile int *lock);
int emscripten_futex_wake(volatile void *address, int count);

void __lock(volatile int *lock)
{
    (void)lock;
}

void __unlock(volatile int *lock)
{
    (void)lock;
}

int emscripten_futex_wake(volatile void *address, int count)
{
    (void)address, (void)count;
    return 0;
}

/* ---- attributes of threads and locks ----------------------------------------------------------
 *
 * The functions of Emscripten's library for one thread keep nothing. A condition would then be
 * measured by the wrong clock, and every timed wait would end at once. */

static int *word(void *attribute)
{
    return attribute;
}

int pthread_condattr_init(pthread_condattr_t *attr)
{
    *word(attr) = CLOCK_REALTIME;
    return 0;
}

int pthread_condattr_setclock(pthread_condattr_t *attr, clockid_t clock)
{
    *word(attr) = clock;
    return 0;
}

int pthread_condattr_getclock(const pthread_condattr_t *restrict attr,
                              clockid_t *restrict ret_clock)
{
    *ret_clock = *(const int *)attr;
    return 0;
}

int pthread_condattr_destroy(pthread_condattr_t *attr)
{
    (void)attr;
    return 0;
}

int pthread_mutexattr_init(pthread_mutexattr_t *attr)
{
    *word(attr) = PTHREAD_MUTEX_DEFAULT;
    return 0;
}

int pthread_mutexattr_settype(pthread_mutexattr_t *attr, int type)
{
    *word(attr) = type;
    return 0;
}

int pthread_mutexattr_gettype(const pthread_mutexattr_t *restrict attr, int *restrict ret_type)
{
    *ret_type = *(const int *)attr;
    return 0;
}

int pthread_mutexattr_destroy(pthread_mutexattr_t *attr)
{
    (void)attr;
    return 0;
}

int pthread_attr_init(pthread_attr_t *attr)
{
    *word(attr) = PTHREAD_CREATE_JOINABLE;
    return 0;
}

int pthread_attr_setdetachstate(pthread_attr_t *attr, int state)
{
    *word(attr) = state;
    return 0;
}

int pthread_attr_getdetachstate(const pthread_attr_t *attr, int *ret_state)
{
    *ret_state = *(const int *)attr;
    return 0;
}

int pthread_attr_setstacksize(pthread_attr_t *attr, size_t size)
{
    (void)attr;
    (void)size;
    return 0;
}

int pthread_attr_destroy(pthread_attr_t *attr)
{
    (void)attr;
    return 0;
}

/* ---- libraries: there is none to load, and a peer that serves HTTP says so ------------------- */

void *dlopen(const char *file, int flags)
{
    (void)file;
    (void)flags;
    return NULL;
}

void *dlsym(void *restrict library, const char *restrict name)
{
    (void)library;
    (void)name;
    return NULL;
}

/* ---- dates: UTC, in the calendar that repeats every 400 years -------------------------------- */

enum { SECONDS_OF_A_DAY = 24 * 60 * 60, DAYS_OF_400_YEARS = 146097, DAYS_BEFORE_1970 = 719468 };

void _tzset_js(long *timezone, int *daylight, char **tzname);
void _gmtime_js(const time_t *restrict time, struct tm *restrict ret_tm);

void _tzset_js(long *timezone, int *daylight, char **tzname)
{
    (void)timezone;
    (void)daylight;
    (void)tzname;
}

/* The years are counted from 1 March, so that the odd day of a leap year is the last one. */
void _gmtime_js(const time_t *restrict time, struct tm *restrict ret_tm)
{
    int64_t day = *time / SECONDS_OF_A_DAY;
    int second = (int)(*time % SECONDS_OF_A_DAY);
    if (second < 0) {
        second += SECONDS_OF_A_DAY;
        day--;
    }
    *ret_tm = (struct tm){.tm_hour = second / 3600,
                          .tm_min = second / 60 % 60,
                          .tm_sec = second % 60,
                          .tm_wday = (int)(((day + 4) % 7 + 7) % 7)};
    int64_t since = day + DAYS_BEFORE_1970; /* days since 1 March of the year 0 */
    int64_t era = (since >= 0 ? since : since - DAYS_OF_400_YEARS + 1) / DAYS_OF_400_YEARS;
    int64_t of_era = since - era * DAYS_OF_400_YEARS;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153; /* 0 is March */
    ret_tm->tm_mday = (int)(of_year - (153 * month + 2) / 5 + 1);
    ret_tm->tm_mon = (int)((month + 2) % 12);
    ret_tm->tm_year = (int)(year + 400 * era + (month >= 10) - 1900);
    /* Nobody asks for tm_yday. */
}
