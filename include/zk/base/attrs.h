/* Words for the compiler about functions, types and fields. */
#ifndef ZK_BASE_ATTRS_H
#define ZK_BASE_ATTRS_H

#define ZK_PRINTF_LIKE(format_at, first_at) __attribute__((format(printf, format_at, first_at)))
#define ZK_NODISCARD                        __attribute__((warn_unused_result))
#define ZK_NORETURN                         __attribute__((noreturn))
/* Has the processor fetch what stands at place, while it goes on: it will be read, or written, some
 * hundred instructions later. Any address is fine. It changes nothing but the time. */
#define ZK_PREFETCH(place)                  __builtin_prefetch(place)

/* What clang's -Wthread-safety checks (preset lockcheck). gcc knows none of these words.
 *   GUARDED_BY(&mu)   at a field: it is read and written only while mu is held
 *   REQUIRES(&x->mu)  at a function: its caller holds the lock; every _locked function says so
 *   ACQUIRES, RELEASES, ASSERTS_HELD   the lock functions themselves
 *   UNSHARED          at a function that makes or frees an object: no other thread knows it
 *   UNCHECKED_LOCKS   at a function whose locking clang cannot follow; a comment says why
 * clang reads GUARDED_BY in C only since it can look at the fields that follow (version 20,
 * -fexperimental-late-parse-attributes): CMakeLists.txt finds out whether it can, and then defines
 * ZK_GUARDED_BY. */
#ifdef __clang__
#define ZK_LOCK_WORD(...) __attribute__((__VA_ARGS__))
#else
#define ZK_LOCK_WORD(...)
#endif

#ifdef ZK_GUARDED_BY
#define GUARDED_BY(lock) ZK_LOCK_WORD(guarded_by(lock))
#else
#define GUARDED_BY(lock)
#endif
#define REQUIRES(...)      ZK_LOCK_WORD(requires_capability(__VA_ARGS__))
#define ACQUIRES(lock)     ZK_LOCK_WORD(acquire_capability(lock))
#define RELEASES(lock)     ZK_LOCK_WORD(release_capability(lock))
#define ASSERTS_HELD(lock) ZK_LOCK_WORD(assert_capability(lock))
#define CAPABILITY(name)   ZK_LOCK_WORD(capability(name))
#define UNSHARED           ZK_LOCK_WORD(no_thread_safety_analysis)
#define UNCHECKED_LOCKS    ZK_LOCK_WORD(no_thread_safety_analysis)

#endif
