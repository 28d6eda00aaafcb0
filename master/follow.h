/*
 * follow.h - asks agents how their runs are, until they are over: those that no relayed call watches, because their
 * caller left, contact was lost, they are detached, or the master was restarted.
 *
 * WaitRun goes to an agent whenever it can be reached, for FOLLOW_ASKS_MAX runs at a time, the others take turns. An
 * agent that is reached for the first time is asked which runs it has, and those that the history lacks are entered.
 */
#ifndef MASTER_FOLLOW_H
#define MASTER_FOLLOW_H

struct agent;
struct follow;
struct history_run;
struct master;

enum {
	FOLLOW_ASKS_MAX = 64,			/* of one agent at once, */
	FOLLOW_LONG_MAX = FOLLOW_ASKS_MAX / 2,	/* and so many of them for long: the others make room soon */
	FOLLOW_FIRST_MS = 1000,			/* the first answer comes so soon, also if it is "running", */
	FOLLOW_TURN_MS = 4000,			/* later ones, */
	FOLLOW_WAIT_MS = 60 * 1000,		/* and those that may take long */
	FOLLOW_SLACK_MS = 15 * 1000,		/* beyond it an answer does not come any more */
	FOLLOW_AGAIN_MIN_MS = 500, FOLLOW_AGAIN_MAX_MS = 60 * 1000,
	FOLLOW_RUNS_MAX = 2048			/* of one agent that are entered */
};
/* For so long agents remember the ends of runs that they have let go of. */
#define FOLLOW_MEMORY_MS (INT64_C(24) * 3600 * 1000)

/* The runs of an agent; made when it is needed. */
struct follow *follow_of(struct master *m, struct agent *a);
/* The agent can be reached, as was just found out; it cannot any more. */
void follow_up(struct master *m, struct agent *a);
void follow_down(struct master *m, struct agent *a);
/* The agent is about to leave the registry: its runs stay as they are known until one of that name comes. */
void follow_forget_agent(struct master *m, struct agent *a);
/* Nobody watches the run: its agent is asked. */
void follow_run(struct history_run *run);
/* It is watched again, over or gone. */
void follow_leave(struct history_run *run);
/* Nobody is asked any more. */
void follow_stop(struct master *m);

#endif
