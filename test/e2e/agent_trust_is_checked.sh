#!/usr/bin/env bash
# What an agent refuses to start with: nobody to trust where a pin is required, a key that others can read or own. And
# what it says when its master is another one.
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
start_secure_master

# refused WORDS OPTION...: a configuration error of an agent whose state is in $T/a.
refused() {
	local words=$1

	shift
	run timeout 20 slothd-agent --name web1 --master "$master" --port 0 --bind-address 127.0.0.1 --state-dir "$T/a" "$@"
	assert_status 78
	assert_stderr_has "$words"
}
echo 'require-pin = yes' >"$T/agent.conf"
refused 'require-pin: there is neither' --config "$T/agent.conf"
refused 'require-pin: there is neither' --require-pin
refused 'not 64 hex digits' --ca-fingerprint 0123

pin=$(json "$(slothd-master ca show --state-dir "$T/master" -o json)" .fingerprint)
launch_secure_agent web1 --config "$T/agent.conf" --ca-fingerprint "$pin" --state-dir "$T/a"
wait_line "$T/web1.log" 'waiting for acceptance'
run on_master agent accept web1
assert_status 0
wait_usable web1
stop_daemon "${agent_pid[web1]}"

# With a certificate: told to trust another CA, or named otherwise, it does not start; a token file that is gone matters
# no more, but to who has none.
refused 'the one to be trusted' --ca-fingerprint "$(printf '%064d' 0)"
refused 'the certificate of agent web1, not of web2' --name web2
launch_secure_agent web1 --token-file "$T/gone" --state-dir "$T/a"
wait_usable web1
stop_daemon "${agent_pid[web1]}"
run timeout 20 slothd-agent --name web3 --master "$master" --port 0 --state-dir "$T/b" --token-file "$T/gone"
assert_status 78
assert_stderr_has "$T/gone"

chmod 644 "$T/a/agent.key"
refused 'everybody can read this key'
chmod 600 "$T/a/agent.key"
if [ "$(id -u)" -eq 0 ]; then
	chown 65534 "$T/a/agent.key"
	refused "$T/a/agent.key"
	chown 0 "$T/a/agent.key"
fi
cp "$T/a/agent.crt" "$T/kept"
echo broken >"$T/a/agent.crt"
refused 'agent.crt: not a certificate'
cp "$T/kept" "$T/a/agent.crt"

# what was asked for a pin has one from now on
launch_secure_agent web1 --config "$T/agent.conf" --state-dir "$T/a"
wait_usable web1

# the master is made anew
stop_daemon "$master_pid"
port=$master_port
mv "$T/master" "$T/gone"
start_secure_master --port "$port"
wait_line "$T/web1.log" 'another CA.*was the master made anew\? Then remove .*/a/ca\.crt and enrol again'
stop_daemon "${agent_pid[web1]}"
rm "$T/a/ca.crt"
make_token "$T/token"
launch_secure_agent web1 --token-file "$T/token" --state-dir "$T/a"
wait_usable web1
