/* Included before all headers of the product: strerror_r returns a text in glibc and a number in
 * musl. */
#ifndef SIM_WASM_GNU_H
#define SIM_WASM_GNU_H

#include <string.h>

char *gnu_strerror_r(int error, char *buffer, size_t size);
#define strerror_r(error, buffer, size) gnu_strerror_r(error, buffer, size)

#endif
