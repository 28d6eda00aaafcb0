# shellcheck shell=bash disable=SC2034,SC2154  # variables that scripts use, and those of lib.sh
#
# sshd.sh - an sshd of our own and one connection to it that others multiplex on, as a peer. Sourced behind lib.sh.
has_ssh=
runtime_dir=/run/sshd		# sshd of root insists on it; else the service makes it
made_runtime_dir=
PATH=$PATH:/usr/sbin
trap 'clean_up; [ -z "$made_runtime_dir" ] || rmdir "$runtime_dir"' EXIT

# has WHAT PACKAGES PROGRAM...: whether all programs are there; says which packages bring what is skipped.
has() {
	local what=$1 packages=$2 program

	shift 2
	for program; do
		command -v "$program" >/dev/null && continue
		echo "SKIPPED: $what: install $packages"
		return 1
	done
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1"); }

start_sshd() {
	local port

	has 'ssh, pdsh, clush, ansible' 'openssh-server openssh-client' sshd ssh ssh-keygen || return
	ssh-keygen -q -t ed25519 -N '' -f host_key
	ssh-keygen -q -t ed25519 -N '' -f user_key
	port=$(free_port)
	write_ssh_configs "$port"
	if [ "$(id -u)" -eq 0 ] && mkdir "$runtime_dir" 2>/dev/null; then
		made_runtime_dir=yes
	fi
	start sshd.log "$(command -v sshd)" -D -e -f "$dir/sshd_config"
	comes_true listens "$port"
	start ssh.log ssh -F ssh_config -N -M bench
	if comes_true ssh -F ssh_config -O check bench && ssh -F ssh_config bench true; then
		has_ssh=yes
		return
	fi
	tail -n 3 sshd.log ssh.log
	echo 'SKIPPED: ssh, pdsh, clush, ansible: no login to an own sshd as this user'
}
# Every client finds the connection that stands; nothing of the user's or the machine's ssh is read or written,
# nor a shell's start-up file.
write_ssh_configs() {
	cat >sshd_config <<-END
		ListenAddress 127.0.0.1:$1
		HostKey $dir/host_key
		AuthorizedKeysFile $dir/user_key.pub
		StrictModes no
		PasswordAuthentication no
		PermitRootLogin prohibit-password
		PidFile none
		SetEnv HOME=$dir
		Subsystem sftp internal-sftp
	END
	cat >ssh_config <<-END
		Host bench
		HostName 127.0.0.1
		Port $1
		User $(id -un)
		IdentityFile $dir/user_key
		IdentitiesOnly yes
		StrictHostKeyChecking no
		UserKnownHostsFile /dev/null
		LogLevel ERROR
		ControlMaster auto
		ControlPath $dir/mux
	END
}
