/*
 * unit.h - what every unit and wire test has in common: one table of tests, one main.
 *
 *   START_TEST(buf_keeps_order) { ... } END_TEST
 *   UNIT_MAIN(buf_keeps_order, buf_grows)
 */
#ifndef TEST_LIB_UNIT_H
#define TEST_LIB_UNIT_H

#include <check.h>
#include <stddef.h>

/* For loops of many thousand turns, in which an assertion of check's would be a system call for each. */
#define UNIT_ASSERT(expr) ((expr) ? (void)0 : (void)ck_abort_msg("%s", #expr))

/* Runs the tests (each in a process of its own unless CK_FORK=no); the exit status of main(). */
int unit_run(const char *file, const TTest *const *tests, size_t n);

#define UNIT_MAIN(...)                                                        \
	int main(void)                                                        \
	{                                                                     \
		const TTest *const tests[] = { __VA_ARGS__ };                 \
		return unit_run(__FILE__, tests, sizeof tests / sizeof *tests); \
	}

#endif
