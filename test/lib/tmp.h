/*
 * tmp.h - a directory for the files of one test, gone when the test ends or its process exits.
 *
 * It lies in $TMPDIR, which is the runner's and goes with it: a test that fails or crashes leaves it there.
 */
#ifndef TEST_LIB_TMP_H
#define TEST_LIB_TMP_H

enum { TMP_DIR_MAX = 80 };

/* Makes a directory for a test that removes it itself; out has TMP_DIR_MAX bytes. */
void tmp_make_dir(char *out);
/* DIR/leaf; the directory is made at the first call. In one of eight static buffers used in turn. */
const char *tmp_path(const char *leaf);
/* Removes it with all that is in it; the next path is in another one. The end of a test does that (unit.c). */
void tmp_clear(void);
/* Writes a file there and returns its path. */
const char *tmp_file(const char *leaf, const char *content);
/* The content of any file as an owned string; fails the test when it cannot be read. */
char *tmp_read(const char *path);

#endif
