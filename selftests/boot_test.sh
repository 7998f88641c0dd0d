#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Engagements on the kernel command line are active before user space; errors in entries are
# reported, and the other entries are engaged. Boot with audit=1 and the killswitch= below.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

good="af_alg_sendmsg=-EPERM,hash_sendmsg=-0x5"
bad="ks_no_such=0,security_file_open=0,cap_capable=0,start_kernel=0,hash_accept=12abc,hash_bind,\
=5,af_alg_sendmsg=-EIO,af_alg_accept=2147483648,tc_modify_qdisc=-EPERM"

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
[[ $(parameter killswitch) == "$good,$bad" ]] || skip_all "not booted with killswitch=$good,$bad"

engaged=$(<"$KS/engaged")
is "only the valid entries are engaged" 2 "$(wc -l <<<"$engaged")"
rest="hits=0 state=engaged scope=all"
check "an error name is accepted" grep -qx "af_alg_sendmsg retval=-1 $rest" <<<"$engaged"
check "a hexadecimal number is accepted" grep -qx "hash_sendmsg retval=-5 $rest" <<<"$engaged"
is "the kernel is tainted" 1 "$(<"$KS/taint")"

# All of these messages precede the first program.
early=$(dmesg | sed '/Run .* as init process/,$d' | grep 'killswitch: ' || :)
warnings=$(dmesg --level=emerg,alert,crit,err,warn | sed '/Run .* as init process/,$d')
for name in af_alg_sendmsg hash_sendmsg; do
	like "$name was engaged before user space" "killswitch: [^"$'\n'"]*$name" "$early"
done
for entry in ${bad//,/ }; do
	name=${entry%%=*}
	[[ $entry != af_alg_sendmsg=* ]] || continue
	check "there is a warning about $entry" grep -q "killswitch: .*${name:-=5}" <<<"$warnings"
done
check "there is a warning about the duplicate af_alg_sendmsg" \
	grep -Eq 'killswitch: .*refused.*af_alg_sendmsg' <<<"$warnings"
check "the refusal of tc_modify_qdisc suggests scope=nonroot, which entries do not have" \
	grep -q 'killswitch: .*tc_modify_qdisc.* accepted with scope=nonroot' <<<"$warnings"

if can_encrypt; then
	check "the function is short-circuited" encrypt_fails
	check "the call is counted" grep -q "^af_alg_sendmsg retval=-1 hits=1 " "$KS/engaged"
else
	skip "the function is short-circuited" "no af_alg_encrypt"
fi

# The kernel queues the records until a daemon runs.
if [[ $(parameter audit) == 1 ]] && command -v start-auditd >/dev/null; then
	pidof auditd >/dev/null || start-auditd
	sync-audit
	records=$(ausearch -m MAC_CONFIG_CHANGE --raw | sed 's/\x1d.*//')
	no_user="auid=4294967295 ses=4294967295"
	like "an engagement is recorded without a user" \
		"lsm=killswitch op=engage func=\"af_alg_sendmsg\" retval=-1 $no_user res=1" \
		"$records"
	for refusal in "func=\"ks_no_such\" retval=0 $no_user res=0 errno=2" \
		"func=\"security_file_open\" retval=0 rule=lsm-entry $no_user res=0 errno=13" \
		"func=\"cap_capable\" retval=0 rule=lsm-hook $no_user res=0 errno=13" \
		"func=\"af_alg_accept\" retval=2147483648 rule=default $no_user res=0 errno=13" \
		"func=\"tc_modify_qdisc\" retval=-1 rule=security-base $no_user res=0 errno=13" \
		"func=\"af_alg_sendmsg\" retval=-5 $no_user res=0 errno=16"; do
		like "a refusal is recorded: $refusal" "lsm=killswitch op=engage $refusal" \
			"$records"
	done
else
	skip "audit records" "no audit=1 on the command line, or no auditd"
fi

finish
