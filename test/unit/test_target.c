/* The one rule for finding the master, place by place. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/target.h"
#include "common/mem.h"
#include "common/paths.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

static char dir[TMP_DIR_MAX];
static char config[100], user_socket[100], system_socket[100];
static struct target target;
static char *error, *hint;

static void make_places(void)
{
	tmp_make_dir(dir);
	snprintf(config, sizeof config, "%s/config", dir);
	snprintf(user_socket, sizeof user_socket, "%s/user.sock", dir);
	snprintf(system_socket, sizeof system_socket, "%s/system.sock", dir);
}

static void remove_places(void)
{
	unlink(config);
	unlink(user_socket);
	unlink(system_socket);
	rmdir(dir);
	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
	free(error);
	free(hint);
	error = hint = NULL;
}

static int find(const struct cli_global *global, const char *env)
{
	const struct target_places places = {
		.env = env, .config = config, .user_socket = user_socket, .system_socket = system_socket,
	};

	free(error);
	free(hint);
	return target_find_in(global, &places, &target, &error, &hint);
}

/* A listening socket, or with listening false the dead file of one. */
static void make_socket(const char *path, bool listening)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(sa.sun_path, sizeof sa.sun_path, "%s", path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	if (listening)
		ck_assert_int_eq(listen(fd, 1), 0);
	else
		close(fd);
}

static void write_config(const char *text)
{
	FILE *f = fopen(config, "w");

	fputs(text, f);
	fclose(f);
}

static const struct cli_global nothing;

START_TEST(target_takes_the_first_place_that_speaks)
{
	const struct cli_global by_master = { .master = "127.0.0.1:1" }, by_socket = { .socket = "/tmp/x" };

	make_places();
	make_socket(system_socket, true);
	ck_assert_int_eq(find(&nothing, NULL), 0);
	ck_assert_str_eq(target.address + 5, system_socket);
	make_socket(user_socket, true);
	ck_assert_int_eq(find(&nothing, NULL), 0);
	ck_assert_str_eq(target.address + 5, user_socket);
	write_config("# mine\nmaster = 127.0.0.1:7\n");
	ck_assert_int_eq(find(&nothing, NULL), 0);
	ck_assert_str_eq(target.address, "127.0.0.1:7");
	ck_assert_int_eq(find(&nothing, ""), 0);
	ck_assert_str_eq(target.address, "127.0.0.1:7");
	ck_assert_int_eq(find(&nothing, "unix:/tmp/env"), 0);
	ck_assert_str_eq(target.address, "unix:/tmp/env");
	ck_assert_int_eq(find(&by_socket, "unix:/tmp/env"), 0);
	ck_assert_str_eq(target.address, "unix:/tmp/x");
	ck_assert(target.is_unix);
	ck_assert_int_eq(find(&by_master, "unix:/tmp/env"), 0);
	ck_assert_str_eq(target.address, "127.0.0.1:1");
	remove_places();
}
END_TEST

START_TEST(target_passes_over_a_dead_socket_that_hides_the_system)
{
	make_places();
	make_socket(user_socket, false);
	ck_assert_int_eq(find(&nothing, NULL), 0);
	ck_assert_str_eq(target.address + 5, user_socket);
	make_socket(system_socket, true);
	ck_assert_int_eq(find(&nothing, NULL), 0);
	ck_assert_str_eq(target.address + 5, system_socket);
	remove_places();
}
END_TEST

START_TEST(target_names_every_place_when_there_is_none)
{
	make_places();
	ck_assert_int_lt(find(&nothing, NULL), 0);
	ck_assert_ptr_nonnull(strstr(error, user_socket));
	ck_assert_ptr_nonnull(strstr(error, system_socket));
	ck_assert_ptr_nonnull(strstr(hint, "sloth master"));
	remove_places();
}
END_TEST

START_TEST(target_refuses_wrong_addresses)
{
	static const char *const wrong[] = { "127.0.0.1:0", "127.0.0.1:x", "10.0.0.1:50053", "[2001:db8::1]:1", ":", "unix:" };
	const struct cli_global both = { .master = "127.0.0.1:1", .socket = "/x" };

	make_places();
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		const struct cli_global global = { .master = wrong[i] };

		ck_assert_msg(find(&global, NULL) < 0, "%s is taken", wrong[i]);
		ck_assert_ptr_nonnull(strstr(error, "--master"));
		ck_assert_ptr_nonnull(hint);
	}
	ck_assert_int_lt(find(&both, NULL), 0);
	write_config("mastr = x\n");
	ck_assert_int_lt(find(&nothing, NULL), 0);
	ck_assert_ptr_nonnull(strstr(error, config));
	remove_places();
}
END_TEST

START_TEST(target_has_a_default_port_and_checks_names_later)
{
	const struct cli_global host = { .master = "127.0.0.1" }, name = { .master = "build.example.net" };
	const struct cli_global local = { .master = "localhost:7" };

	make_places();
	ck_assert_int_eq(find(&host, NULL), 0);
	ck_assert_str_eq(target.address, "127.0.0.1:50053");
	ck_assert(!target.needs_check);
	ck_assert_int_eq(find(&name, NULL), 0);
	ck_assert(target.needs_check);
	ck_assert_int_eq(find(&local, NULL), 0);
	ck_assert(!target.needs_check);
	remove_places();
}
END_TEST

UNIT_MAIN(target_takes_the_first_place_that_speaks, target_passes_over_a_dead_socket_that_hides_the_system,
	  target_names_every_place_when_there_is_none, target_refuses_wrong_addresses,
	  target_has_a_default_port_and_checks_names_later)
