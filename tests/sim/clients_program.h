/* The half of the clients that runs in a process of their host (clients.h). Compiled like the
 * product and redirected like it, and uses nothing of it: what the bytes must be is written down
 * here once more. */
#ifndef SIM_CLIENTS_PROGRAM_H
#define SIM_CLIENTS_PROGRAM_H

#include "clients.h"

/* For world_boot. arg: struct clients. Plays those that live on this host, a thread each; ends when
 * all have gone home. */
int clients_main(int host, void *arg);

#endif
