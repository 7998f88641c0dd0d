#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The demonstration's second part, in the guest: lockdown, and an engagement
# from the kernel command line.
set -euo pipefail
# shellcheck source=show.sh
. ./show.sh

start-auditd
login operator

step "A locked down kernel, with the mitigation on its command line."
admin "cat ../lockdown"
says '\[integrity\]'
admin "grep -o 'killswitch=.*' /proc/cmdline | cut -d' ' -f1"
says '^killswitch=af_alg_sendmsg=-EPERM$'
user "cat engaged"
says '^af_alg_sendmsg retval=-1 hits=0 state=engaged scope=all$'
if [[ -e /proc/sys/crypto/af_alg_restrict ]]; then
	admin "sysctl crypto.af_alg_restrict=0"
	works
fi
user "af_alg_encrypt 'attack at dawn'"
fails
says 'sendmsg: Operation not permitted'
conclude "The hole was closed before the first program ran."

step "Under lockdown, root cannot change anything."
admin "echo engage af_alg_accept -EPERM > control"
fails
says 'write error: Operation not permitted'
admin "echo disengage af_alg_sendmsg > control"
fails
says 'write error: Operation not permitted'
admin "echo 0 > fn/af_alg_sendmsg/retval"
fails
says 'write error: Operation not permitted'
user "af_alg_encrypt 'try once more'"
fails
conclude "What was engaged at boot stays engaged until reboot."

step "The state can still be read, and the attempts are in the audit log."
user "cat engaged"
says '^af_alg_sendmsg retval=-1 hits=2 state=engaged scope=all callers=1$'
admin "cat status"
says 'lockdown: integrity'
sync-audit
admin "ausearch -m MAC_CONFIG_CHANGE -ul operator -sv no -i | grep -o 'op=.*'"
says 'op=engage func="?af_alg_accept"? ' 'op=disengage func="?af_alg_sendmsg"? ' \
	'op=retval func="?af_alg_sendmsg"? '
conclude "One record for each attempt."
