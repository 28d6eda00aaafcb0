/*
 * reconfigure.h - the configuration of a master that runs is read again (SIGHUP).
 */
#ifndef MASTER_RECONFIGURE_H
#define MASTER_RECONFIGURE_H

struct master;

/*
 * Either all of what was read is right, and then what can change at once does; or nothing changes and the log says why.
 * What takes a new start is named there as long as it differs from what is in force. Before gate_reload().
 */
void reconfigure(struct master *m);

#endif
