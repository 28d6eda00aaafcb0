#!/usr/bin/env bash
# make install: everything is where the manuals say, and the wrappers start the daemons that were installed with
# them, whatever PATH offers.
# build: plain
. "$(dirname "$0")/lib.sh"
unset MAKEFLAGS MAKELEVEL MFLAGS
run make -s -C "$root" BUILD="$SLOTH_PLAIN_BUILD" PREFIX=/usr DESTDIR="$T/dest" install
assert_status 0
usr=$T/dest/usr
for file in bin/sloth libexec/sloth/sloth-tls sbin/slothd-master sbin/slothd-agent share/man/man1/sloth.1 \
	share/man/man8/slothd-master.8 share/man/man8/slothd-agent.8 share/man/man5/sloth-policy.5 \
	share/man/man5/sloth.conf.5 share/man/man7/sloth-security.7 share/bash-completion/completions/sloth \
	share/bash-completion/completions/slothd-agent share/zsh/site-functions/_sloth share/fish/vendor_completions.d/sloth.fish \
	share/sloth/proto/agent.proto share/sloth/proto/sloth.proto; do
	[ -f "$usr/$file" ] || fail "$file is not installed"
done
for page in "$root"/man/*.[1-8]; do
	assert_same "$page" "$usr/share/man/man${page##*.}/${page##*/}"
done
(cd "$usr/share/sloth/dist" && sha256sum --quiet -c SHA256SUMS) || fail 'what masters hand out is not what SHA256SUMS says'
assert_equal "$(readlink "$usr/bin/sloth-runner")" sloth 'where sloth-runner points to'

mkdir "$T/path"
for name in slothd-master slothd-agent; do
	printf '#!/bin/sh\necho wrong one; exit 50\n' >"$T/path/$name"
	chmod +x "$T/path/$name"
done
PATH=$T/path:$usr/bin:/usr/bin:/bin
export SLOTH_MASTER=unix:$T/m/master.sock
run sloth-runner master --insecure --daemon --port 0 --state-dir "$T/m"
assert_status 0
assert_equal "$(readlink "/proc/$(cat "$T/m/master.pid")/exe")" "$usr/sbin/slothd-master" 'the master that runs'
port=$(json "$(sloth status -o json)" '.listening[0]')
run sloth-runner agent start --insecure --daemon --name web1 --master "127.0.0.1:${port##*:}" --port 0 --state-dir "$T/a"
assert_status 0
assert_equal "$(readlink "/proc/$(cat "$T/a/agent.pid")/exe")" "$usr/sbin/slothd-agent" 'the agent that runs'
wait_agent web1
run sloth agent run web1 echo installed
assert_stdout_is $'installed\n'
run sloth agent stop web1
assert_status 0
run sloth master stop --state-dir "$T/m"
assert_status 0
