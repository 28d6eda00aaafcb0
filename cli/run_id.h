/*
 * run_id.h - runs by the first digits of their ids, which the master knows.
 */
#ifndef CLI_RUN_ID_H
#define CLI_RUN_ID_H

#include "cli/output.h"

/*
 * Asks the master for the one run whose id begins so: its record, freed with sloth__v1__run_record__free_unpacked(.., NULL).
 * NULL with *status set: none, or several, which have been reported (EXIT_FAILED), or a wrong prefix (EXIT_USAGE).
 * what: "run show".
 */
Sloth__V1__RunRecord *run_id_find(const struct cli_global *global, const char *what, const char *prefix, int *status);

#endif
