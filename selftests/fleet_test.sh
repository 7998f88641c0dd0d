#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The kernel command line that the administrator's guide shows for a fleet does on
# this machine what it says. For a boot with it, and the guide in the current
# directory.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

# x25_socket: makes a socket, and prints what comes of it.
x25_socket()
{
	python3 -c 'import socket; socket.socket(socket.AF_X25, socket.SOCK_SEQPACKET)' 2>&1 |
		tail -n 1
}

begin
[[ -e killswitch.rst ]] || skip_all "no guide"
wanted=$(sed -n '/^  killswitch=af_alg:/,/^$/p' killswitch.rst | tr -d ' \n')
[[ " $(</proc/cmdline) " == *" $wanted "* ]] || skip_all "not booted with what the guide shows"

check_not "the kernel found nothing wrong with it" grep -q '^boot-error:' "$KS/status"
for entry in $(tr , ' ' <<<"${wanted#killswitch=}"); do
	target=${entry%=*}
	like "$target is engaged, or waits" '^(engaged|armed)$' "$(engaged_field "$target" state)"
done
is "what is built in is engaged" engaged "$(engaged_field af_alg:af_alg_sendmsg state)"
is "what is a module waits" armed "$(engaged_field x25:x25_create state)"
check "the module comes" modprobe x25
is "and is engaged" engaged "$(engaged_field x25:x25_create state)"
like "so that there are no such sockets" "PermissionError" "$(x25_socket)"
is "which was counted" 1 "$(engaged_field x25:x25_create hits)"
finish
