/*
 * status.h - the end of a run as a file.
 */
#ifndef SUPERVISE_STATUS_H
#define SUPERVISE_STATUS_H

#include <stdbool.h>

#include "agent/supervise/supervise.h"

/* Replaces DIR/status as a whole; is_durable: it is on the disk afterwards. 0 or -errno. */
int status_write(int dir_fd, const struct sup_status *status, const char *reason, bool is_durable);
/* "killed by signal 9 (Killed)". Static. */
const char *status_signal_text(int number);

#endif
