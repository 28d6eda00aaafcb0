#!/usr/bin/env bash
# Truncated, oversized and broken gRPC messages, wrong content types and methods: the status that gRPC asks for.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1
agent=$(json "$(sloth agent get web1 -o json)" .address)
list=/agent.AgentRegistry/ListAgents
info=/agent.AgentRegistry/GetAgentInfo

# answer REGEX POST-ARGUMENTS...: ":status grpc-status grpc-message", or how the stream ended.
answer() {
	local expected=$1

	shift
	run "$python" "$here/lib/raw.py" post "$@"
	grep -qE -- "$expected" "$T/stdout" || fail "$*: got '$(cat "$T/stdout")', expected '$expected'"
}

answer '^200 0 '   "$master" $list 0000000000
answer '^200 13 '  "$master" $list 000000				# ends inside the prefix
answer '^200 13 '  "$master" $info 00000000080a0477		# ends inside the message
answer '^200 13 '  "$master" $info 00000000020aff			# protobuf that does not parse
answer '^200 13 '  "$master" $info 00000000040a02ff'fe'	# a string that is no UTF-8
answer '^200 (12|13) ' "$master" $list ''				# no message at all
answer '^200 (12|13) ' "$master" $list 00000000000000000000	# two messages
answer '^200 8 '   "$master" $list 00ffffffff --no-end	# 4 GiB announced
answer '^200 8 '   "$master" $list 0000600000 --no-end	# 6 MiB announced
answer '^200 1[23] ' "$master" $list 0100000000			# compressed without an encoding
answer '^200 13 '  "$master" $list 0700000000			# an unknown flag
answer '^200 12 '  "$master" /agent.AgentRegistry/NoSuch 0000000000
answer '^200 12 '  "$master" /no.Such/Method 0000000000
answer '^200 12 '  "$master" / 0000000000
answer '^415 '     "$master" $list 0000000000 --type application/json
answer '^415 '     "$master" $list 0000000000 --type application/grpcfoo
answer '^(415|200 12) ' "$master" $list 0000000000 --type application/grpc+json
answer '^200 0 '   "$master" $list 0000000000 --type 'application/grpc+proto'
answer '^405 '     "$master" $list '' --method GET
answer '^200 13 '  "$agent" /agent.Agent/RunCommand 00000000080a0477
answer '^200 8 '   "$agent" /agent.Agent/RunCommand 00ffffffff --no-end
answer '^200 13 '  "$agent" /sloth.v1.Agent/Run 00000000020aff
answer '^200 [0-9]+ ' "$master" /sloth.v1.Master/Run 0000000000
answer '^200 [0-9]+ ' "$master" /sloth.v1.Master/Run ''

run sloth agent run web1 echo served
assert_status 0
