/*
 * install_master.h - the address at which another machine reaches the master, as far as it is known here.
 */
#ifndef CLI_INSTALL_MASTER_H
#define CLI_INSTALL_MASTER_H

#include <stddef.h>

#include "wire/addr.h"

/*
 * In this order: `told` (HOST or HOST:PORT; NULL: nobody said it); `answered`, at which the master was asked, when that is
 * TCP; else the master is on this machine, and it is where it listens: at the one address, or at that of this machine,
 * from which it would reach others. *how: static words that say which. 0, or -EINVAL or -ENOENT with *error set to owned
 * words.
 */
int install_find_master(const char *told, const char *answered, char *const *listening, size_t n, struct wire_addr *out,
			const char **how, char **error);

#endif
