#!/usr/bin/env bash
# Servers that attack who dials them. The CLI fails in time and says why; an agent whose master is such a server,
# and a master whose agents are, go on with everything else.
# build: plain
# timeout: 120
. "$(dirname "$0")/lib.sh"
. "$here/lib/abuse.sh"
mapfile -t names < <("$attack" list rogue | cut -d' ' -f1)
cli_kib=65536
declare -A rogues=()			# pid by name

# Runs a command; prints the peak of its memory in KiB after what it says itself.
peak_of() {
	"$python" -c '
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
print("peak", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status)' "$@"
}

for name in "${names[@]}"; do
	start_rogue "$name"
	run peak_of timeout 15 sloth --insecure --master "127.0.0.1:$rogue_port" status
	assert_status 1
	assert_stderr_has "sloth: status: "
	[ $is_san ] || assert_at_most "$(sed -n 's/^peak //p' "$T/stdout")" $cli_kib "$name: memory of sloth in KiB"
	end_rogue "$name" $rogue_pid
done

# begin_all ACT: a rogue server for each attack, and ACT NAME, which makes somebody dial it.
begin_all() {
	for name in "${names[@]}"; do
		start_rogue "$name"
		rogues[$name]=$rogue_pid
		"$1" "$name"
	done
}
end_all() {
	for name in "${names[@]}"; do
		end_rogue "$name" "${rogues[$name]}"
	done
}

start_master
start_agent web1
aim "${agent_pid[web1]}" 127.0.0.1:0
serve_agent() { master=127.0.0.1:$rogue_port launch_agent "$1"; }
begin_all serve_agent
end_all
for name in "${names[@]}"; do
	assert_running "${agent_pid[$name]}"
	[ $is_san ] || assert_at_most $(($(rss_kib "${agent_pid[$name]}") - aim_base)) $after_kib "$name: an agent's growth"
	stop_daemon "${agent_pid[$name]}"
done

# RegisterAgent{agent_name: NAME, agent_address: 127.0.0.1:PORT}
register() {
	local address=127.0.0.1:$rogue_port body

	body=$(printf '0a%02x%s12%02x%s' ${#1} "$(printf %s "$1" | od -An -v -tx1 | tr -d ' \n')" \
		${#address} "$(printf %s "$address" | od -An -v -tx1 | tr -d ' \n')")
	"$python" "$here/lib/raw.py" post "$master" /agent.AgentRegistry/RegisterAgent \
		"$(printf '%010x' $((${#body} / 2)))$body" >"$T/register.$1" 2>&1 &
}
aim "$master_pid" "$master"
reset_peak
start_probe
begin_all register
end_all
stop_probe || fail "a healthy client beside it: $probe_said"
assert_memory "rogue agents" 16
note "the master: +${peak:-?} KiB; $probe_said"
run sloth agent run web1 echo served
assert_status 0
