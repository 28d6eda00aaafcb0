/*
 * complete.h - `sloth __complete WORDS...`: what the last word can be, for the scripts of the shells in completions/.
 */
#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

#include "cli/command.h"

/*
 * words[2..n) are those behind `sloth`, the last one is the one to complete, maybe empty. Prints candidates as
 * common/opt_complete.h has them. Takes 2 seconds at most, and says nothing about what goes wrong.
 */
int complete_main(const struct command *root, int n, char **words);

#endif
