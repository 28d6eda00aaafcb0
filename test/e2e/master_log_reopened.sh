#!/usr/bin/env bash
# SIGHUP: the log file is opened again after somebody moved it away, and says what is alive.
. "$(dirname "$0")/lib.sh"
start_daemon "$T/stderr.log" slothd-master --insecure --port 0 --bind-address 127.0.0.1 --state-dir "$T/master" --log-file "$T/the.log" \
	--log-level debug
pid=$started
wait_line "$T/the.log" 'listening for agent registrations'
export SLOTH_MASTER=unix:$T/master/master.sock
until_true 30 answers || fail "the master does not answer"
mv "$T/the.log" "$T/the.log.old"
kill -HUP "$pid"
until_true 30 test -e "$T/the.log" || fail "the log was not opened again"
wait_line "$T/the.log" 'wire: [0-9]+ connections, [0-9]+ calls, [0-9]+ bytes buffered, [1-9][0-9]* calls since the start'
master=$(sed -nE 's/.*registrations on (127[0-9.:]*).*/\1/p' "$T/the.log.old")
start_agent web1
wait_line "$T/the.log" 'agent web1: '
! has_line "$T/the.log.old" 'agent web1: ' || fail "the old file still grows"
assert_running "$pid" "the master"
