/* Included before all headers of the product. strerror_r returns a text in glibc and a number in
 * musl, which has no epoll_pwait2; the simulator answers that. */
#ifndef SIM_WASM_GNU_H
#define SIM_WASM_GNU_H

#include <string.h>

char *gnu_strerror_r(int error, char *buffer, size_t size);
#define strerror_r(error, buffer, size) gnu_strerror_r(error, buffer, size)

struct epoll_event;
struct timespec;
int epoll_pwait2(int fd, struct epoll_event *events, int room, const struct timespec *timeout,
                 const void *signals);

#endif
