/*
 * facts.h - what an agent tells about its machine: from /proc, uname(2) and statvfs(3); never runs a program.
 */
#ifndef AGENT_FACTS_H
#define AGENT_FACTS_H

#include <stdint.h>

/* One JSON object as owned text: host name, system, hardware, boot, load, memory, disk. */
char *facts_json(void);

/* Numbers of agent.ResourceUsageResponse, same names and units. */
struct facts_usage {
	double cpu_percent, memory_percent, disk_percent;
	uint64_t memory_used_bytes, memory_total_bytes;
	uint64_t disk_used_bytes, disk_total_bytes;
	uint32_t process_count;
	double load_avg[3];
	uint64_t uptime_seconds;
	uint64_t network_rx_bytes, network_tx_bytes;
};

/* Processor time seen by the call before; zeroed: the first call speaks of the time since boot. */
struct usage {
	uint64_t busy, total;
};
void facts_usage(struct usage *before, struct facts_usage *out);

#endif
