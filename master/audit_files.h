/*
 * audit_files.h - the files of the audit log: which there are, oldest first, and which have to go.
 *
 * A full file is called audit.log.STAMP; stamps are UTC times of one length, so names sort by time. Whoever makes
 * one makes it later than all that are there, whatever the clock says.
 */
#ifndef MASTER_AUDIT_FILES_H
#define MASTER_AUDIT_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { AUDIT_STAMP_LEN = 20, AUDIT_NAME_MAX = 32 };
#define AUDIT_CURRENT "audit.log"

/* The first full file behind `after` ("": the oldest); false: there is none. */
bool audit_files_next(const char *dir, const char *after, char out[AUDIT_NAME_MAX]);
/* The full file that has this inode; false: it is gone. */
bool audit_files_find(const char *dir, uint64_t inode, char out[AUDIT_NAME_MAX]);
/* A name for the current file that is full now. */
void audit_files_new_name(const char *dir, int64_t now_us, char out[AUDIT_NAME_MAX]);
/* Is the last record of this full file older than that time? */
bool audit_files_is_before(const char *name, int64_t us);

/* Deletes the oldest full file. False: there is none, or it cannot be deleted. */
bool audit_files_drop_oldest(const char *dir);
/* Deletes the oldest full files while they hold more than `max_bytes` or are older than `oldest_us`. */
void audit_files_trim(const char *dir, uint64_t max_bytes, int64_t oldest_us);

#endif
