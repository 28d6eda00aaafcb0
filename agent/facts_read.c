/*
 * facts_read.c - single readings of the machine. Sources: proc(5), statvfs(3).
 */
#include "agent/facts_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "common/fd.h"

enum { FILE_BYTES_MAX = 256 * 1024 };

const char *facts_file(const char *path, struct buf *text)
{
	buf_clear(text);
	fd_read_file(path, FILE_BYTES_MAX, text);	/* what was read of a larger file will do */
	return buf_string(text);
}

/* Bytes of a "Name:   123 kB" line. */
static uint64_t meminfo_value(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? strtoull(at + strlen(name), NULL, 10) * 1024 : 0;
}

struct facts_memory facts_memory(void)
{
	struct buf text = { 0 };
	const char *info = facts_file("/proc/meminfo", &text);
	struct facts_memory m = { meminfo_value(info, "MemTotal:"), meminfo_value(info, "MemAvailable:") };

	buf_done(&text);
	return m;
}

struct facts_disk facts_disk(void)
{
	struct facts_disk disk = { 0 };
	struct statvfs fs;

	if (statvfs("/", &fs))
		return disk;
	disk.total = (uint64_t)fs.f_blocks * fs.f_frsize;
	disk.free = (uint64_t)fs.f_bavail * fs.f_frsize;
	disk.used = disk.total - (uint64_t)fs.f_bfree * fs.f_frsize;
	return disk;
}

void facts_load(double load[3])
{
	load[0] = load[1] = load[2] = 0;
	if (getloadavg(load, 3) < 0)
		load[0] = load[1] = load[2] = 0;
}

uint64_t facts_uptime(void)
{
	struct buf text = { 0 };
	uint64_t seconds = strtoull(facts_file("/proc/uptime", &text), NULL, 10);

	buf_done(&text);
	return seconds;
}
