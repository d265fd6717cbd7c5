/* See fuzz.h. Also the name service of all fuzz targets: no input may make a machine ask another
 * one. */
#include "fuzz.h"

#include <ctype.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "zk/base/alloc.h"
#include "zk/runtime/context.h"

struct zk_context *fuzz_context(void)
{
    struct zk_context_options options = zk_context_options_default();
    options.log_level = ZK_TRACE; /* so that every line is formatted */
    options.log_fd = -1;
    options.check_locks = true;
    return zk_context_new(&options);
}

char *fuzz_text(const uint8_t *bytes, size_t length)
{
    const uint8_t *zero = length > 0 ? memchr(bytes, 0, length) : NULL;
    return zk_xstrndup((const char *)bytes, zero ? (size_t)(zero - bytes) : length);
}

bool fuzz_is_plain(const struct inet_address *address)
{
    if (address->family != INET_UNRESOLVED)
        return true;
    for (const char *c = address->host; *c; c++) {
        if (!isalnum((unsigned char)*c) && !strchr(".-_", *c))
            return false;
    }
    return address->host[0] != 0;
}

int fuzz_memory_file(const void *bytes, size_t length, char *ret_path, size_t size)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    zk_assert(fd >= 0);
    zk_assert(length == 0 || write(fd, bytes, length) == (ssize_t)length);
    snprintf(ret_path, size, "/proc/self/fd/%d", fd);
    return fd;
}

/* Stands in front of the C library's. Only "localhost" has an address. */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int getaddrinfo(const char *restrict name, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict result)
{
    (void)service;
    (void)hints;
    if (!name || strcmp(name, "localhost") != 0)
        return EAI_NONAME;
    struct addrinfo *info = zk_xcalloc(1, sizeof *info);
    struct sockaddr_in *address = zk_xcalloc(1, sizeof *address);
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    info->ai_family = AF_INET;
    info->ai_socktype = SOCK_STREAM;
    info->ai_addr = (struct sockaddr *)address;
    info->ai_addrlen = sizeof *address;
    *result = info;
    return 0;
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
void freeaddrinfo(struct addrinfo *info)
{
    free(info->ai_addr);
    free(info);
}
