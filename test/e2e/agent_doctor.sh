#!/usr/bin/env bash
# sloth agent doctor: every step between the master and an agent, what failed and what to do; 1 when something failed.
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
start_secure_master
start_secure_agent web1

# result STEP: of the last run, which was -o json.
result() {
	"$python" -c 'import json, sys
for f in json.load(open(sys.argv[1]))["findings"]:
    if f["name"] == sys.argv[2]: print(f["result"], f["detail"], "->", f["advice"])' "$T/stdout" "$1"
}
# shellcheck disable=SC2053  # a pattern
expect() { [[ $(result "$1") == $2 ]] || fail "$1: $(result "$1")"; }

run on_master agent doctor web1
assert_status 0
assert_stdout_like '^ok +certificate +valid from 20[0-9-]+ to 20[0-9-]+$'
assert_stdout_lacks 'failed|skipped'
run on_master agent doctor web1 -o json
assert_status 0
for step in 'name lookup' TCP TLS ALPN certificate identity clock 'round trip' version 'last contact' reach; do
	expect "$step" 'ok * -> None'
done

# Nobody there: the steps before are fine, those behind it are left out.
stop_daemon "${agent_pid[web1]}"
run on_master agent doctor web1 -o json
assert_status 1
expect 'name lookup' 'ok *'
expect TCP 'failed refused -> on *'
expect TLS 'skipped *'
expect 'round trip' 'skipped *'
run on_master agent doctor web1
assert_stdout_like '^failed +TCP +refused$'
assert_stdout_like '^ +-> on '

# Another agent there.
start_secure_agent web2
address=$(json "$(on_master agent get web2 -o json)" .address)
make_token "$T/token" --name web3
launch_secure_agent web3 --token-file "$T/token" --report-address "$address"
wait_line "$T/web3.log" 'registered with master'
run on_master agent doctor web3 -o json
assert_status 1
expect TLS 'ok *'
expect identity 'failed other-agent: name differs: that address answers as web2 -> *'
expect reach 'failed other-agent: *'

run on_master agent doctor nobody-here
assert_status 1
assert_stderr_has 'agent not found'
run on_master agent doctor 'no/name'
assert_status 2
