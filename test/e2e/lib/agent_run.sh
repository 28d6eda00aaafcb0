# shellcheck shell=bash disable=SC2154  # variables of lib.sh
#
# agent_run.sh - runs on an agent, asked for as its master does: for scripts that end callers and agents in mid-run.
# Source it after lib.sh and start_master.

"$python" -c 'import grpc' 2>/dev/null || skip "no grpcio for $python"

# The agent has a fixed port, so that the next one is found where this one was.
start_fixed_agent() {
	agent_port=${agent_port:-$(closed_port)}
	agent=127.0.0.1:$agent_port
	start_agent web1 --port "$agent_port" "$@"
}
launch_fixed_agent() {
	launch_agent web1 --port "$agent_port" "$@"
	wait_line "$T/web1.log" 'listening on'
}

agent_run() { "$python" "$here/lib/agent_run.py" "$@"; }

# call NAME VERB ARG...: in the background; output in $T/NAME.out and .err, events in .events, pid in $call.
call() {
	local name=$1 verb=$2

	shift 2
	"$python" "$here/lib/agent_run.py" "$verb" "$agent" "$@" >"$T/$name.out" 2>"$T/$name.err" 3>"$T/$name.events" &
	call=$!
}
# The same to its end.
call_whole() {
	call "$@"
	wait "$call"
}
wait_event()   { wait_line "$T/$1.events" "$2" "${3:-15}"; }
assert_event() { has_line "$T/$1.events" "$2" || fail "$1 has heard nothing like '$2': $(cat "$T/$1.events")"; }

# shows ID REGEX: what the agent knows of a run, behind its id.
shows()      { agent_run list "$agent" "$1" 2>&1 | grep -qE -- "^$1 $2"; }
wait_run()   { until_true "${3:-15}" shows "$1" "$2" || fail "run $1 is not '$2': $(agent_run list "$agent" "$1" 2>&1)"; }
new_id()     { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }
run_dirs()   { find "$T"/agent-web1/run/runs "$T"/agent-web1/runs -mindepth 1 -maxdepth 1 ! -name 'idle-*' | wc -l; }
no_run_dirs() { [ "$(run_dirs)" -eq 0 ]; }
