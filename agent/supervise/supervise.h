/*
 * supervise.h - what an agent and the supervisors of its runs agree on: files of a run directory, packets, spool.
 *
 * A supervisor (libexec/sloth/sloth-supervise, a static program without libraries) has one run at a time and outlives
 * the agent. It owns the run's processes, its pipes or terminal, its clocks, and writes its output and its end to files.
 * The agent reads them; it names directories, the supervisor only holds its own one open.
 *
 * Directory RUNS/<32 hex digits of the run id>/, mode 0700:
 *
 *   lock    flock(LOCK_EX) is held on it for the supervisor's life: the test of whether it lives
 *   sock    SOCK_SEQPACKET, listening: for the agent that comes after this one
 *   spec    what to run, see spec.h; written by the agent before SUP_GO; of a detached run fsynced by the supervisor
 *   pid     "PID STARTTIME BOOT_ID\n" of the run's process; STARTTIME is field 22 of /proc/PID/stat
 *   out     the spool, see below
 *   status  the end, one struct sup_status and its reason; made by rename(2), so it is whole or not there
 *
 * Life of a supervisor, started as `sloth-supervise` with descriptor 3 a SOCK_SEQPACKET to the agent and descriptor 4
 * the directory RUNS:
 *
 *   SETUP --SUP_IDLE--> IDLE --SUP_GO--> RUNNING --SUP_ENDED--> ENDED --SUP_RELEASE--> SETUP (or exit)
 *                         |                 |                     |
 *              agent gone: removes       agent gone:         agent gone, or
 *              its directory, exits      waits for another   the run is detached: exits, the files stay
 *
 * In SETUP it makes RUNS/idle-<its pid>/ with lock, sock and an empty out. The agent claims it: writes spec, renames
 * the directory to the run's id (which fails when there is one: nothing starts twice) and sends SUP_GO. Whoever was
 * the agent, a packet that was sent is processed; after the end of the connection before SUP_GO nothing starts.
 * SUP_GO may name another directory that the agent has made (in the state directory, say): the supervisor then sets
 * itself up there and removes its own.
 *
 * With SUP_RELEASE the agent has renamed the directory back to its first name: the supervisor empties it and is IDLE
 * again; one whose run has left processes behind (a daemon that was meant to live) removes the directory and exits.
 * A directory that SUP_GO has named is not renamed: the supervisor removes it and makes another RUNS/idle-<its pid>.
 *
 * One agent at a time: a connection that is accepted on sock replaces the one before.
 */
#ifndef SUPERVISE_SUPERVISE_H
#define SUPERVISE_SUPERVISE_H

#include <stdatomic.h>
#include <stdint.h>

enum {
	SUP_CONTROL_FD = 3,
	SUP_RUNS_FD = 4,
	SUP_DATA_MAX = 64 * 1024,		/* payload of a packet, of a record */
	SUP_INPUT_MAX = 256 * 1024,		/* that a supervisor holds for a process which does not read */
	SUP_REASON_MAX = 1024,
	SUP_LINGER_MS = 2000,			/* an output stream that somebody else holds open after the end */
	SUP_GIVE_UP_MS = 5000			/* after the first SIGKILL */
};

/* A packet is one struct sup_packet and, for some, data behind it. */
enum sup_type {
	/* to the supervisor */
	SUP_GO = 1,		/* data: path of another run directory, or none */
	SUP_INPUT,		/* value: offset of the data in the run's standard input */
	SUP_INPUT_END,
	SUP_SIGNAL,		/* value: number; to the process group, with a terminal to its foreground group */
	/* Value: enum sup_end, as which it ends; data: the reason. TERM, grace, KILL. The end still waits until all output
	 * has found room in the spool: an agent which knows that nobody wants it frees it, up to UINT64_MAX. Without an
	 * agent what has found none SUP_LINGER_MS later is dropped: output_cut. */
	SUP_STOP,
	SUP_KILL,		/* the same, KILL at once */
	SUP_RESIZE,		/* value: rows << 16 | columns */
	SUP_FREE,		/* value: the output before this position is not needed, also what is still to come */
	SUP_RELEASE,		/* the end is known and done with; value 1: exit instead of being idle again */
	/* to the agent */
	SUP_IDLE = 32,		/* data: name of its directory */
	SUP_STATE,		/* first packet on an accepted connection: struct sup_state */
	SUP_STARTED,		/* value: pid; of a run without input with what comes next, or some milliseconds later */
	SUP_GREW,		/* there is more in the spool; sent when sup_spool.wants was set */
	SUP_TAKEN,		/* value: input before this offset is in the process's pipe, 1 << 63: it takes no more */
	SUP_ENDED		/* struct sup_status and the reason, as in the file */
};

