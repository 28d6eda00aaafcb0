/*
 * port_holder.h - who has a TCP port that we want: for the message that we cannot have it.
 */
#ifndef COMMON_PORT_HOLDER_H
#define COMMON_PORT_HOLDER_H

#include <stdint.h>
#include <sys/types.h>

/* Owned words such as "pid 812 (nginx: master process) listens there", with what to try. Reads /proc of every process,
 * once; who cannot see the holder is told how to. */
char *port_holder(uint16_t port);

/* Who listens on that port: nobody, that process, another one, or somebody: the descriptors of that process are not for us
 * to see. */
enum port_listener { PORT_FREE, PORT_ITS, PORT_ANOTHERS, PORT_SOMEBODYS };
enum port_listener port_listener(uint16_t port, pid_t pid);

#endif
