/*
 * terminal.h - the terminal on standard input in raw mode, and back again on every way out that can be caught.
 *
 * There is one such terminal in a process, so its state is the process's.
 */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>

/* Keys come as they are pressed, nothing is echoed, Ctrl-C is a byte. Not while we are in its background: false then, or
 * where there is no terminal. */
bool terminal_raw(void);
/* As it was before. Fine at any time, also in a signal handler. */
void terminal_restore(void);
bool terminal_is_raw(void);

#endif
