#!/usr/bin/env bash
# timeout: 1800
# modes: root
#
# "Two hosts" of README.md, typed on a machine as it stands there: from the clone to a command on another one. Where the
# clone comes from is all that is replaced. Both machines are bare but for what the text asks for, git and make here, curl there;
# what `make deps-build` installs the machine has fetched before, because it reaches no mirror; `ssh` is a stand-in.
. "$(dirname "$0")/lib.sh"
. "$here/lib/beyond.sh"
. "$here/lib/packages.sh"
trap 'end_stand_ins; finish' EXIT

commands() { sed -n '/^## Two hosts/,/^## /s/^    //p' "$root/README.md"; }
count=$(commands | wc -l)
{ [ "$count" -ge 1 ] && [ "$count" -le 6 ]; } || fail "README.md has $count commands"
[[ $(commands | head -n 1) == 'git clone REPOSITORY '* ]] || fail 'they do not begin with the clone'
[[ $(commands | tail -n 1) == 'sloth agent run '* ]] || fail 'they do not end with a command on an agent'
command -v git >/dev/null || skip 'no git here'

# What is cloned: the sources as they are here.
make_repository() {
	make -s -C "$root" dist BUILD="$T/dist" >"$T/said" 2>&1 || fail "make dist: $(cat "$T/said")"
	mkdir "$T/boss/srv/sloth"
	tar -xJf "$T"/dist/dist/sloth-*.tar.xz -C "$T/boss/srv/sloth" --strip-components=1
	chown -R root:root "$T/boss/srv/sloth"
	for words in 'init -q' 'add -A -f' '-c user.name=sloth -c user.email=sloth@localhost commit -q -m sources'; do
		# shellcheck disable=SC2086  # words
		git -C "$T/boss/srv/sloth" $words || fail "git $words"
	done
}

read -ra needed < <(make -s -C "$root" --eval 'print: ; @echo $(DEPS_BUILD)' print)
make_machine boss 10.77.0.2/24
fetch_packages git make "${needed[@]}"
give_packages boss
stand_in boss ssh
make_repository
start_machine boss
boot web2 10.77.0.3/24
run on boss apt-get install -y --no-install-recommends git make
assert_status 0

# One shell, which says of each command how long it took, and stops at the first that fails.
cat >"$T/boss/srv/type" <<-'END'
	cd
	number=0
	while IFS= read -r line <&8; do
		number=$((number + 1))
		begin=${EPOCHREALTIME/./}
		eval "$line" >/srv/out 2>&1 </dev/null 8<&-
		status=$?
		took=$(((${EPOCHREALTIME/./} - begin) / 100000))
		printf '%4d.%d s  %s\n' $((took / 10)) $((took % 10)) "$line"
		[ $status -eq 0 ] || { echo "exit status $status; the end of what it said:"; tail -n 30 /srv/out; exit 1; }
	done 8</srv/commands
	cat /srv/out
END
commands | sed 's#REPOSITORY#/srv/sloth#' >"$T/boss/srv/commands"
run on boss bash /srv/type
assert_status 0
while IFS= read -r line; do
	note "$line"
done <"$T/stdout"
assert_equal "$(grep -c ' s  ' "$T/stdout")" "$count" 'commands that were run'
assert_stdout_like 'load average'
