#!/usr/bin/env bash
#
# What --print-install=incus prints, typed on the host of a container: the forward and the agent behind it, at once, with a
# token. The line in place of the second one does it for a container that has no curl.
. "$(dirname "$0")/lib/seed.sh"

# printed NAME PORT KEY
printed() {
	on master sloth-runner token create -o json --name "$1" --print-install=incus --incus "192.168.1.17:$2" \
		--master-address 192.168.1.29 2>"$T/stderr" | /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$3"
}

boot_master_machine
boot_host
boot_container main 3
boot_container c2 2
on c2 rm /usr/bin/curl
start_master

while read -r name port form; do
	line=$(printed "$name" "$port" incus_device) || fail "nothing is printed: $(cat "$T/stderr")"
	run on host bash -c "$line"
	assert_status 0
	line=$(printed "$name" "$port" "$form") || fail "nothing is printed: $(cat "$T/stderr")"
	run on host bash -c "$line"
	assert_status 0
	assert_stdout_like "^bootstrap: agent $name .* is ready: "
	run on master sloth-runner agent run -n "$name" 'uname -n; systemctl is-active slothd-agent'
	assert_status 0
	assert_stdout_is "$name"$'\nactive\n'
	is_listed "$name" "192.168.1.17:$port" || fail "$name is not listed as active: $(on master sloth-runner agent list 2>&1)"
done <<-'END'
	main 50052 incus_exec
	c2 50054 incus_push
END
