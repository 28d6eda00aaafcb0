/*
 * login.h - whose login this process comes from: what the audit log shows as "claims", beside who the process is.
 */
#ifndef CLI_LOGIN_H
#define CLI_LOGIN_H

#include <sys/types.h>

/*
 * The user of the audit session that the kernel keeps (/proc/self/loginuid), else of sudo (SUDO_USER). Owned; NULL
 * when there is neither or when it is `self` anyway.
 */
char *login_name(uid_t self);
/* The same by the path of such a file and a value of SUDO_USER (NULL: not set). */
char *login_name_from(const char *path, const char *sudo_user, uid_t self);

#endif
