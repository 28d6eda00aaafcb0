#!/usr/bin/env bash
# A command gets a clean start: documented variables only, default signals, own session, fds 0 to 2, umask 022.
. "$(dirname "$0")/lib.sh"
start_master
export SLOTH_TOKEN=secret LEAKED=1 NOTIFY_SOCKET=/nowhere
start_agent web1
unset NOTIFY_SOCKET

run sloth agent run --argv web1 env
assert_stdout_has 'SLOTH_AGENT=web1'
assert_stdout_like '^SLOTH_RUN_ID=[0-9a-f]{32}$'
assert_stdout_like '^PATH=.*/usr/bin'
for name in HOME USER LOGNAME SHELL; do assert_stdout_like "^$name=."; done
assert_stdout_lacks '^(SLOTH_TOKEN|LEAKED|NOTIFY_SOCKET|LISTEN_|WATCHDOG_|CREDENTIALS_DIRECTORY|ASAN_OPTIONS)'

run sloth agent run --argv web1 ls -1 /proc/self/fd
assert_stdout_is $'0\n1\n2\n3\n'	# 3 is the directory that ls reads
run sloth agent run web1 'grep -E "^Sig(Blk|Ign):" /proc/self/status'
assert_stdout_is $'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n'
run sloth agent run web1 'umask; [ "$(ps -o sid= -p $$ | tr -d " ")" = $$ ] && echo leader; pwd'
home=$(getent passwd "$(id -u)" | cut -d: -f6)
[ -d "$home" ] || home=/
assert_stdout_is "0022
leader
$home
"
run sloth agent run --env A=1 --env B='two words' --env C= --cwd "$T" web1 'echo "$A|$B|${C-unset}|$PWD"'
assert_stdout_is "1|two words||$T
"
