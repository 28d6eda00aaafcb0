/*
 * main.c - sloth, also installed as sloth-runner, and sloth-tls.
 */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/output.h"
#include "cli/passport.h"
#include "common/str.h"

/* Files that we open must not become the stdin, stdout or stderr that somebody closed: such an fd is taken
 * by one that fails on every use. */
static void hold_standard_fds(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/", O_PATH | O_CLOEXEC);
	}
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	hold_standard_fds();
	passport_init(argc, argv);
	output_begin();
	if (argc > 1 && str_equal(argv[1], "__complete"))
		return output_finish(complete_main(&cli_root, argc, argv));
	return output_finish(command_main(&cli_root, argc, argv));
}
