/* Loading libraries with dlopen and dlsym. */
#include "io/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

int library_load(const char *file, const struct library_function *functions)
{
    void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL)
        return -ENOPKG;
    for (const struct library_function *f = functions; f->name != NULL; f++) {
        void *symbol = dlsym(handle, f->name);
        if (symbol == NULL)
            return -ENOPKG;
        memcpy(f->ret_function, &symbol, sizeof symbol); /* ISO C has no cast for that */
    }
    return 0;
}
