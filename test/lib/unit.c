#include "test/lib/unit.h"

#include <stdlib.h>

#include "test/lib/tmp.h"

int unit_run(const char *file, const TTest *const *tests, size_t n)
{
	Suite *suite = suite_create(file);
	TCase *tc = tcase_create(file);
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, NULL, tmp_clear);
	for (size_t i = 0; i < n; i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
