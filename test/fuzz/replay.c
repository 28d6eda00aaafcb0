/*
 * replay.c - main() for a fuzz target without libFuzzer: runs it once over each file given, and over
 * each file in the folders given. Fails when a file cannot be read or when there was none.
 *
 * Each input lies in memory of exactly its size, so that a sanitizer sees a read past its end.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/mem.h"
#include "test/fuzz/fuzz.h"

static unsigned n_inputs;

static int fail(const char *path)
{
	fprintf(stderr, "%s: %s\n", path, strerror(errno));
	return -1;
}

static int replay_file(const char *path, size_t n)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data;
	size_t got;

	if (!f)
		return fail(path);
	data = mem_alloc(n);
	got = fread(data, 1, n, f);
	fclose(f);
	if (got == n) {
		LLVMFuzzerTestOneInput(data, n);
		n_inputs++;
	}
	free(data);
	return got == n ? 0 : fail(path);
}

static int replay(const char *path);

static int replay_folder(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int err = 0;

	if (!dir)
		return fail(path);
	while (!err && (entry = readdir(dir))) {
		char *child;

		if (entry->d_name[0] == '.')
			continue;
		child = mem_printf("%s/%s", path, entry->d_name);
		err = replay(child);
		free(child);
	}
	closedir(dir);
	return err;
}

static int replay(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return fail(path);
	return S_ISDIR(st.st_mode) ? replay_folder(path) : replay_file(path, (size_t)st.st_size);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (replay(argv[i]))
			return EXIT_FAILURE;
	printf("%s: %u inputs\n", argv[0], n_inputs);
	return n_inputs ? EXIT_SUCCESS : EXIT_FAILURE;
}
