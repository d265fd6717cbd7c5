/* The world around the product, bent as a test wants it: system calls that fail, host names that
 * move, time that has passed. A test that is linked with outside.c (tests/CMakeLists.txt names
 * them) makes its system calls through it; as long as it asks for nothing they are the system's
 * own. Any thread.
 *
 * What a test asks for holds for the whole process until outside_restore(), which is a test's
 * teardown. */
#ifndef TEST_OUTSIDE_H
#define TEST_OUTSIDE_H

#include <stddef.h>
#include <stdint.h>

/* --- calls that fail --- */

enum outside_call {
    OUTSIDE_SOCKET,
    OUTSIDE_SETSOCKOPT,
    OUTSIDE_GETSOCKOPT,
    OUTSIDE_GETSOCKNAME,
    OUTSIDE_GETPEERNAME,
    OUTSIDE_BIND,
    OUTSIDE_LISTEN,
    OUTSIDE_CONNECT,
    OUTSIDE_ACCEPT,
    OUTSIDE_POLL,
    OUTSIDE_SEND,
    OUTSIDE_RECV,
    OUTSIDE_PTHREAD_CREATE,
    OUTSIDE_OPEN,
    OUTSIDE_OPEN_TO_WRITE,
    OUTSIDE_OPENDIR,
    OUTSIDE_STAT,
    OUTSIDE_ACCESS,
    OUTSIDE_UNLINK,
    OUTSIDE_MKDIR,
    OUTSIDE_FLOCK,
    OUTSIDE_READ,
    OUTSIDE_PREAD,
    OUTSIDE_WRITE,
    OUTSIDE_PWRITE,
    OUTSIDE_FSYNC,
    OUTSIDE_FDATASYNC,
    OUTSIDE_FTRUNCATE,
    OUTSIDE_DLOPEN,
    OUTSIDE_CALLS,
};

enum { OUTSIDE_FOR_EVER = -1 };

/* Lets so many of these calls pass, then so many fail with this errno, then all pass. */
void outside_fail(enum outside_call call, int error, int pass, int times);
/* The same for ever, for the paths that contain part (which the caller keeps): OUTSIDE_OPEN to
 * OUTSIDE_MKDIR. */
void outside_fail_path(enum outside_call call, const char *part, int error);
/* Lets so many opens of paths that contain part (which the caller keeps) pass; the file of the next
 * one is removed first, as if another process had been quicker. */
void outside_remove_before_open(const char *part, int pass);
/* Returns how many have failed since then. */
int outside_failures(enum outside_call call);
/* From now on write() takes no more than so many bytes at a time. */
void outside_write_at_most(size_t length);

/* --- calls that take long --- */

/* From now on every thread but the caller's waits in these calls. */
void outside_hold(enum outside_call call);
/* The same, once so many of these calls of other threads have passed. */
void outside_hold_after(enum outside_call call, int pass);
/* Returns how many wait there. */
int outside_held(void);
/* They go on. */
void outside_release(void);

/* --- calls that are watched --- */

struct outside_seen {
    int recvs;
    size_t smallest_recv; /* the room of a recv; SIZE_MAX: there was none */
    int low_water_changes;
    int low_water; /* as set by the last of them */
    int highest_low_water;
    int signals;     /* of conditions */
    int timed_waits; /* for conditions */
};

/* From now on the calls of those threads to whom the system knows this name (15 bytes; the caller
 * keeps it) are noted. */
void outside_watch(const char *threads);
struct outside_seen outside_seen(void);

/* --- host names that end with ".zk.test" --- */

/* From now on name is that IPv4 address; NULL: nobody knows it, as at the start. */
void outside_name(const char *name, const char *ip);
/* Returns how often anybody has asked for one of these names. */
int outside_names_asked(void);

/* --- network interfaces --- */

/* From now on this machine has these alone: an interface of that name and number with that IPv6
 * address. */
void outside_interface(const char *name, unsigned number, const char *ip);

/* --- time --- */

/* So many of the next waits on a condition end at once, for nothing. */
void outside_wake_for_nothing(int times);
/* All clocks stand so much later at once, and go on from there, also after outside_restore(). Who
 * waits already waits as long as before. */
void outside_let_time_pass(int64_t ms);
/* From now on the wall clock stands so much later than the system's, also after outside_restore().
 * Elapsed time goes on as it did. */
void outside_set_wall_clock(int64_t ms);
/* From now on time stands still for the threads that are watched. */
void outside_stop_clocks(void);

/* Calls and names are the system's own again. Fits cmocka's teardown. */
int outside_restore(void **state);

#endif
