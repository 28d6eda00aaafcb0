/*
 * terminal.c - pseudo terminals. The supervisor keeps our end only: when the last process has closed the other one
 * a read says EIO, which is the end of the output.
 */
#include "agent/supervise/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "common/fd.h"

int terminal_open(int *ours, int *theirs, uid_t uid)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK), slave, err;

	if (master < 0)
		return -errno;
	slave = unlockpt(master) ? -1 : ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0 || (geteuid() == 0 && fchown(slave, uid, (gid_t)-1))) {
		err = -errno;
		fd_close(&slave);
		fd_close(&master);
		return err;
	}
	*ours = master;
	*theirs = slave;
	return 0;
}

void terminal_resize(int fd, uint32_t rows, uint32_t columns)
{
	struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns };

	ioctl(fd, TIOCSWINSZ, &size);
}

/* In the middle of a line the first one only hands over what was typed. */
void terminal_end_input(int fd, bool is_in_line)
{
	struct termios t;

	if (tcgetattr(fd, &t) || !(t.c_lflag & ICANON) || t.c_cc[VEOF] == _POSIX_VDISABLE)
		return;
	for (int i = 0; i < 1 + is_in_line; i++)
		(void)!write(fd, &t.c_cc[VEOF], 1);
}

pid_t terminal_foreground(int fd)
{
	pid_t group = 0;

	return ioctl(fd, TIOCGPGRP, &group) ? 0 : group;
}
