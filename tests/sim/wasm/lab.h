/* The one function that the module imports from JavaScript. */
#ifndef SIM_WASM_LAB_H
#define SIM_WASM_LAB_H

#include <stddef.h>

/* A peer on this host has written a line to fd (FD_TRACE or FD_LOG), at this virtual time. Host
 * 0: the simulator itself has something to say, for the console. The line is not terminated. */
__attribute__((import_module("lab"), import_name("line"))) void lab_line(int host, int fd,
                                                                         const char *line,
                                                                         size_t length,
                                                                         double now_us);

#endif
