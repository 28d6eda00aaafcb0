/*
 * test_login.c - whose login a process comes from.
 */
#include "cli/login.h"

#include <stdlib.h>

#include "test/lib/tmp.h"
#include "test/lib/unit.h"

START_TEST(the_kernel_knows_better_than_sudo)
{
	static const struct { const char *file, *sudo_user, *expected; uid_t self; } rows[] = {
		{ "0", "bob", "root", 5 },
		{ "0", "bob", NULL, 0 },			/* the same as who it is */
		{ "4294000001", NULL, "uid:4294000001", 0 },
		{ "4294967295", "bob", "bob", 0 },		/* nobody has logged in */
		{ "4294967295", NULL, NULL, 0 },
		{ "", "bob", "bob", 0 },
		{ "rubbish", "bob", "bob", 0 },
		{ NULL, "bob", "bob", 0 },
		{ NULL, "b\xc3\xa9", NULL, 0 },
		{ NULL, "", NULL, 0 },
		{ NULL, "a b", NULL, 0 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *path = rows[i].file ? tmp_file("loginuid", rows[i].file) : "/nonexistent";
		char *name = login_name_from(path, rows[i].sudo_user, rows[i].self);

		if (rows[i].expected)
			ck_assert_str_eq(name, rows[i].expected);
		else
			ck_assert_ptr_null(name);
		free(name);
	}
}
END_TEST

UNIT_MAIN(the_kernel_knows_better_than_sudo)
