#!/usr/bin/env bash
# A token, a login, an agent: commands run over two hops of TLS as they do on the master's own machine.
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
start_secure_master
start_secure_agent web1
run sloth agent list
assert_status 1

make_token "$T/token" --role operator --name alice
run sloth login "$master" --token-file - <"$T/token"
assert_status 0
assert_stdout_has 'logged in as operator alice'
run sloth whoami -o json
assert_status 0
assert_equal "$(json "$(cat "$T/stdout")" .principal)" operator:alice 'who one is'
assert_equal "$(json "$(cat "$T/stdout")" .roles[0])" operator 'the role'

# what is kept is the user's alone
contexts=$XDG_CONFIG_HOME/sloth/contexts
context=127.0.0.1-$master_port
assert_equal "$(ls -A "$contexts")" "$context" 'what lies among the contexts'
assert_equal "$(stat -c %a "$contexts" "$contexts/$context" "$contexts/$context/operator.key" | xargs)" '700 700 600' 'modes'
assert_equal "$(cat "$XDG_CONFIG_HOME/sloth/context")" "$context" 'the context in use'
grep -rl "$(cut -d. -f4 "$T/token")" "$XDG_CONFIG_HOME" "$T"/*.log && fail "the token's secret was kept"

run sloth agent list
assert_status 0
assert_stdout_like '^web1 .*Active'
run sloth agent run web1 'cat; echo not well >&2; exit 7' <<<'over two hops'
assert_status 7
assert_stdout_is $'over two hops\n'
assert_stderr_is $'not well\n'
head -c 3000000 /dev/urandom >"$T/in"
sloth agent run web1 cat <"$T/in" >"$T/out" || fail "exit status $?"
assert_same "$T/in" "$T/out"

# the same master by its address, and by a name that is not the context's
run sloth --master "$master" status
assert_status 0
run sloth --master "localhost:$master_port" --context "$context" status
assert_status 0
SLOTH_MASTER=$master run sloth agent run -n web1 echo by environment
assert_stdout_is $'by environment\n'
run sloth --master "localhost:$master_port" status
assert_status 1
assert_stderr_has 'nobody has logged in there'
assert_stderr_has "sloth login localhost:$master_port"

# plaintext does not get in, and says why
run sloth --insecure --master "$master" status
assert_status 1
assert_stderr_has 'sloth: insecure: '

# a second login beside it, and back
log_in bob --context second
run sloth whoami
assert_stdout_has operator:bob
run sloth --context "$context" whoami
assert_stdout_has operator:alice
SLOTH_CONTEXT=$context run sloth whoami
assert_stdout_has operator:alice
run sloth context use "$context"
assert_status 0
run sloth whoami
assert_stdout_has operator:alice
run sloth context list
assert_stdout_like "^\* $context +$master"
assert_stdout_like "^  second +$master"
run sloth context rm "$context"
assert_status 0
[ ! -e "$contexts/$context" ] || fail "the context is still there"
run sloth context list -o json
assert_equal "$(json "$(cat "$T/stdout")" .contexts[0].name)" second 'the context that is left'
run sloth whoami
assert_status 1

# who is revoked is told so
run on_master operator revoke bob
assert_status 0
run sloth --context second whoami
assert_status 1
assert_stderr_like '^sloth: whoami: '