struct sup_packet {
	uint32_t type;		/* enum sup_type */
	uint32_t length;	/* bytes of data behind it */
	uint64_t value;
};

enum sup_phase { SUP_PHASE_IDLE, SUP_PHASE_RUNNING, SUP_PHASE_ENDED };

struct sup_state {
	uint32_t phase;			/* enum sup_phase */
	int32_t pid;			/* of the run's process */
	uint64_t input_arrived;		/* offset from which it takes input: go on there */
	uint64_t input_taken;
	uint32_t input_closed;
	uint32_t pad;
};

/* The numbers are those of sloth.v1.RunEnd. */
enum sup_end {
	SUP_END_UNKNOWN,
	SUP_END_EXITED,
	SUP_END_SIGNALLED,
	SUP_END_TIMED_OUT,
	SUP_END_CANCELLED,
	SUP_END_NOT_STARTED
};

enum sup_containment { SUP_CONTAINED_NOT, SUP_CONTAINED_CGROUP, SUP_CONTAINED_SUBREAPER };

struct sup_status {
	uint32_t magic;			/* SUP_STATUS_MAGIC */
	uint32_t end;			/* enum sup_end */
	int32_t code;			/* exit status; SIGNALLED: the signal; NOT_STARTED: 126, 127 or 0 */
	int32_t signal;			/* that ended the process, whatever `end` is; 0: none */
	uint32_t containment;		/* enum sup_containment */
	uint32_t output_cut;		/* somebody still held an output stream open after SUP_LINGER_MS; or see SUP_STOP */
	uint64_t total[2];		/* bytes of stdout and stderr */
	uint64_t started_us, ended_us;	/* wall clock, unix microseconds */
	uint64_t duration_us;		/* monotonic */
	uint32_t reason_length;		/* words behind the struct, at most SUP_REASON_MAX */
	uint32_t pad;
};

#define SUP_STATUS_MAGIC 0x53545331u
#define SUP_SPOOL_MAGIC 0x53504c31u

/*
 * The spool: a head of SUP_SPOOL_HEAD bytes, which both sides map, then records. Only the supervisor writes, but for
 * `wants`. Offsets are those in the file and never go back; what lies before `base` has been punched out.
 *
 *   head | ......hole...... | record | record | record |
 *                           base                       end
 *
 * A reader that has read to `end` sets `wants` and looks at `end` again; the supervisor moves `end`, then takes
 * `wants`, and sends SUP_GREW if it was set. A reader that does not free (an observer) looks at `base` after it has
 * read: when it lies behind `base` by then, what it has read may be zeros.
 */
enum { SUP_SPOOL_HEAD = 4096 };

struct sup_spool {
	uint32_t magic;				/* SUP_SPOOL_MAGIC */
	_Atomic uint32_t wants;
	_Atomic uint64_t base, end;		/* offsets of records in the file */
	_Atomic uint64_t base_position;		/* of the record at base, or of the one that will be there */
};

struct sup_record {
	uint32_t length;	/* bytes behind this struct: 1..SUP_DATA_MAX */
	uint32_t stream;	/* 0: stdout, 1: stderr */
	uint64_t time_us;	/* wall clock */
	uint64_t position;	/* payload bytes of both streams before it */
};

#endif
