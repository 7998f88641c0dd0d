#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The kernel command line for fleets in the administrator's guide works. For a boot with it, and the
# guide in the current directory.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

# x25_socket: creates a socket, and prints the result.
x25_socket()
{
	python3 -c 'import socket; socket.socket(socket.AF_X25, socket.SOCK_SEQPACKET)' 2>&1 |
		tail -n 1
}

begin
[[ -e killswitch.rst ]] || skip_all "no guide"
wanted=$(sed -n '/^  killswitch=af_alg:/,/^$/p' killswitch.rst | tr -d ' \n')
[[ " $(</proc/cmdline) " == *" $wanted "* ]] || skip_all "not booted with the guide's command line"

check_not "the kernel reports no errors" grep -q '^boot-error:' "$KS/status"
for entry in $(tr , ' ' <<<"${wanted#killswitch=}"); do
	target=${entry%=*}
	like "$target is engaged or armed" '^(engaged|armed)$' "$(engaged_field "$target" state)"
done
is "a built-in function is engaged" engaged "$(engaged_field af_alg:af_alg_sendmsg state)"
is "a module's function is armed" armed "$(engaged_field x25:x25_create state)"
check "the module is loaded" modprobe x25
is "its function is engaged" engaged "$(engaged_field x25:x25_create state)"
like "creating a socket fails" "PermissionError" "$(x25_socket)"
is "the call is counted" 1 "$(engaged_field x25:x25_create hits)"
finish
