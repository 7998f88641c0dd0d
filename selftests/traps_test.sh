#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Functions that the policy allows but that must not be skipped: killswitch explain reports the
# problem, and it occurs. Run with killswitch in the current directory, or in the PATH. Crashes the
# kernel at the end.
# shellcheck disable=SC2317 # functions are called by lost() and check()
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

# warned TARGET VALUE KIND: checks that the kernel allows it and that explain reports the problem,
# and engages it.
warned()
{
	like "$1 $2 is allowed" "^allow $1 $2"$'\n' "$(ask "$1" "$2")"$'\n'
	like "explain reports it as unsafe: $3" "^$1 $2: unsafe: .*"$'\n'" +$3 " \
		"$("$program" explain "$1" "$2")"
	accepted "engage $1" "engage $1 $2"
}

# available: available memory, in KiB.
available()
{
	sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo
}

# as_anyone COMMAND...: runs it as root of new namespaces, which any user can create, for 20 seconds
# at most.
as_anyone()
{
	as_user timeout -s KILL 20 unshare -Urn sh -c "$*" 2>&1
}

# lost COMMAND...: the memory that it leaks, in MiB.
lost()
{
	local before

	before=$(available)
	"$@" >/dev/null
	sleep 1
	echo $(((before - $(available)) / 1024))
}

# into_tun: sends two thousand datagrams of 60 kB to a TUN device, as any user can.
into_tun()
{
	as_anyone 'python3 - <<END
import fcntl, os, socket, struct, subprocess
tun = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tun, 0x400454ca, struct.pack("16sH14x", b"ks_tun", 0x1001))
subprocess.run("ip addr add 10.8.0.1/24 dev ks_tun; ip link set ks_tun mtu 61000 up",
	shell=True, check=True)
for i in range(2000):
	with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
		sender.sendto(bytes(60000), ("10.8.0.2", 9))
END'
}

# over_sctp: sends two thousand packets of 60 kB over loopback.
over_sctp()
{
	as_anyone 'ip link set lo up; python3 - <<END
import socket
for i in range(2000):
	with socket.socket(socket.AF_INET, socket.SOCK_RAW, 132) as sender:
		sender.sendto(bytes(60000), ("127.0.0.1", 0))
END'
}

# serve_nfs: starts the kernel's NFSv3 server, with a minimal portmapper that accepts all requests.
serve_nfs()
{
	local setting

	python3 - <<END >/dev/null 2>&1 &
import socket, struct
listener = socket.socket(socket.AF_UNIX)
listener.bind("\0/run/rpcbind.sock")
listener.listen()
while True:
	kernel = listener.accept()[0]
	while call := kernel.recv(65536):
		kernel.sendall(struct.pack(">I4s6I", 1 << 31 | 28, call[4:8], 1, 0, 0, 0, 0, 1))
END
	# shellcheck disable=SC2064 # this one
	trap "kill $!" EXIT
	check "the portmapper is running" eventually grep -q '@/run/rpcbind.sock' /proc/net/unix
	modprobe nfsd
	mount -t nfsd none /proc/fs/nfsd
	ip link set lo up
	for setting in "portlist tcp 2049" "threads 1"; do
		echo "${setting#* }" >"/proc/fs/nfsd/${setting%% *}"
	done
}

# nfs_answers: checks that the NFS server answers a NULL request within five seconds.
nfs_answers()
{
	python3 - <<END
import socket, struct
with socket.create_connection(("127.0.0.1", 2049), 5) as server:
	server.sendall(struct.pack(">11I", 1 << 31 | 40, 7, 0, 2, 100003, 3, 0, 0, 0, 0, 0))
	answer = server.recv(64).hex()
	assert answer == struct.pack(">7I", 1 << 31 | 24, 7, 1, 0, 0, 0, 0).hex(), answer
END
}

begin
program=$(PATH=.:$PATH command -v killswitch) || skip_all "killswitch is missing"
program=$(readlink -f "$program")
control disengage_all
dmesg -C

# A packet that is reported as consumed, but is not, is never freed.
modprobe tun
chmod 666 /dev/net/tun
check "two thousand packets are freed" test "$(lost into_tun)" -lt 20
warned tun:tun_net_xmit -1 leak
check "packets are leaked while it is engaged" test "$(lost into_tun)" -gt 40
control disengage_all

modprobe sctp
check "two thousand SCTP packets are freed" test "$(lost over_sctp)" -lt 20
warned sctp:sctp_rcv 0 leak
check "SCTP packets are leaked while it is engaged" test "$(lost over_sctp)" -gt 40
control disengage_all

# A request that is reported as handled, but is not, is never answered.
serve_nfs
check "the server answers" nfs_answers
warned nfsd:nfsd_dispatch 0 hang
check_not "the server does not answer while it is engaged" nfs_answers
control disengage_all
check "the server answers after disengage" nfs_answers

# Teardown of an object that was never set up: a user crashes the kernel, after which network
# configuration hangs.
modprobe sch_hfsc
check "a user can create a queueing discipline" as_anyone tc qdisc add dev lo root hfsc
warned sch_hfsc:hfsc_init_qdisc -1 teardown
is "the kernel has not crashed so far" "" "$(dmesg | grep -E 'BUG:|Oops')"
check_not "the user's command fails while it is engaged" as_anyone tc qdisc add dev lo root hfsc
like "the kernel crashes while it cancels a timer" 'RIP: [0-9]+:hrtimer_[a-z_]+\+' "$(dmesg)"

finish
