# What is run, and what is not: pins, hashes, tools to fetch with.
# shellcheck disable=SC2034,SC2154  # variables of lib.bash
load lib.bash

setup_file() {
	serve_release
	make_authority "$BATS_FILE_TMPDIR/other"
	other_pin=$(pin_of "$BATS_FILE_TMPDIR/other")
	export other_pin
}

teardown_file() { kill "$server"; }
setup() {
	make_machine
	release=$W/bootstrap.sh source=$root/bootstrap.sh
}

expect_nothing_done() {
	expect_status "$1" || return
	expect_words "$2" || return
	! has_run || { echo "something was executed: $(cat "$M/run/fake.ran")"; return 1; }
	[ ! -e "$L/sbin/slothd-agent" ] && [ ! -e "$M/etc/sloth" ] && [ -z "$(ls "$M/tmp")" ]
}

@test "the release's script fetches the release's agent from any master" {
	script=$release bootstrap --master "127.0.0.1:$port" --name a
	expect_status 0
	cmp "$L/sbin/slothd-agent" "$W/dist/$(uname -m)/slothd-agent"
	cmp "$L/libexec/sloth/sloth-supervise" "$W/dist/$(uname -m)/sloth-supervise"
	[ -z "$(ls "$M/tmp")" ]
}

@test "bash, bash --posix, dash and busybox ash, from a file, a pipe and a process substitution" {
	cp "$release" "$M/input/b"
	for shell in dash 'bash --posix' 'busybox ash'; do
		rm -rf "$M/etc/sloth" "${L:?}"/*
		give_tool "${shell%% *}"
		# shellcheck disable=SC2086  # words
		run in_machine $shell /input/b --master "127.0.0.1:$port" --name a
		expect_status 0
	done
	rm -rf "$M/etc/sloth" "${L:?}"/*
	run in_machine sh -c "cat /input/b | sh -s -- --name main --master 127.0.0.1:$port --incus 127.0.0.1:50061; echo \$?"
	expect_words 'agent main 1.0 is ready'
	grep -q '^report-address = 127.0.0.1:50061$' "$M/etc/sloth/agent.conf"
	run in_machine bash -c "bash <(cat /input/b) --name main --master 127.0.0.1:$port --incus 127.0.0.1:50061"
	expect_status 0
	expect_words 'nothing has changed'
}

@test "a script without hashes runs nothing of a master that it does not know" {
	script=$source bootstrap --master "127.0.0.1:$port"
	expect_nothing_done 5 'carries no hashes'
}

@test "with a pin the list of the master counts" {
	script=$source bootstrap --master "127.0.0.1:$port" --ca-fingerprint "${pin^^}"
	expect_status 0
	rm -rf "$M/etc/sloth" "${L:?}"/*
	environment=(SLOTH_TOKEN="$(token_of "$pin")")
	script=$source bootstrap --master "127.0.0.1:$port"
	expect_status 0
	# The CA that the agent keeps is a pin, too.
	environment=()
	mkdir "$M/var/lib/sloth-agent"
	cp "$W/ca.crt" "$M/var/lib/sloth-agent/"
	script=$source bootstrap --update
	expect_status 0
	cp "$BATS_FILE_TMPDIR/other/ca.crt" "$M/var/lib/sloth-agent/"
	script=$source bootstrap --update
	expect_status 5
}

@test "trust on first use: whoever answers, and it says who that is" {
	script=$source bootstrap --master "127.0.0.1:$port" --trust-on-first-use
	expect_status 0
	expect_words "$pin"
}

@test "another CA than the one that was pinned: nothing is run" {
	script=$release bootstrap --master "127.0.0.1:$port" --ca-fingerprint "$other_pin"
	expect_nothing_done 5 'nothing was run'
	script=$release bootstrap --master "127.0.0.1:$port" --token "$(token_of "$other_pin")"
	expect_nothing_done 5 'nothing was run'
}

# Between the check of the CA and the download somebody else answers: he has not the CA's key.
@test "a CA that is shown, and a certificate that it has not made: nothing is run" {
	serve "$BATS_FILE_TMPDIR/other" "$W"
	script=$source bootstrap --master "127.0.0.1:$port" --ca-fingerprint "$pin"
	kill "$server"
	expect_nothing_done 5 'is not the one that its CA vouches for'
}

# What was hashed has to be what is trusted: readers of PEM do not agree about such files.
@test "an answer with two certificates, or one that is not whole: the CA of somebody else is never trusted" {
	cp -r "$W" "$BATS_TEST_TMPDIR/www"
	local body shown=$BATS_TEST_TMPDIR/www/ca.crt real=$BATS_FILE_TMPDIR/ca/ca.crt evil=$BATS_FILE_TMPDIR/other/ca.crt

	serve "$BATS_FILE_TMPDIR/other" "$BATS_TEST_TMPDIR/www"
	body=$(sed '/^-/d' "$real")
	for form in bare-first broken-first whole-first unended spaces; do
		case $form in
		bare-first) { echo "$body"; echo '!'; cat "$evil"; } >"$shown" ;;
		broken-first) { echo '-----BEGIN CERTIFICATE-----'; echo "$body"; echo '!'; cat "$evil"; } >"$shown" ;;
		whole-first) cat "$real" "$evil" >"$shown" ;;
		unended) { echo '-----BEGIN CERTIFICATE-----'; echo "$body"; cat "$evil"; } >"$shown" ;;
		spaces) { echo ' -----BEGIN CERTIFICATE-----'; cat "$real"; sed 's/^-/ -/' "$evil"; cat "$evil"; } >"$shown" ;;
		esac
		script=$source bootstrap --master "127.0.0.1:$port" --ca-fingerprint "$pin"
		expect_nothing_done 5 '' || { echo "$form"; kill "$server"; return 1; }
	done
	kill "$server"
}

@test "the CA of the master alone counts, and none that the system trusts" {
	mkdir -p "$M/etc/ssl/certs"
	cp "$BATS_FILE_TMPDIR/other/ca.crt" "$M/etc/ssl/certs/$(openssl x509 -in "$BATS_FILE_TMPDIR/other/ca.crt" -noout -hash).0"
	serve "$BATS_FILE_TMPDIR/other" "$W"
	script=$source bootstrap --master "127.0.0.1:$port" --ca-fingerprint "$pin"
	kill "$server"
	expect_nothing_done 5 'is not the one that its CA vouches for'
}

@test "a program that is not the one of the list: nothing is run" {
	cp -r "$W" "$BATS_TEST_TMPDIR/www"
	echo '# more' >>"$BATS_TEST_TMPDIR/www/dist/$(uname -m)/slothd-agent"
	serve "$BATS_FILE_TMPDIR/ca" "$BATS_TEST_TMPDIR/www"
	script=$release bootstrap --master "127.0.0.1:$port"
	expect_nothing_done 5 'is not what it should be'
	script=$source bootstrap --master "127.0.0.1:$port" --ca-fingerprint "$pin"
	kill "$server"
	expect_nothing_done 5 'is not what it should be'
}

@test "a master without an agent for this machine; another version than wanted" {
	write_tool uname '[ "$1" = -s ] && echo Linux || echo pdp11'
	script=$release bootstrap --master "127.0.0.1:$port"
	expect_nothing_done 3 'pdp11'
	write_tool uname "[ \"\$1\" = -s ] && echo Linux || echo $(uname -m)"
	script=$release bootstrap --master "127.0.0.1:$port" --version 0.9
	expect_status 5
	expect_words 'version 1.0, not 0.9'
	[ ! -e "$L/sbin/slothd-agent" ]
	script=$release bootstrap --master "127.0.0.1:$port" --version 1.0
	expect_status 0
}

@test "proxies are not asked" {
	environment=(http_proxy=http://127.0.0.1:1 https_proxy=http://127.0.0.1:1 HTTPS_PROXY=http://127.0.0.1:1 ALL_PROXY=http://127.0.0.1:1)
	script=$source bootstrap --master "127.0.0.1:$port" --ca-fingerprint "$pin"
	expect_status 0
}

@test "no setting of somebody's, no variable of the environment says what is right" {
	printf 'url = "https://127.0.0.1:1/"\n' >"$M/input/.curlrc"
	printf 'header = X: y\nquota = 1\ntries = 1\noutput_document = /input/elsewhere\nhttps_proxy = http://127.0.0.1:1\n' >"$M/input/.wgetrc"
	environment=(pin="$other_pin" hashes=x obstacles=/tools/curl seen="$pin" sudo=x HOME=/input WGETRC=/input/.wgetrc)
	script=$release bootstrap --master "127.0.0.1:$port"
	expect_status 0
	rm -rf "$M/etc/sloth" "${L:?}"/*
	take_tool curl
	give_tool wget
	script=$release bootstrap --master "127.0.0.1:$port"
	expect_status 0
	[ ! -e "$M/input/elsewhere" ]
}

@test "an answer without an end, where curl asks and where wget does" {
	cp -r "$W" "$BATS_TEST_TMPDIR/www"
	head -c 3000000 /dev/zero >"$BATS_TEST_TMPDIR/www/ca.crt"
	serve "$BATS_FILE_TMPDIR/ca" "$BATS_TEST_TMPDIR/www"
	give_tool wget
	for fetcher in curl wget; do
		script=$release bootstrap --master "127.0.0.1:$port" --ca-fingerprint "$pin"
		expect_nothing_done 4 'does not give /ca.crt' || { kill "$server"; return 1; }
		take_tool curl
	done
	kill "$server"
}

@test "wget where there is no curl: only hashes that the script carries count" {
	take_tool curl
	give_tool wget
	environment=(https_proxy=http://127.0.0.1:1)
	script=$source bootstrap --master "127.0.0.1:$port" --ca-fingerprint "$pin"
	expect_nothing_done 5 'with wget'
	script=$release bootstrap --master "127.0.0.1:$port" --ca-fingerprint "$other_pin"
	expect_nothing_done 5 'nothing was run'
	script=$release bootstrap --master "127.0.0.1:$port" --ca-fingerprint "$pin"
	expect_status 0
}

@test "neither: it says how files come here, and takes them" {
	take_tool curl
	script=$release bootstrap --master "127.0.0.1:$port"
	expect_nothing_done 3 'neither curl nor wget'
	cp "$W/dist/$(uname -m)/slothd-agent" "$M/input/"
	script=$source bootstrap --master "127.0.0.1:$port" --binary /input/slothd-agent
	expect_nothing_done 4 'sloth-supervise is not beside it'
	cp "$W/dist/$(uname -m)/sloth-supervise" "$M/input/"
	script=$source bootstrap --master "127.0.0.1:$port" --binary /input/slothd-agent
	expect_status 0
}

@test "nobody there; a file that is not there" {
	script=$release bootstrap --master 127.0.0.1:1
	expect_nothing_done 4 'does not give'
	cp -r "$W" "$BATS_TEST_TMPDIR/www"
	rm "$BATS_TEST_TMPDIR/www/dist/$(uname -m)/sloth-supervise"
	serve "$BATS_FILE_TMPDIR/ca" "$BATS_TEST_TMPDIR/www"
	script=$release bootstrap --master "127.0.0.1:$port"
	kill "$server"
	expect_nothing_done 4 '404'
}
