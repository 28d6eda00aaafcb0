/*
 * libraries.h - what this layer is built on, for --version. OpenSSL is apart: sloth itself does not have it.
 */
#ifndef WIRE_LIBRARIES_H
#define WIRE_LIBRARIES_H

#include "common/library.h"

enum { WIRE_LIBRARIES = 4 };

void wire_libraries(struct library out[WIRE_LIBRARIES]);
struct library tls_library(void);	/* tls.c */
struct library h2_library(void);	/* h2.c */

#endif
