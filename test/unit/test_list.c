#include "common/list.h"
#include "test/lib/unit.h"

struct item {
	int value;
	struct list link;
};

static struct item items[4] = { { .value = 0 }, { .value = 1 }, { .value = 2 }, { .value = 3 } };

/* The values in order as one decimal number. */
static int values(struct list *head)
{
	int all = 0;

	list_for_each(pos, tmp, head)
		all = all * 10 + list_entry(pos, struct item, link)->value;
	return all;
}

static void fill(struct list *head)
{
	list_init(head);
	for (int i = 1; i <= 3; i++)
		list_push(head, &items[i].link);
}

START_TEST(push_appends_and_push_front_prepends)
{
	struct list head = LIST_INIT(head);

	ck_assert(list_is_empty(&head));
	list_push(&head, &items[2].link);
	list_push(&head, &items[3].link);
	list_push_front(&head, &items[1].link);
	ck_assert_int_eq(values(&head), 123);
	ck_assert(!list_is_empty(&head));
}
END_TEST

START_TEST(insert_before_puts_it_there)
{
	struct list head = LIST_INIT(head);

	list_push(&head, &items[1].link);
	list_push(&head, &items[3].link);
	list_insert_before(&items[3].link, &items[2].link);
	ck_assert_int_eq(values(&head), 123);
}
END_TEST

START_TEST(removing_twice_does_no_harm)
{
	struct list head;

	fill(&head);
	list_remove(&items[2].link);
	list_remove(&items[2].link);
	ck_assert_int_eq(values(&head), 13);
}
END_TEST

START_TEST(body_may_remove_its_own_link)
{
	struct list head;
	int seen = 0;

	fill(&head);
	list_for_each(pos, tmp, &head) {
		list_remove(pos);
		seen++;
	}
	ck_assert_int_eq(seen, 3);
	ck_assert(list_is_empty(&head));
}
END_TEST

START_TEST(pop_takes_the_first_until_none_is_left)
{
	struct list head;

	fill(&head);
	for (int i = 1; i <= 3; i++)
		ck_assert_ptr_eq(list_pop(&head), &items[i].link);
	ck_assert_ptr_null(list_pop(&head));
}
END_TEST

START_TEST(splice_moves_all_to_the_end)
{
	struct list to = LIST_INIT(to), from;

	fill(&from);
	list_remove(&items[1].link);
	list_push(&to, &items[1].link);
	list_splice(&to, &from);
	ck_assert_int_eq(values(&to), 123);
	ck_assert(list_is_empty(&from));
	list_splice(&to, &from);
	ck_assert_int_eq(values(&to), 123);
}
END_TEST

UNIT_MAIN(push_appends_and_push_front_prepends, insert_before_puts_it_there, removing_twice_does_no_harm,
	  body_may_remove_its_own_link, pop_takes_the_first_until_none_is_left, splice_moves_all_to_the_end)
