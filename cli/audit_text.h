/*
 * audit_text.h - a record of the audit log as a line for people.
 */
#ifndef CLI_AUDIT_TEXT_H
#define CLI_AUDIT_TEXT_H

#include "common/buf.h"

/* Appends the line: time, who, event, agent, and what happened. What is no record is shown as it is. */
void audit_text_append(struct buf *out, const char *record);
/* The record itself as one line. A master writes none with control characters in it; those of another one become "?". */
void audit_text_append_json(struct buf *out, const char *record);

#endif
