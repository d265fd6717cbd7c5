/* Contexts in WebAssembly, as the caller outside the module sees them. */
#ifndef CTX_WASM_H
#define CTX_WASM_H

#include <stdbool.h>

/* Run main in the first context, and whatever contexts it switches to. Returns true if a context
 * has called ctx_wasm_pause (ctx_wasm_resume goes on there), false if main has returned. */
bool ctx_wasm_begin(void (*main)(void *arg), void *arg);
bool ctx_wasm_resume(void);

/* Called in any context: give control back to the caller outside. Nothing else happens in the world
 * until that caller resumes. */
void ctx_wasm_pause(void);

#endif
