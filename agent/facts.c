/*
 * facts.c - what an agent tells about its machine, as JSON. Costs a few small files in /proc and one in
 * /etc; text that is no UTF-8 is cleaned, not left out.
 */
#include "agent/facts.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "agent/facts_read.h"
#include "common/mem.h"
#include "common/utf8.h"

static void set_text(json_t *facts, const char *key, const char *value, size_t n)
{
	struct utf8_stream clean = { 0 };
	struct buf out = { 0 };

	utf8_stream_feed(&clean, value, n, &out);
	utf8_stream_finish(&clean, &out);
	json_object_set_new(facts, key, json_string(buf_string(&out)));
	buf_done(&out);
}

static void set_number(json_t *facts, const char *key, uint64_t value)
{
	json_object_set_new(facts, key, json_integer((json_int_t)value));
}

/* PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"; without os-release(5) the kernel's name. */
static void set_os(json_t *facts, const char *otherwise)
{
	static const char key[] = "PRETTY_NAME=";
	struct buf text = { 0 };
	const char *at = strstr(facts_file("/etc/os-release", &text), key);

	if (at) {
		at += strlen(key);
		at += *at == '"';
		set_text(facts, "os", at, strcspn(at, "\"\n"));
	} else {
		set_text(facts, "os", otherwise, strlen(otherwise));
	}
	buf_done(&text);
}

static void set_system(json_t *facts)
{
	struct buf text = { 0 };
	struct utsname u = { 0 };
	const char *boot_id;

	uname(&u);
	set_text(facts, "hostname", u.nodename, strlen(u.nodename));
	set_os(facts, u.sysname);
	set_text(facts, "kernel", u.release, strlen(u.release));
	set_text(facts, "arch", u.machine, strlen(u.machine));
	boot_id = facts_file("/proc/sys/kernel/random/boot_id", &text);
	set_text(facts, "boot_id", boot_id, strcspn(boot_id, "\n"));
	buf_done(&text);
}

static void set_state(json_t *facts)
{
	struct facts_memory memory = facts_memory();
	struct facts_disk disk = facts_disk();
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	double load[3];

	facts_load(load);
	set_number(facts, "cpus", cpus > 0 ? (uint64_t)cpus : 0);
	set_number(facts, "uptime_seconds", facts_uptime());
	json_object_set_new(facts, "load_1min", json_real(load[0]));
	json_object_set_new(facts, "load_5min", json_real(load[1]));
	json_object_set_new(facts, "load_15min", json_real(load[2]));
	set_number(facts, "memory_total_bytes", memory.total);
	set_number(facts, "memory_available_bytes", memory.available);
	set_number(facts, "disk_total_bytes", disk.total);
	set_number(facts, "disk_free_bytes", disk.free);
}

char *facts_json(void)
{
	json_t *facts = json_object();
	char *text;

	set_system(facts);
	set_state(facts);
	text = json_dumps(facts, JSON_COMPACT | JSON_REAL_PRECISION(4));
	json_decref(facts);
	return text ? text : mem_strdup("{}");
}
