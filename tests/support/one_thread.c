/* For the tests that are said to start no thread (ONE_THREAD in CMakeLists.txt). The linker prefers
 * a program's own function to the C library's. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): the C library's have __ */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *arg),
                   void *arg)
{
    (void)thread;
    (void)attributes;
    (void)start;
    (void)arg;
    fputs("This test starts a thread: take it from ONE_THREAD in tests/CMakeLists.txt, so that "
          "ThreadSanitizer sees it, too.\n",
          stderr);
    abort();
}
