#!/usr/bin/env bash
# A damaged registry is moved aside, said aloud in log and status, and the master works.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1
stop_daemon "${agent_pid[web1]}"
stop_daemon "$master_pid"
[ -s "$T/master/registry.db" ] || fail "there is no registry"

corrupt() {
	rm -f "$T"/master/registry.db-* "$T"/master/registry.db.corrupt-*
	"$@"
	start_master
	ls "$T"/master/registry.db.corrupt-* >/dev/null 2>&1 || fail "the damaged file was not kept: $*"
	has_line "$T/master.log" 'registry.*(damaged|corrupt|moved aside)' || fail "the log says nothing: $*"
	run sloth status
	assert_status 0
	assert_stdout_like '[Ww]arning.*(registry|damaged|corrupt)'
	start_agent web1
	run sloth agent run web1 echo works
	assert_status 0
	stop_daemon "${agent_pid[web1]}"
	stop_daemon "$master_pid"
}
noise() { head -c 20000 /dev/urandom >"$T/master/registry.db"; }
text() { echo 'this is no database' >"$T/master/registry.db"; }
cut_off() { truncate -s 5000 "$T/master/registry.db"; }
hole() { dd if=/dev/urandom of="$T/master/registry.db" bs=512 seek=2 count=14 conv=notrunc status=none; }
corrupt noise
corrupt text
corrupt hole
corrupt cut_off
