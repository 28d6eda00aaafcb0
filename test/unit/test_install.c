/* The lines that install an agent, and where they say that the master is. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/install.h"
#include "cli/install_master.h"
#include "common/str.h"
#include "test/lib/unit.h"

#define PIN "abababababababababababababababababababababababababababababababab"
static const char token[] = "sloth1." PIN ".0badcafe.00112233445566778899aabbccddeeff";

static struct install_lines lines;

static void make(const char *master, const char *incus, bool for_incus)
{
	struct install i = { .name = "web1", .token = token };
	const char *why;

	ck_assert_int_eq(wire_addr_parse(master, 50053, &i.master, &why), 0);
	if (incus)
		ck_assert_int_eq(wire_addr_parse(incus, 0, &i.incus, &why), 0);
	install_lines_make(&i, for_incus, &lines);
}

static void expect(const char *line, const char *part)
{
	ck_assert_msg(strstr(line, part) != NULL, "no %s in: %s", part, line);
}

/* `first` stands in the line, and `second` only behind it. */
static void expect_order(const char *line, const char *first, const char *second)
{
	const char *one = strstr(line, first), *two = strstr(line, second);

	ck_assert_msg(one && two && one < two, "not %s before %s in: %s", first, second, line);
}

START_TEST(nothing_is_run_before_the_pin_was_compared)
{
	make("10.0.0.1", NULL, false);
	expect_order(lines.install, "https://10.0.0.1:50053/ca.crt", "= \"" PIN "  -\" ] || {");
	expect_order(lines.install, "exit 5;", "c --cacert \"$d/ca\" --capath \"$d\" --connect-to slothd-master:50053:10.0.0.1:50053 https://slothd-master:50053/bootstrap.sh");
	expect_order(lines.install, "/bootstrap.sh -o \"$d/b\"; ", "sh \"$d/b\" --master 10.0.0.1:50053 --name web1)");
	expect(lines.install, "SLOTH_TOKEN=sloth1." PIN ".0badcafe.00112233445566778899aabbccddeeff sh ");
	ck_assert_ptr_null(strstr(lines.install, "--incus"));
	ck_assert_ptr_null(lines.device);
	install_lines_done(&lines);
}
END_TEST

START_TEST(a_line_is_one_line_and_can_be_put_into_single_quotes)
{
	make("[fe80::1]:5", "192.0.2.1:50061", true);
	ck_assert_ptr_null(strpbrk(lines.install, "'\n`\t!"));
	ck_assert_ptr_null(strpbrk(lines.push, "'\n`\t!"));
	expect(lines.install, "\"https://[fe80::1]:5/ca.crt\"");
	expect(lines.install, "\"slothd-master:5:[fe80::1]:5\"");
	expect(lines.install, "--master \"[fe80::1]:5\" --name web1 --incus 192.0.2.1:50061)");
	install_lines_done(&lines);
}
END_TEST

START_TEST(a_container_gets_a_forward_and_a_line_for_its_host)
{
	make("10.0.0.1", "192.0.2.1:50061", true);
	ck_assert_str_eq(lines.device, "sudo incus config device add web1 sloth-proxy proxy listen=tcp:0.0.0.0:50061 "
				       "connect=tcp:127.0.0.1:50051");
	ck_assert(str_has_prefix(lines.exec, "sudo incus exec web1 -- sh -c 'd=$(mktemp -d)"));
	expect(lines.exec, "--incus 192.0.2.1:50061'");
	expect_order(lines.push, "exit 5;", "sudo incus file push -p \"$d/bootstrap.sh\" \"$d/slothd-agent\" \"$d/sloth-supervise\" web1/");
	expect(lines.push, "--binary");
	install_lines_done(&lines);
	make("10.0.0.1", "[2001:db8::1]:50061", true);
	expect(lines.device, " listen=tcp:[::]:50061 ");
	install_lines_done(&lines);
}
END_TEST

/* ---- where the master is ---- */

static char found[WIRE_ADDR_MAX];
static const char *how;

static int find(const char *told, const char *answered, const char *listening)
{
	char *list[] = { (char *)(uintptr_t)listening }, *error = NULL;
	struct wire_addr a;
	int err = install_find_master(told, answered, list, listening ? 1 : 0, &a, &how, &error);

	ck_assert(err ? error != NULL : error == NULL);
	free(error);
	if (!err)
		wire_addr_format(&a, found);
	return err;
}

START_TEST(what_was_told_comes_first_then_where_it_was_asked_then_where_it_listens)
{
	ck_assert_int_eq(find("m.example.net", "10.0.0.1:50053", NULL), 0);
	ck_assert_str_eq(found, "m.example.net:50053");
	ck_assert_int_eq(find(NULL, "10.0.0.1:50099", "0.0.0.0:50053"), 0);
	ck_assert_str_eq(found, "10.0.0.1:50099");
	ck_assert_int_eq(find(NULL, "unix:/run/sloth/master.sock", "10.0.0.7:50098"), 0);
	ck_assert_str_eq(found, "10.0.0.7:50098");
}
END_TEST

/* This machine may have an address or not. */
START_TEST(of_a_master_that_listens_everywhere_it_is_the_address_of_this_machine)
{
	int err = find(NULL, "unix:/run/sloth/master.sock", "[::]:50097");

	ck_assert(err == 0 || err == -ENOENT);
	if (err)
		return;
	ck_assert_str_eq(strrchr(found, ':'), ":50097");
	ck_assert(!str_has_prefix(found, "127.") && !str_has_prefix(found, "[::"));
}
END_TEST

START_TEST(no_address_of_a_master)
{
	static const char *const wrong[] = { "unix:/x", "0.0.0.0", "m:0", "a b", "", ":5" };

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		ck_assert_msg(find(wrong[i], NULL, NULL) == -EINVAL, "%s", wrong[i]);
	ck_assert_int_eq(find(NULL, NULL, NULL), -ENOENT);
}
END_TEST

UNIT_MAIN(nothing_is_run_before_the_pin_was_compared, a_line_is_one_line_and_can_be_put_into_single_quotes,
	  a_container_gets_a_forward_and_a_line_for_its_host,
	  what_was_told_comes_first_then_where_it_was_asked_then_where_it_listens,
	  of_a_master_that_listens_everywhere_it_is_the_address_of_this_machine, no_address_of_a_master)
