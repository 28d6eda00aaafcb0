#!/usr/bin/env bash
# Both daemons answer server reflection (v1 and v1alpha), complete enough to build clients from, and health checks.
. "$(dirname "$0")/lib.sh"
"$python" -c 'import grpc' 2>/dev/null || skip "no grpcio for $python"
start_master
start_agent web1
agent=$(json "$(sloth agent get web1 -o json)" .address)
foreign() { run "$python" "$here/lib/foreign.py" "$@"; }

for version in v1 v1alpha; do
	foreign reflect "$master" $version
	assert_status 0
	assert_stdout_like '^agent\.AgentRegistry ExecuteCommand GetAgentInfo Heartbeat ListAgents RegisterAgent StopAgent Unregister'
	assert_stdout_like '^sloth\.v1\.Master Accept Audit ControlRun CreateToken .*Enroll .* Ping .* Run Status WaitRun WhoAmI'
	assert_stdout_like '^grpc\.health\.v1\.Health Check'
	assert_stdout_lacks '^agent\.Agent '
	assert_stdout_has 'unknown symbol: 5'
	foreign reflect "$agent" $version
	assert_stdout_like '^agent\.Agent GetResourceUsage RunCommand Shutdown'
	assert_stdout_like '^sloth\.v1\.Agent ControlRun Hello ListRuns Ping Run WaitRun'
	assert_stdout_lacks '^agent\.AgentRegistry '
done
for address in "$master" "$agent"; do
	foreign health "$address"
	assert_stdout_is $'1\n'
	foreign health "$address" no.Such
	assert_status 3
	assert_stderr_has NOT_FOUND
done
foreign health "$master" agent.AgentRegistry
assert_stdout_is $'1\n'
