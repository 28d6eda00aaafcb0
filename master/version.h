/* version.h - --version: of slothd-master and the libraries that it has. */
#ifndef MASTER_VERSION_H
#define MASTER_VERSION_H

void master_print_version(void);

#endif
