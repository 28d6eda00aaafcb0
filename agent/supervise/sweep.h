/*
 * sweep.h - ends what a run has left whose supervisor was killed.
 */
#ifndef SUPERVISE_SWEEP_H
#define SUPERVISE_SWEEP_H

/*
 * `sloth-supervise --sweep PID STARTTIME RUN_ID [CGROUP]`: kills the run's cgroup (CGROUP is the directory that it
 * was made in, or itself), the session of process PID which started at STARTTIME (0 and 0: not known), whatever has
 * SLOTH_RUN_ID=RUN_ID in its environment, and all descendants of these. The exit status: 0 when nothing is left, 1 with
 * the pids on stderr, 64.
 */
int sweep_main(int argc, char **argv);

#endif
