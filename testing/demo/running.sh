#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The demonstration's first part, in the guest: engage, look, be refused, disengage.
set -euo pipefail
# shellcheck source=show.sh
. ./show.sh

start-auditd
login operator

step "A kernel with Killswitch. The operator has logged in and become root."
admin "cat ../lsm"
says '(^|,)killswitch(,|$)'
admin "pwd; id -un; id -un \$(cat /proc/self/loginuid)"
says "^$KS" root operator
conclude "Killswitch is one of the security modules; the audit log will know the operator."

step "On this machine users encrypt with the kernel's AES-GCM, through AF_ALG sockets. This kernel
   would keep most algorithms from them, older ones do not; so it shall not, either."
if [[ -e /proc/sys/crypto/af_alg_restrict ]]; then
	admin "sysctl crypto.af_alg_restrict=0"
	works
fi
user "af_alg_encrypt 'attack at dawn'"
works
says '"attack at dawn" -> [0-9a-f]{60}$'
conclude "That is the way in for CVE-2026-31431, and every user has it."

step "The operator makes the vulnerable function fail, before there is a fixed kernel."
admin "echo engage af_alg_sendmsg -EPERM reason=CVE-2026-31431 > control"
works
admin "cat engaged"
says '^af_alg_sendmsg retval=-1 hits=0 state=engaged scope=all reason="CVE-2026-31431"$'
conclude "From now on af_alg_sendmsg() returns -EPERM, on every CPU, without running."

step "The same program, again."
user "af_alg_encrypt 'attack at dawn'"
fails
says 'sendmsg: Operation not permitted'
user "af_alg_encrypt 'try once more'"
fails
says 'sendmsg: Operation not permitted'
user "cat engaged"
says 'af_alg_sendmsg retval=-1 hits=2 '
admin "cat taint"
says '^1$'
conclude "The hole is closed, two attempts were counted, and the kernel says that it is changed."

step "Who did that? The audit log knows."
sync-audit
admin "ausearch -m MAC_CONFIG_CHANGE -ul operator -i"
works
says 'lsm=killswitch op=engage func="?af_alg_sendmsg"? retval=-1 reason="?CVE-2026-31431"? auid=operator uid=root ' \
	'res=(yes|success|1) *$'
conclude "One record, with the reason and the one who logged in, found by the stock tools."

step "Can it switch off the other security modules? Their entry points and callbacks:"
for target in security_file_open cap_capable hook_file_open; do
	admin "exec 3<>control; echo engage $target 0 >&3; cat <&3"
	says 'write error: Permission denied' 'rule lsm-|lsm-(entry|hook)'
done
sync-audit
admin "ausearch -m MAC_CONFIG_CHANGE -sv no -i | grep -o 'op=.*rule=[^ ]*'"
says 'func="?security_file_open"? .*rule=lsm-entry' 'func="?cap_capable"? .*rule=lsm-hook' \
	'func="?hook_file_open"? .*rule=lsm-hook'
admin "cat engaged"
says '^af_alg_sendmsg [^'$'\n'']*$'
conclude "The LSM framework, the capabilities and Landlock are out of reach; each attempt is on record."

step "Being uid 0 is not enough."
admin "setpriv --bounding-set=-all bash -c 'id -u; echo engage af_alg_sendmsg -EPERM reason=CVE-2026-31431 > control'"
fails
says '^0' 'write error: Operation not permitted'
sync-audit
admin "ausearch -m MAC_CONFIG_CHANGE -sv no -i | tail -n 1 | grep -o 'op=.*'"
says 'op=engage func="?af_alg_sendmsg"? retval=-1 .*auid=operator uid=root ' 'errno=(1|EPERM)'
conclude "It takes CAP_SYS_ADMIN, and the refusal is on record, too."

step "A fixed kernel, or a second thought: the operator gives the function back."
admin "echo disengage af_alg_sendmsg > control"
works
admin "cat engaged"
says '^$'
user "af_alg_encrypt 'attack at dawn'"
works
says '"attack at dawn" -> [0-9a-f]{60}$'
conclude "Service is restored, without a reboot."
