/* What a master has to install agents from: complete, or words about what is missing. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/fd.h"
#include "common/mem.h"
#include "master/dist.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void put(const char *name, const char *text)
{
	char *path = mem_printf("%s/%s", tmp_path("dist"), name), *dir = mem_strndup(path, (size_t)(strrchr(path, '/') - path));

	ck_assert_int_eq(fd_make_dirs(dir, 0755), 0);
	ck_assert_int_eq(fd_write_file(path, text, strlen(text), 0644), 0);
	free(dir);
	free(path);
}

static int look(struct dist *out)
{
	char *why = NULL;
	int err = dist_look(tmp_path("dist"), out, &why);

	ck_assert(err ? strstr(why, "make install") != NULL : why == NULL);
	free(why);
	return err;
}

START_TEST(an_architecture_counts_when_all_of_it_is_there)
{
	struct dist d;

	ck_assert_int_eq(look(&d), -ENOENT);
	put("SHA256SUMS", HASH "  x86_64/slothd-agent\n" HASH "  x86_64/sloth-supervise\n" HASH "  aarch64/slothd-agent\n"
	    HASH "  ../slothd-agent\nx\n" HASH "  /slothd-agent\n");
	put("x86_64/slothd-agent", "");
	put("x86_64/sloth-supervise", "");
	put("aarch64/slothd-agent", "");
	ck_assert_int_eq(look(&d), -ENOENT);
	put("bootstrap.sh", "");
	ck_assert_int_eq(look(&d), 0);
	ck_assert_uint_eq(d.n, 1);
	ck_assert_str_eq(d.architectures[0], "x86_64");
	dist_done(&d);
	put("aarch64/sloth-supervise", "");
	ck_assert_int_eq(look(&d), 0);
	ck_assert_uint_eq(d.n, 2);
	dist_done(&d);
}
END_TEST

UNIT_MAIN(an_architecture_counts_when_all_of_it_is_there)
