/*
 * terminal.c - see terminal.h. Signals that end a program and that nobody else takes set the terminal back first, and
 * then do what they would have done.
 */
#include "cli/terminal.h"

#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

static const int fatal_signals[] = {
	SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS, SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ,
};
enum { N_FATAL = sizeof fatal_signals / sizeof *fatal_signals };

static struct termios saved;
static struct sigaction before[N_FATAL];
static volatile sig_atomic_t is_raw;
static bool is_watched;

bool terminal_is_raw(void)
{
	return is_raw;
}

void terminal_restore(void)
{
	if (!is_raw)
		return;
	is_raw = 0;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
}

/* The signal is blocked until this returns, and then does to us what it would have done. */
static void on_fatal(int number)
{
	terminal_restore();
	for (int i = 0; i < N_FATAL; i++) {
		if (fatal_signals[i] == number)
			sigaction(number, &before[i], NULL);
	}
	raise(number);
}

static void watch(void)
{
	const struct sigaction action = { .sa_handler = on_fatal };

	if (is_watched)
		return;
	is_watched = true;
	atexit(terminal_restore);
	for (int i = 0; i < N_FATAL; i++) {
		sigaction(fatal_signals[i], NULL, &before[i]);
		if (before[i].sa_handler != SIG_IGN)
			sigaction(fatal_signals[i], &action, NULL);
	}
}

/* A process of the background that changes the terminal is stopped for it. */
static bool is_in_background(void)
{
	pid_t foreground = tcgetpgrp(STDIN_FILENO);

	return foreground > 0 && foreground != getpgrp();
}

bool terminal_raw(void)
{
	struct termios raw;

	if (is_raw)
		return true;
	if (is_in_background() || tcgetattr(STDIN_FILENO, &saved))
		return false;
	watch();
	raw = saved;
	cfmakeraw(&raw);
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw))
		return false;
	is_raw = 1;
	return true;
}
