/* What the compiler can be told about a function. Empty where it does not know the word. */
#ifndef ZK_BASE_ATTRS_H
#define ZK_BASE_ATTRS_H

#define ZK_PRINTF_LIKE(format_at, first_at) __attribute__((format(printf, format_at, first_at)))
#define ZK_NODISCARD                        __attribute__((warn_unused_result))
#define ZK_NORETURN                         __attribute__((noreturn))

/* Said at a field: which lock guards it; and at a function: which lock its caller holds. Read by
 * people (and by scripts/check/notes.sh); the mutex itself checks owner and rank at run time. */
#define GUARDED_BY(lock)
#define REQUIRES(lock)

#endif
