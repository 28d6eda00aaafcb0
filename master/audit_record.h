/*
 * audit_record.h - one record of the audit log: an event as a line of JSON. Pure.
 */
#ifndef MASTER_AUDIT_RECORD_H
#define MASTER_AUDIT_RECORD_H

#include <stdint.h>

#include "common/buf.h"

struct audit_event;

/* Appends the line with its line break, at most AUDIT_RECORD_MAX bytes. `at_us` is its time, see wall_us(). */
void audit_record_format(struct buf *out, const struct audit_event *e, int64_t at_us);

#endif
