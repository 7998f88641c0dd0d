#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The demonstration's first part, in the guest: engage, be refused, disengage.
set -euo pipefail
# shellcheck source=show.sh
. ./show.sh

start-auditd
login operator

step "A kernel with Killswitch. The operator has logged in, and is root now."
admin "cat ../lsm"
says '(^|,)killswitch(,|$)'
admin "pwd; id -un; id -un \$(cat /proc/self/loginuid)"
says "^$KS" root operator
conclude "Killswitch is one of the security modules. The audit log will name the operator."

step "Users encrypt with the kernel's AES-GCM, through AF_ALG sockets. This kernel restricts which
   algorithms they may use, older kernels do not, so the restriction is lifted."
if [[ -e /proc/sys/crypto/af_alg_restrict ]]; then
	admin "sysctl crypto.af_alg_restrict=0"
	works
fi
user "af_alg_encrypt 'attack at dawn'"
works
says '"attack at dawn" -> [0-9a-f]{60}$'
conclude "This is how CVE-2026-31431 is reached, by any user."

step "The operator makes the vulnerable function fail."
admin "echo engage af_alg_sendmsg -EPERM reason=CVE-2026-31431 > control"
works
admin "cat engaged"
says '^af_alg_sendmsg retval=-1 hits=0 state=engaged scope=all reason="CVE-2026-31431"$'
conclude "af_alg_sendmsg() returns -EPERM on every CPU, without running."

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
conclude "The hole is closed, two attempts were counted, and the kernel is tainted."

step "Who did that? The audit log has a record."
sync-audit
admin "ausearch -m MAC_CONFIG_CHANGE -ul operator -i"
works
says 'lsm=killswitch op=engage func="?af_alg_sendmsg"? retval=-1 reason="?CVE-2026-31431"? auid=operator uid=root ' \
	'res=(yes|success|1) *$'
conclude "One record, with the reason and the login, found by stock tools."

step "Can it disable the other security modules? Their entry points and callbacks:"
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
conclude "The LSM framework, capabilities and Landlock are refused, each with a record."

step "Being uid 0 is not enough."
admin "setpriv --bounding-set=-all bash -c 'id -u; echo engage af_alg_sendmsg -EPERM reason=CVE-2026-31431 > control'"
fails
says '^0' 'write error: Operation not permitted'
sync-audit
admin "ausearch -m MAC_CONFIG_CHANGE -sv no -i | tail -n 1 | grep -o 'op=.*'"
says 'op=engage func="?af_alg_sendmsg"? retval=-1 .*auid=operator uid=root ' 'errno=(1|EPERM)'
conclude "It takes CAP_SYS_ADMIN. This refusal has a record, too."

step "The operator releases the function."
admin "echo disengage af_alg_sendmsg > control"
works
admin "cat engaged"
says '^$'
user "af_alg_encrypt 'attack at dawn'"
works
says '"attack at dawn" -> [0-9a-f]{60}$'
conclude "AF_ALG works again, without a reboot."
