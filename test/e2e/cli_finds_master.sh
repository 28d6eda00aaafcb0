#!/usr/bin/env bash
# One rule for the master's address: option, environment, file, the user's socket; each wins over the next.
. "$(dirname "$0")/lib.sh"
start_master
reaches() { run "$@" status; assert_status 0; assert_stdout_has "$master_pid"; }
misses() { run "$@" status; assert_status 1; assert_stderr_like '^sloth: status: '; }
dead=127.0.0.1:$(closed_port)

reaches sloth
unset SLOTH_MASTER
reaches sloth --insecure --master "$master"
assert_stderr_like '^sloth: insecure: .*'"$master"
reaches sloth --master "unix:$master_socket"
reaches sloth --socket "$master_socket"
export SLOTH_MASTER=$dead
misses sloth --insecure
assert_stderr_has "$dead"
reaches sloth --socket "$master_socket"
unset SLOTH_MASTER

mkdir -p "$XDG_CONFIG_HOME/sloth"
echo "master = $dead" >"$XDG_CONFIG_HOME/sloth/config"
misses sloth --insecure
assert_stderr_has "$dead"
SLOTH_MASTER=$master reaches sloth --insecure
echo "socket = $master_socket" >"$XDG_CONFIG_HOME/sloth/config"
reaches sloth
rm "$XDG_CONFIG_HOME/sloth/config"
if [ "$(id -u)" -ne 0 ]; then	# root's own socket is the system's
	mkdir -p "$XDG_RUNTIME_DIR/sloth"
	ln -s "$master_socket" "$XDG_RUNTIME_DIR/sloth/master.sock"
	reaches sloth
	rm "$XDG_RUNTIME_DIR/sloth/master.sock"
fi

run sloth --master "$master" --socket "$master_socket" status
assert_status 2
run sloth --socket "$master_socket" --insecure status
assert_status 2
run sloth --socket "$master_socket" --context x status
assert_status 2
run sloth --context x status
assert_status 1
assert_stderr_has 'no context "x"'
run sloth --master 'not an address' status
assert_status 2
