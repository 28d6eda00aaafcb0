/*
 * log.h - one line per decision: time, level, text.
 *
 * Lines go to stderr (with a time stamp; with "<N>" priority prefixes and no time when
 * $JOURNAL_STREAM names stderr) or to a file that is rotated at LOG_FILE_MAX bytes, LOG_FILES kept in
 * all, and opened again by log_reopen(). Text from users and peers is quoted with str_quote() by the
 * caller; control bytes in the finished line are escaped here in any case. A full disk loses lines,
 * never blocks and never ends the program.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdbool.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum { LOG_FILE_MAX = 50 * 1024 * 1024, LOG_FILES = 3 };

/* Until this is called lines of LOG_INFO and above go to stderr. `ident` is borrowed for ever. */
void log_init(const char *ident, enum log_level level);
void log_set_level(enum log_level level);
/* From here on to `path` (mode 0640, parents not made). 0 or -errno; on error nothing changes. */
int log_open_file(const char *path);
/* Opens the file again (SIGHUP after an external rotation). 0 or -errno; the old file stays on error. */
int log_reopen(void);
/* "debug", "info", "warn", "error" -> level. 0 or -EINVAL. */
int log_parse_level(const char *text, enum log_level *level);
bool log_enabled(enum log_level level);

void log_write(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#define log_debug(...) do { if (log_enabled(LOG_DEBUG)) log_write(LOG_DEBUG, __VA_ARGS__); } while (0)
#define log_info(...)  log_write(LOG_INFO, __VA_ARGS__)
#define log_warn(...)  log_write(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)

#endif
