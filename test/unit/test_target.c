/* The one rule for finding the master, place by place. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/settings.h"
#include "cli/target.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/paths.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

static char dir[TMP_DIR_MAX];
static char config[100], root[100], user_socket[100], system_socket[100];
static struct target target;
static char *error, *hint;
static const char *env_context;
static bool has_service;

static bool has_unit(const char *name)
{
	return has_service && strcmp(name, "slothd-master") == 0;
}

static void make_places(void)
{
	tmp_make_dir(dir);
	snprintf(config, sizeof config, "%s/config", dir);
	snprintf(root, sizeof root, "%s/root", dir);
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

static void set_variable(const char *name, const char *value)
{
	if (value)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

/* `line` is what stands on the command line, `env` the value of SLOTH_MASTER. */
static int find(const struct cli_global *line, const char *env)
{
	const struct target_places places = { .root = root, .user_socket = user_socket, .system_socket = system_socket,
		.has_unit = has_unit };
	struct cli_global global = { 0 };
	struct opt_read read;
	int ret;

	free(error);
	free(hint);
	error = hint = NULL;
	set_variable("SLOTH_MASTER", env);
	set_variable("SLOTH_CONTEXT", env_context);
	opt_read_init(&read, cli_global_options, &global, sizeof global);
	global.read = &read;
	ret = opt_read_file(&read, config, "Client", &error);
	if (!ret)
		ret = opt_read_env(&read, NULL, 0, sizeof global, &error);
	settings_overlay(&read, line);
	if (!ret)
		ret = target_find_in(&global, &places, &target, &error, &hint);
	opt_read_done(&read);
	return ret;
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

/* A login as context.h keeps it, without key and certificate. */
static void write_context(const char *name, const char *address)
{
	char *path = context_staging_dir(root, name), *why = NULL;

	ck_assert_int_eq(fd_make_dirs(path, 0700), 0);
	ck_assert_int_eq(context_write_address(path, address, &why), 0);
	ck_assert_int_eq(context_publish(root, name, &why), 0);
	free(path);
}

static void remove_contexts(void)
{
	struct context_list list;
	char *why = NULL, *path = mem_printf("%s/contexts", root);

	ck_assert_int_eq(context_list_read(root, &list, &why), 0);
	for (size_t i = 0; i < list.n; i++)
		ck_assert_int_eq(context_remove(root, list.names[i], &why), 0);
	context_list_done(&list);
	rmdir(path);
	rmdir(root);
	free(path);
}

static void expect(const struct cli_global *global, const char *env, const char *address, const char *context)
{
	ck_assert_msg(find(global, env) == 0, "%s", error);
	ck_assert_str_eq(target.address, address);
	ck_assert_str_eq(target.context, context);
}

START_TEST(target_takes_the_first_place_that_speaks)
{
	const struct cli_global by_master = { .master = "127.0.0.1:1", .insecure = true }, by_socket = { .socket = "/tmp/x" };
	const struct cli_global insecure = { .insecure = true };

	make_places();
	make_socket(system_socket, true);
	ck_assert_int_eq(find(&nothing, NULL), 0);
	ck_assert_str_eq(target.address + 5, system_socket);
	make_socket(user_socket, true);
	ck_assert_int_eq(find(&nothing, NULL), 0);
	ck_assert_str_eq(target.address + 5, user_socket);
	write_config("# mine\nmaster = 127.0.0.1:7\n");
	expect(&insecure, NULL, "127.0.0.1:7", "");
	expect(&insecure, "", "127.0.0.1:7", "");
	expect(&insecure, "unix:/tmp/env", "unix:/tmp/env", "");
	ck_assert(!target.is_insecure);
	expect(&by_socket, "unix:/tmp/env", "unix:/tmp/x", "");
	ck_assert(target.is_unix);
	expect(&by_master, "unix:/tmp/env", "127.0.0.1:1", "");
	ck_assert(target.is_insecure);
	set_variable("SLOTH_SOCKET", "/tmp/y");
	expect(&nothing, NULL, "unix:/tmp/y", "");
	ck_assert_str_eq(target.from, "SLOTH_SOCKET");
	expect(&by_master, NULL, "127.0.0.1:1", "");
	ck_assert_int_eq(find(&nothing, "unix:/tmp/env"), -EINVAL);
	set_variable("SLOTH_SOCKET", NULL);
	remove_places();
}
END_TEST

START_TEST(target_takes_the_context_in_use)
{
	const struct cli_global home = { .context = "home" };
	char *why = NULL;

	make_places();
	make_socket(system_socket, true);
	write_config("master = 127.0.0.1:7\n");
	write_context("work", "10.0.0.1:50053");
	write_context("home", "10.0.0.2:50053");
	ck_assert_int_eq(context_write_current(root, "work", &why), 0);
	expect(&nothing, NULL, "10.0.0.1:50053", "work");
	env_context = "home";
	expect(&nothing, NULL, "10.0.0.2:50053", "home");
	env_context = NULL;
	expect(&home, NULL, "10.0.0.2:50053", "home");
	expect(&home, "unix:/tmp/env", "10.0.0.2:50053", "home");
	expect(&nothing, "unix:/tmp/env", "unix:/tmp/env", "");
	ck_assert_int_eq(context_remove(root, "work", &why), 0);
	ck_assert_int_lt(find(&nothing, NULL), 0);	/* none is in use: the configuration speaks, and nobody has logged in there */
	ck_assert_ptr_nonnull(strstr(error, "127.0.0.1:7"));
	write_config("context = home\n");
	expect(&nothing, NULL, "10.0.0.2:50053", "home");
	remove_contexts();
	remove_places();
}
END_TEST

START_TEST(target_finds_the_context_of_an_address)
{
	const struct cli_global by_master = { .master = "MASTER.example.net" };
	const struct cli_global other = { .master = "other.example.net", .context = "work" };
	char *why = NULL;

	make_places();
	ck_assert_int_eq(find(&by_master, NULL), -ENOENT);
	ck_assert_ptr_nonnull(strstr(error, "nobody has logged in"));
	ck_assert_ptr_nonnull(strstr(hint, "sloth login MASTER.example.net:50053"));
	write_context("work", "master.example.net:50053");
	expect(&by_master, NULL, "MASTER.example.net:50053", "work");
	expect(&nothing, "master.example.net", "master.example.net:50053", "work");
	expect(&other, NULL, "other.example.net:50053", "work");
	write_context("zoo", "master.example.net:50053");
	expect(&by_master, NULL, "MASTER.example.net:50053", "work");
	ck_assert_int_eq(context_write_current(root, "zoo", &why), 0);
	expect(&by_master, NULL, "MASTER.example.net:50053", "zoo");
	remove_contexts();
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
	has_service = true;
	ck_assert_int_lt(find(&nothing, NULL), 0);
	ck_assert_ptr_nonnull(strstr(hint, "systemctl start slothd-master"));
	has_service = false;
	remove_places();
}
END_TEST

START_TEST(target_refuses_wrong_addresses)
{
	static const char *const wrong[] = { "127.0.0.1:0", "127.0.0.1:x", ":", "unix:" };
	const struct cli_global both = { .master = "127.0.0.1:1", .socket = "/x" }, as_whom = { .socket = "/x", .context = "y" };

	make_places();
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		const struct cli_global global = { .master = wrong[i] };

		ck_assert_msg(find(&global, NULL) < 0, "%s is taken", wrong[i]);
		ck_assert_ptr_nonnull(strstr(error, "--master"));
		ck_assert_ptr_nonnull(hint);
	}
	ck_assert_int_eq(find(&both, NULL), -EINVAL);
	ck_assert_int_eq(find(&as_whom, NULL), -EINVAL);
	write_config("master = x:0\n");
	ck_assert_int_lt(find(&nothing, NULL), 0);
	ck_assert_ptr_nonnull(strstr(error, config));
	ck_assert_ptr_nonnull(strstr(error, ":1: "));
	write_config("master = 127.0.0.1:1\nsocket = /x\n");
	ck_assert_int_eq(find(&nothing, NULL), -EINVAL);
	remove_places();
}
END_TEST

START_TEST(target_has_a_default_port)
{
	const struct cli_global host = { .master = "127.0.0.1", .insecure = true };
	const struct cli_global v6 = { .master = "[::1]", .insecure = true };

	make_places();
	expect(&host, NULL, "127.0.0.1:50053", "");
	expect(&v6, NULL, "[::1]:50053", "");
	remove_places();
}
END_TEST

UNIT_MAIN(target_takes_the_first_place_that_speaks, target_takes_the_context_in_use,
	  target_finds_the_context_of_an_address, target_passes_over_a_dead_socket_that_hides_the_system,
	  target_names_every_place_when_there_is_none, target_refuses_wrong_addresses, target_has_a_default_port)
