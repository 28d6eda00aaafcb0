/*
 * fuzz_config.c - a configuration file, and the same bytes as the words of a command line. An error has
 * words and names no field; what was read lies in memory that the reader owns. Input: the file; for the
 * command line a NUL ends each word.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"
#include "common/opt_read.h"
#include "test/fuzz/fuzz.h"

enum { WORDS_MAX = 64 };

struct settings {
	bool flag, help;
	const char *text, *choice, *form;
	uint64_t number, time;
	struct opt_list list;
};

#define FIELD(name) offsetof(struct settings, name)
static const struct opt table[] = {
	{ "flag", 'f', OPT_FLAG, NULL, "a flag", FIELD(flag), 0, 0 },
	{ "text", 't', OPT_STRING, "TEXT", "a text", FIELD(text), 0, 0 },
	{ "number", 'n', OPT_UINT, "N", "a number", FIELD(number), 1, 65535 },
	{ "time", 0, OPT_DURATION, "TIME", "a duration", FIELD(time), 0, 0 },
	{ "list", 'l', OPT_LIST, "ITEM", "a list", FIELD(list), 0, 0 },
	{ "choice", 0, OPT_CHOICE, "WORD=one|two", "a word", FIELD(choice), 0, 0 },
	{ "form", 'F', OPT_OPTIONAL, "FORM=one|two", "a form", FIELD(form), 0, 0 },
	{ "help", 'h', OPT_FLAG | OPT_ON_LINE, NULL, "no key", FIELD(help), 0, 0 },
	{ NULL, 0, OPT_FLAG, NULL, NULL, 0, 0, 0 },
};

static void judge(struct settings *s, int result, char *error)
{
	assert(result >= 0 ? !error : error && *error && !strchr(error, '\n'));
	assert(s->number <= 65535);
	for (size_t i = 0; i < s->list.n; i++)
		assert(strlen(s->list.items[i]) < SIZE_MAX);	/* readable to its end */
	assert(!s->text || strlen(s->text) < SIZE_MAX);
	assert(!s->choice || !*s->choice || strcmp(s->choice, "one") == 0 || strcmp(s->choice, "two") == 0);
	free(error);
}

static void read_file(const uint8_t *data, size_t n)
{
	struct settings s = { 0 };
	struct opt_read read;
	char *error = NULL, path[32];
	int fd = memfd_create("config", MFD_CLOEXEC), result;

	assert(fd >= 0 && fd_write_all(fd, data, n) == 0);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	opt_read_init(&read, table, &s, sizeof s);
	result = opt_read_file(&read, path, "Section", &error);
	assert(!s.help);
	judge(&s, result, error);
	opt_read_done(&read);
	close(fd);
}

static void read_words(const uint8_t *data, size_t n)
{
	char *words = mem_alloc(n + 1), *argv[WORDS_MAX + 2] = { words };
	struct settings s = { 0 };
	char *error = NULL;
	int argc = 1, result;

	if (n)
		memcpy(words, data, n);
	for (size_t at = 0; at < n && argc <= WORDS_MAX; at += strlen(words + at) + 1)
		argv[argc++] = words + at;
	result = opt_parse(table, argc, argv, &s, &error);
	judge(&s, result, error);
	opt_done(table, &s);
	free(words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	read_file(data, n);
	read_words(data, n);
	return 0;
}
