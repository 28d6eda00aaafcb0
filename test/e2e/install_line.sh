#!/usr/bin/env bash
# The line that is printed for a new machine runs what the master of its token gives it, in every shell; nothing of somebody in
# between is run, though he has the master's certificate to show, nor of anybody that the machine's own files call trusted.
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"

# make_dist DIR WORD: a script that says it, and an agent.
make_dist() {
	mkdir -p "$1/x86_64"
	echo "{ echo $2 \"\$*\"; }" >"$1/bootstrap.sh"
	echo program >"$1/x86_64/slothd-agent"
	cp "$1/x86_64/slothd-agent" "$1/x86_64/sloth-supervise"
	(cd "$1" && sha256sum x86_64/* >SHA256SUMS)
}
make_dist "$T/dist" installed
make_dist "$T/evil-dist" owned
start_secure_master --dist-dir "$T/dist"
start_daemon "$T/evil.log" slothd-master --port 0 --bind-address 127.0.0.1 --state-dir "$T/evil" --socket "$T/evil.sock" \
	--dist-dir "$T/evil-dist"
wait_line "$T/evil.log" 'listening for operators'
evil=$(sed -nE 's/.*listening for agent registrations on (127[0-9.]*:[0-9]+).*/\1/p' "$T/evil.log" | head -n 1)

# print_line ADDRESS
print_line() { on_master token create --name web1 --print-install --master-address "$1" 2>"$T/line.err"; }
# paste LINE SHELL...
paste() {
	mkdir -p "$T/home"
	run env HOME="$T/home" TMPDIR="$T" PATH="$T/bin:$PATH" "${@:2}" -c "$1"
}

line=$(print_line "$master") || fail "no line: $(cat "$T/line.err")"
for shell in bash dash 'busybox sh'; do
	# shellcheck disable=SC2086  # two words
	paste "$line" $shell
	assert_status 0
	assert_stdout_is "installed --master $master --name web1"$'\n'
done

# Somebody in between who has a certificate of his own.
line=$(print_line "$evil")
paste "$line" sh
assert_status 5
assert_stdout_is ''
assert_stderr_has 'nothing was run'

# He shows the right one before his own: what was compared is what is trusted.
mkdir "$T/bin"
{
	sed '/^-/d' "$T/master/ca.crt"
	echo '!'
	cat "$T/evil/ca.crt"
} >"$T/both.crt"
cat "$T/master/ca.crt" "$T/evil/ca.crt" >"$T/chain.crt"
cat >"$T/bin/curl" <<-SH
	#!/bin/sh
	case "\$*" in */ca.crt*) for last; do :; done; cat "\$SHOWN" >"\$last" ;; *) exec $(command -v curl) "\$@" ;; esac
SH
chmod +x "$T/bin/curl"
for shown in both chain; do
	export SHOWN=$T/$shown.crt
	for shell in bash dash 'busybox sh'; do
		# shellcheck disable=SC2086
		paste "$line" $shell
		[ "$status" -eq 4 ] || [ "$status" -eq 5 ] || fail "$shown in $shell: exit status $status: $(cat "$T/stderr")"
		assert_stdout_is ''
	done
done

# Nor does a configuration of curl for less caution change that.
export SHOWN=$T/master/ca.crt
echo insecure >"$T/home/.curlrc"
paste "$line" sh
assert_status 4
assert_stdout_is ''
