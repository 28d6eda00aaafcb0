/*
 * clock.h - the clocks. Every interval is measured on the monotonic one; the wall clock is for
 * people and records only and may jump at any time.
 */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdint.h>

uint64_t mono_us(void);			/* CLOCK_MONOTONIC, microseconds */
static inline uint64_t mono_ms(void) { return mono_us() / 1000; }

/* The same, and it runs on while the machine sleeps: for times that two machines compare, as "so long ago". */
uint64_t boot_ms(void);

/* The only function that reads the wall clock: microseconds since the epoch. */
int64_t wall_us(void);
static inline int64_t wall_s(void) { return wall_us() / 1000000; }

/* "2026-01-31T12:04:05.123Z"; `out` has at least WALL_TEXT_MAX bytes. */
enum { WALL_TEXT_MAX = 32 };
void wall_format(int64_t us, char *out);

#endif
