/* Libraries that are loaded when they are needed, because most peers never need them (A-280,
 * */
#ifndef IO_LIBRARY_H
#define IO_LIBRARY_H

#include <stdbool.h>

/* One function of a library, and where its address goes: a pointer to a pointer to a function. */
struct library_function {
    const char *name;
    void *ret_function;
};

/* Loads the library of that file name, finds the functions, and leaves the library loaded: those
 * that we use are not made for being unloaded. The list ends with a name that is NULL. Any thread;
 * blocks on the disk the first time. Errors: -ENOPKG, it is not on this machine, or lacks one. */
int library_load(const char *file, const struct library_function *functions);

#endif
