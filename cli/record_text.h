/*
 * record_text.h - the record of a run in words, as a table, and as JSON. Pure but for what it prints.
 */
#ifndef CLI_RECORD_TEXT_H
#define CLI_RECORD_TEXT_H

#include "cli/output.h"

/* 32 hexadecimal digits; of a record without an id "". Owned. */
char *record_id_text(const Sloth__V1__RunRecord *record);
/* "exited 3", "signalled: signal 9 (KILL)", "rejected: no such user". Owned. */
char *record_state_text(const Sloth__V1__RunRecord *record, int64_t now_s);
/* It will not change any more. */
bool record_is_over(const Sloth__V1__RunRecord *record);
/* Those of a run that may go on. */
enum { RECORD_OPEN_STATES = 4 };
extern const char *const record_open_states[RECORD_OPEN_STATES];

/* The rows of output_text and output_json; see output.h. */
void record_text_runs(const struct output *to, const Sloth__V1__ListRunsResponse *runs, const char *error);
void record_text_run(const struct output *to, const Sloth__V1__RunRecord *run);
void record_json_runs(const struct output *to, const Sloth__V1__ListRunsResponse *runs, const char *error);
void record_json_run(const struct output *to, const Sloth__V1__RunRecord *run);

#endif
