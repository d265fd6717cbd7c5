/* Sockets for the probes. */
#ifndef SIM_PROBES_SOCKETS_H
#define SIM_PROBES_SOCKETS_H

#include <netinet/in.h>

#include "probes.h"

struct pair {
    int dialled;
    int accepted;
};

struct sockaddr_in address_of(int port); /* on 127.0.0.1 */
int new_socket(void);
int connect_to(int fd, int port);
int listen_on(int port);
struct pair connect_pair(int listener, int port);
void close_pair(const struct pair *pair);
/* The bits that poll finds. */
int ready_for(int fd, int events, int timeout_ms);

#endif
