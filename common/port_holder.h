/*
 * port_holder.h - who has a TCP port that we want: for the message that we cannot have it.
 */
#ifndef COMMON_PORT_HOLDER_H
#define COMMON_PORT_HOLDER_H

#include <stdint.h>

/* Owned words such as "pid 812 (nginx: master process) listens there", with what to try. Reads /proc of every process,
 * once; who cannot see the holder is told how to. */
char *port_holder(uint16_t port);

#endif
