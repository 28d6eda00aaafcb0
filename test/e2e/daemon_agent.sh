#!/usr/bin/env bash
# sloth agent start --daemon returns when the agent works; sloth agent stop NAME ends it with status 69 kept
# inside, its pid file lets no second one in.
. "$(dirname "$0")/lib.sh"
start_master
dir=$T/a

run sloth agent start --insecure --daemon --name web1 --master "$master" --port 0 --bind-address 127.0.0.1 --state-dir "$dir"
assert_status 0
pid=$(cat "$dir/agent.pid")
assert_running "$pid" "the agent"
assert_stdout_like '/.*\.log'
wait_agent web1
run sloth agent run web1 echo hello
assert_stdout_is $'hello\n'

run sloth agent start --insecure --daemon --name web2 --master "$master" --port 0 --bind-address 127.0.0.1 --state-dir "$dir"
assert_status 78
assert_stderr_has "$pid"

run sloth agent stop web1
assert_status 0
wait_gone "$pid"
wait_shows web1 Inactive 30
run sloth agent stop web1
assert_status 1
