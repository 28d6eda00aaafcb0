# shellcheck shell=bash disable=SC2034,SC2154  # variables of lib.sh and of the scripts
#
# seed.sh - what people type who know sloth-runner: its command lines and its unit, run as they stand. It sources lib.sh.
#
# Each is a file of seed/blocks, word for word. Replaced are <placeholders>, by what let_be() was told; "[--daemon]", by
# $daemon; and what README.md has under "What differs", by what stands beside it there. Nothing else: so that table is
# complete. The addresses of examples are those that the machines have.
#
# A script names in its head the blocks that it runs ("# blocks: 01-master 02-master-example"), and fails unless it has run
# these and no others. seed/complete.sh sees to it that each block is named.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/beyond.sh"

blocks=$here/seed/blocks
used=()
daemon=
web_server=	# its pid
declare -A value=([port]=50053 [master_ip]=192.168.1.29 [master_port]=50053 [agent_port]=50051 [host_ip]=192.168.1.17 \
	[url]=http://10.77.0.1:8000)

let_be() {
	local word

	for word; do
		value[${word%%=*}]=${word#*=}
	done
}

named_blocks() { sed -n 's/^# blocks: //p' "$1" | tr ' ' '\n'; }

finish_seed() {
	local code=$?

	if [ "$code" -eq 0 ] && [ "$(printf '%s\n' "${used[@]}" | sort -u)" != "$(named_blocks "$0" | sort)" ]; then
		echo "FAILED: the head of ${0##*/} does not name the blocks that were run: ${used[*]}"
		code=1
	fi
	end_stand_ins
	[ -z "$web_server" ] || kill "$web_server"
	(exit "$code")
	finish
}
trap finish_seed EXIT

# ---- blocks ----

# Rows of the table in README.md, as "FROM<tab>TO".
differences() {
	# shellcheck disable=SC2016  # quotes of Markdown
	sed -n '/^## What differs/,/^## /s/^| `\([^`]*\)` | `\([^`]*\)`.* |$/\1\t\2/p' "$root/README.md"
}

# fill BLOCK: into $T/block.
fill() {
	local text from to key

	text=$(cat "$blocks/$1") || fail "there is no block $1"
	while IFS=$'\t' read -r from to; do
		text=${text//"$from"/"$to"}
	done < <(differences)
	text=${text//'[--daemon]'/"$daemon"}
	for key in "${!value[@]}"; do
		text=${text//"<$key>"/"${value[$key]}"}
	done
	! [[ $text =~ \<[a-z_]+\> ]] || fail "block $1 has ${BASH_REMATCH[0]}, which has no value"
	printf '%s\n' "$text" >"$T/block"
	used+=("$1")
}

# type_in MACHINE BLOCK: in a shell there, as run(). begin_typing leaves it in the foreground there, with all it says in
# $T/BLOCK.
type_in() {
	fill "$2"
	sed "s/^/$1# /" "$T/block"
	run on "$1" bash -c "$(cat "$T/block")"
}
begin_typing() {
	fill "$2"
	sed "s/^/$1# /" "$T/block"
	on "$1" bash -c "$(cat "$T/block")" >"$T/$2" 2>&1 </dev/null &
}

# accept NAME: who has no token waits for this. It stands in README.md, too.
accept() {
	local line

	# shellcheck disable=SC2016
	line=$(sed -n '/^## What differs/,/^## /s/^| an agent.* | `\([^`]*\)`.* |$/\1/p' "$root/README.md")
	is_pending() { on master sloth-runner agent pending 2>/dev/null | grep -q "^$1 "; }
	until_true 30 is_pending "$1" || fail "$1 does not wait: $(on master sloth-runner agent pending 2>&1)"
	run on master bash -c "${line/<agent_name>/$1}"
	assert_status 0
}

# is_listed NAME ADDRESS, wait_listed NAME ADDRESS: as active, with the address at which the master reaches it.
is_listed() { on master sloth-runner agent list 2>/dev/null | grep -E "^$1 +$2 " | grep -q 'Active'; }
wait_listed() { until_true 60 is_listed "$@" || fail "$1 is not listed as active at $2: $(on master sloth-runner agent list 2>&1)"; }

# ---- machines ----

# place NAME ADDRESS/BITS LINE...: made, with further lines for its network; start_placed boots it.
place() {
	make_machine "$1" "$2"
	[ $# -eq 2 ] || printf '%s\n' "${@:3}" >>"$T/$1/etc/systemd/network/10-host0.network"
}
has_all_addresses() {
	local address

	while read -r address; do
		on "$1" ip -4 -br address show dev host0 | grep -qF " $address " || return
	done < <(sed -n 's/^Address=//p' "$T/$1/etc/systemd/network/10-host0.network")
}
start_placed() {
	start_machine "$1"
	until_true 30 has_all_addresses "$1" || fail "$1 lacks an address: $(on "$1" ip -4 -br address 2>&1)"
}

# The master's machine, with all that is installed; nothing runs.
boot_master_machine() {
	place master 10.77.0.2/24 Address=192.168.1.21/24 Address=192.168.1.29/24
	start_placed master
	install_on master
}
start_master() {
	run on master sloth-runner master -p 50053 --daemon
	assert_status 0
}

# The host of the containers, which is their way to everybody else, in his name. They are not reached from elsewhere.
boot_host() {
	local pid

	place host 10.77.0.17/24 Address=192.168.1.17/24 Address=10.77.1.1/24
	stand_in host incus
	start_placed host
	pid=$(leader host)
	nsenter -t "$pid" -n sh -c 'cd /proc/sys/net/ipv4 && echo 1 >ip_forward && for i in all host0; do echo 0 >conf/$i/send_redirects; done' ||
		fail 'the host cannot forward'
	nsenter -t "$pid" -n nft -f - <<-'END' 2>"$T/nft" || skip "no NAT on a machine: $(head -n 1 "$T/nft")"
		table ip nat {
			chain behind {
				type nat hook postrouting priority 100
				ip saddr 10.77.1.0/24 ip daddr != 10.77.1.0/24 masquerade
			}
		}
	END
}
# boot_container NAME NUMBER
boot_container() {
	place "$1" "10.77.1.$2/24" Gateway=10.77.1.1
	start_placed "$1"
}

# The web server that has the script.
serve_script() {
	ip netns exec "$network" /usr/bin/python3 -m http.server -b 10.77.0.1 -d "$SLOTH_BUILD/share/sloth/dist" 8000 >"$T/web.log" 2>&1 &
	web_server=$!	# `ip` becomes it
	serves() { on_network curl -fsS -o "$T/script" http://10.77.0.1:8000/bootstrap.sh 2>/dev/null; }
	until_true 20 serves || fail 'the web server does not serve'
}
