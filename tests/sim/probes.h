/* Questions to an operating system about what the product relies on. The same object is linked with
 * the kernel (probes_kernel) and with the simulator (probes_sim); their answers must be the same,
 * line by line. */
#ifndef SIM_PROBES_H
#define SIM_PROBES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Asks everything. Binds port and port + 1 of 127.0.0.1; directory does not exist. Answers go to
 * descriptor 1, one a line. */
void probes_run(int port, const char *directory);

/* The parts. */
void probe_sockets(int port);
void probe_wakes(int port);
void probe_files(const char *directory);
void probe_threads(void);

/* An answer. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "ok", or the name of the error that errno says if r is negative. */
const char *outcome(long r);
const char *error_name(int error);
void pause_ms(int ms);

#endif
