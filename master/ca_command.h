/*
 * ca_command.h - slothd-master ca init|show|export: the CA, without a master.
 */
#ifndef MASTER_CA_COMMAND_H
#define MASTER_CA_COMMAND_H

#include <stdbool.h>

/* argv[0] is "ca". The exit status; what is wrong is said on stderr. */
int ca_command(int argc, char **argv);
/* For shells: "__complete ca ...". True: the word was one of these, and has been completed. */
bool ca_complete(int argc, char **argv);

#endif
