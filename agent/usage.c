/*
 * usage.c - how busy the machine is: the numbers of agent.Agent/GetResourceUsage.
 */
#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/facts.h"
#include "agent/facts_read.h"

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

/* First line of /proc/stat: user nice system idle iowait irq softirq steal, in ticks. */
static void read_processors(struct usage *now)
{
	struct buf text = { 0 };
	const char *at = facts_file("/proc/stat", &text);
	uint64_t ticks[8] = { 0 };
	char *next;

	*now = (struct usage){ 0 };
	at += strcspn(at, " \n");
	for (size_t i = 0; i < 8; i++, at = next) {
		ticks[i] = strtoull(at, &next, 10);
		now->total += ticks[i];
	}
	now->busy = now->total - ticks[3] - ticks[4];
	buf_done(&text);
}

static void add_interface(const char *line, struct facts_usage *out)
{
	uint64_t received, sent;
	char name[64];

	if (sscanf(line, " %63[^:]: %" SCNu64 " %*u %*u %*u %*u %*u %*u %*u %" SCNu64, name, &received, &sent) != 3)
		return;
	if (strcmp(name, "lo") == 0)
		return;
	out->network_rx_bytes += received;
	out->network_tx_bytes += sent;
}

/* /proc/net/dev: two lines of headings, then one interface a line. */
static void read_network(struct facts_usage *out)
{
	struct buf text = { 0 };
	const char *line = facts_file("/proc/net/dev", &text);

	while ((line = strchr(line, '\n')))
		add_interface(++line, out);
	buf_done(&text);
}

static uint32_t count_processes(void)
{
	struct dirent *entry;
	uint32_t n = 0;
	DIR *proc = opendir("/proc");

	while (proc && (entry = readdir(proc)))
		n += isdigit((unsigned char)entry->d_name[0]) != 0;
	if (proc)
		closedir(proc);
	return n;
}

void facts_usage(struct usage *before, struct facts_usage *out)
{
	struct facts_memory memory = facts_memory();
	struct facts_disk disk = facts_disk();
	struct usage now;

	*out = (struct facts_usage){ 0 };
	read_processors(&now);
	if (now.busy > before->busy && now.total > before->total)	/* iowait may run backwards */
		out->cpu_percent = percent(now.busy - before->busy, now.total - before->total);
	*before = now;
	out->memory_total_bytes = memory.total;
	out->memory_used_bytes = memory.total - memory.available;
	out->memory_percent = percent(out->memory_used_bytes, memory.total);
	out->disk_total_bytes = disk.total;
	out->disk_used_bytes = disk.used;
	out->disk_percent = percent(disk.used, disk.used + disk.free);
	out->process_count = count_processes();
	out->uptime_seconds = facts_uptime();
	facts_load(out->load_avg);
	read_network(out);
}
