#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every engage, disengage and refusal generates one audit record with all its fields in order, which
# stock ausearch and aureport find, and one kernel log line.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

OPERATOR=1000

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
need_audit_log
load_target
control disengage_all

# For put(): the operator has logged in and become root.
LOGIN=$OPERATOR

seen=$(records | wc -l)
# If the log buffer were full, each new line would replace an old one.
dmesg -c >/dev/null
logged=0

# The fields after those of the request, in every record.
process="subj=[^ ]+ pid=[0-9]+ comm=\"[^\"]+\" exe=\"[^\"]+\""
subject="auid=$OPERATOR uid=0 ses=[0-9]+ $process"
succeeded="$subject res=1"

# recorded DESCRIPTION REGEX...: checks that each regular expression matches exactly one record
# since the last call, in this order, and that there are as many log lines.
recorded()
{
	local what=$1 all new lines

	shift
	# Records without a task are delayed a little.
	eventually has_records $((seen + $#)) || :
	all=$(records)
	new=$(tail -n +$((seen + 1)) <<<"$all")
	seen=$(wc -l <<<"$all")
	is "$what: one record each" $# "$(grep -c . <<<"$new")"
	while (($#)); do
		like "$what: $(head -n 1 <<<"$new" | grep -o 'op=[^ ]*' || :) fields" \
			"^lsm=killswitch $1\$" "$(head -n 1 <<<"$new")"
		new=$(tail -n +2 <<<"$new")
		shift
	done
	lines=$(messages)
	new=$(tail -n +$((logged + 1)) <<<"$lines")
	logged=$(grep -c . <<<"$lines" || :)
	check "$what: logged" grep -q . <<<"$new"
}

# The end of an earlier engagement may be reported again.
reason="(reason=\"CVE-2026-31431\" )?"
accepted "engage" "engage ks_target_int -EPERM reason=CVE-2026-31431"
recorded "engage" \
	"op=engage func=\"ks_target_int\" retval=-1 reason=\"CVE-2026-31431\" $succeeded"

check "write to retval" put "$KS/fn/ks_target_int/retval" 0x10
recorded "retval" \
	"op=retval func=\"ks_target_int\" retval=16 $reason$succeeded"

check_not "an invalid value to retval" put "$KS/fn/ks_target_int/retval" 2147483648
recorded "refused retval" \
	"op=retval func=\"ks_target_int\" (retval=2147483648 )?$reason(rule=return-type )?$subject \
res=0 errno=34"

refused "engage again" "Device or resource busy" "engage ks_target_int 0"
recorded "engage again" \
	"op=engage func=\"ks_target_int\" retval=0 $subject res=0 errno=16"

refused "an LSM entry point" "Permission denied" \
	"engage security_file_open 0 reason=oops"
recorded "an LSM entry point" \
	"op=engage func=\"security_file_open\" retval=0 reason=\"oops\" rule=lsm-entry $subject \
res=0 errno=13"

refused "a callback of an LSM" "Permission denied" "engage cap_capable 0"
recorded "a callback of an LSM" \
	"op=engage func=\"cap_capable\" retval=0 rule=lsm-hook $subject res=0 errno=13"

refused "an unknown function" "No such file or directory" "engage ks_no_such 0"
recorded "an unknown function" \
	"op=engage func=\"ks_no_such\" retval=0 $subject res=0 errno=2"

refused "disengage an unknown function" "No such file or directory" "disengage ks_no_such"
recorded "disengage an unknown function" \
	"op=disengage func=\"ks_no_such\" $subject res=0 errno=2"

refused "a malformed line" "Invalid argument" "engage ks_target_int"
recorded "a malformed line" "op=invalid $subject res=0 errno=22"

# Text from the writer cannot forge fields.
refused "a name that imitates fields" "Invalid argument" \
	'engage x"res=1 0'
recorded "a name that imitates fields" \
	"op=invalid (func=[0-9A-F]+ )?$subject res=0 errno=22"

words="res=1 errno=0 ok"
encoded=$(printf '%s' "$words" | od -An -v -tx1 | tr -d ' \n' | tr a-f A-F)
accepted "a reason of several words" "engage ks_target_long 0 reason=$words"
recorded "a reason of several words" \
	"op=engage func=\"ks_target_long\" retval=0 reason=$encoded $succeeded"

# The number of calls, and of callers.
totals="hits=[0-9]+ callers=[0-9]+ "
accepted "disengage" "disengage ks_target_int"
recorded "disengage" \
	"op=disengage func=\"ks_target_int\" $totals$succeeded"

accepted "engage two functions" "engage ks_target_int 1" "engage ks_target_other 2"
recorded "two functions in one write" \
	"op=engage func=\"ks_target_int\" retval=1 $succeeded" \
	"op=engage func=\"ks_target_other\" retval=2 $succeeded"

accepted "disengage_all" disengage_all
one="op=disengage func=\"ks_target_(int|long|other)\" $totals$succeeded"
recorded "disengage_all" "$one" "$one" "$one"

# Records of the kernel's own actions have no user.
no_user="auid=4294967295 ses=4294967295"
early=killswitch_target:ks_target_early
accepted "scope=nonroot" "engage ks_target_int -1 scope=nonroot reason=why"
recorded "scope=nonroot" \
	"op=engage func=\"ks_target_int\" retval=-1 scope=nonroot reason=\"why\" $succeeded"
control disengage_all
recorded "disengage with scope=nonroot" "op=disengage func=\"ks_target_int\" $totals$succeeded"
accepted "tryengage" "tryengage ks_target_int -1 86400" "tryengage ks_target_other -2 0"
recorded "tryengage and commit" \
	"op=tryengage func=\"ks_target_int\" retval=-1 $succeeded" \
	"op=tryengage func=\"ks_target_other\" retval=-2 $succeeded" \
	"op=commit func=\"ks_target_other\" retval=-2 $no_user res=1"
echo 0 >/sys/kernel/debug/kprobes/enabled
check "probes are disarmed" grep -q disarmed "$KS/engaged"
echo 1 >/sys/kernel/debug/kprobes/enabled
check "probes are rearmed" grep -q "^ks_target_other .*engaged" "$KS/engaged"
recorded "disarm, abort and rearm" \
	"op=disarmed func=\"ks_target_int\" retval=-1 $no_user res=1" \
	"op=abort func=\"ks_target_int\" $totals$no_user res=1" \
	"op=disarmed func=\"ks_target_other\" retval=-2 $no_user res=1" \
	"op=rearmed func=\"ks_target_other\" retval=-2 $no_user res=1"
rmmod killswitch_target
recorded "module unloaded" "op=lost func=\"ks_target_other\" $totals$no_user res=1"
accepted "arm" "engage $early -3 reason=why"
recorded "engage before the module is loaded" \
	"op=arm func=\"$early\" retval=-3 reason=\"why\" $succeeded"
load_target
recorded "module loading" \
	"op=engage func=\"$early\" retval=-3 reason=\"why\" $no_user res=1"
rmmod killswitch_target
recorded "module unloading" \
	"op=arm func=\"$early\" retval=-3 reason=\"why\" $totals$no_user res=1"
control disengage_all
accepted "arm a function that will be refused" "engage killswitch_target:ks_target_struct 0"
check_not "the module is not loaded" load_target
recorded "refused when the module is loaded" \
	"op=disengage func=\"$early\" $totals$succeeded" \
	"op=arm func=\"killswitch_target:ks_target_struct\" retval=0 $succeeded" \
	"op=engage func=\"killswitch_target:ks_target_struct\" retval=0 rule=return-type $no_user \
res=0 errno=34"
control disengage_all
load_target
recorded "disengage an armed function" \
	"op=disengage func=\"killswitch_target:ks_target_struct\" $totals$succeeded"

# A missing capability is recorded like other refusals.
# shellcheck disable=SC2016,SC2317 # for the inner shell; called by check_not
without_capability()
{
	echo "$OPERATOR" >/proc/self/loginuid
	setpriv --bounding-set=-sys_admin \
	bash -c 'echo "engage ks_target_int 0" >"$1"' - "$KS/control"
}
check_not "root without CAP_SYS_ADMIN" without_capability
recorded "root without CAP_SYS_ADMIN" \
	"op=engage func=\"ks_target_int\" retval=0 $subject res=0 errno=1"

# Without a login, the audit user ID is unset.
LOGIN=
accepted "engage without a login" "engage ks_target_int 0"
recorded "engage without a login" \
	"op=engage func=\"ks_target_int\" retval=0 auid=4294967295 uid=0 ses=4294967295 $process \
res=1"
control disengage_all

# The stock tools filter by result and by login user, and create reports.
count()
{
	{ "$@" 2>/dev/null || :; } | grep -c 'lsm=killswitch' || :
}
refusals=$(records | grep -c 'res=0')
successes=$(records | grep -c 'res=1')
operators=$(records | grep -c "auid=$OPERATOR ")
like "there are refusals and successes" '^[1-9][0-9]* [1-9][0-9]*$' "$refusals $successes"
is "ausearch -sv no finds the refusals" "$refusals" \
	"$(count ausearch -m MAC_CONFIG_CHANGE -sv no --raw)"
is "ausearch -sv yes finds the successes" "$successes" \
	"$(count ausearch -m MAC_CONFIG_CHANGE -sv yes --raw)"
is "ausearch -ul finds the operator's records" "$operators" \
	"$(count ausearch -m MAC_CONFIG_CHANGE -ul $OPERATOR --raw)"
like "ausearch -i names the operator" 'auid=operator ' \
	"$(ausearch -m MAC_CONFIG_CHANGE -ul $OPERATOR -i 2>/dev/null | tail -n 1)"
# The records of one write are one event.
events=$(sed -n 's/.*msg=\(audit([^)]*)\): lsm=killswitch.*/\1/p' $AUDIT_LOG | sort -u | wc -l)
is "aureport --mac lists every event" "$events" \
	"$(aureport --mac -i 2>/dev/null | grep -c MAC_CONFIG_CHANGE || :)"
is "aureport --mac --failed lists every refusal" "$refusals" \
	"$(aureport --mac --failed -i 2>/dev/null | grep -c MAC_CONFIG_CHANGE || :)"
like "aureport --mac names the operator" "operator" "$(aureport --mac -i 2>/dev/null)"

finish
