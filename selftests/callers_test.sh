#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Callers of engaged or observed functions, in the file callers and in the audit log.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

FN=$KS/fn/ks_target_int

# line REGEX: the matching line of the file callers.
line()
{
	grep -E "$1" "$FN/callers" || :
}

# calls REGEX: the number of calls in that line.
calls()
{
	sed -nE "/$1/s/^calls=([0-9]+) .*/\1/p" "$FN/callers"
}

# hits TARGET: audit records of calls of the target.
hits()
{
	sync-audit
	sed -n -e 's/\x1d.*//' -e "s/^type=AVC .*: \(avc: .* tcontext=$1 .*\)/\1/p" $AUDIT_LOG
}

# has_hits TARGET COUNT REGEX: COUNT records of calls of the target match.
has_hits()
{
	[[ $(hits "$1" | grep -cE "$3") == "$2" ]]
}

storm()
{
	echo "$*" >"$TARGET/storm"
}

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
load_target
need_audit_log
trap 'control disengage_all' EXIT
control disengage_all
chmod 755 /sys/kernel/debug
chmod 666 "$TARGET/storm"
cat=$(readlink -f "$(type -P cat)")

# Tasks are distinguished by user, program, cgroup and call site.
accepted "engage a function" "engage ks_target_int -7"
is "there are no callers at first" "" "$(engaged_field ks_target_int callers)"
is "only root can read the file callers" 400 "$(stat -c %a "$FN/callers")"
is "it is empty at first" "" "$(<"$FN/callers")"
now=$(date +%s)
call ks_target_int >/dev/null
as_user cat "$TARGET/call/ks_target_int" >/dev/null
as_user cat "$TARGET/call/ks_target_int" >/dev/null
is "root and a user are two callers" 2 "$(engaged_field ks_target_int callers)"
is "one call of root is counted" 1 "$(calls ' uid=0 ')"
is "two calls of the user are counted" 2 "$(calls " uid=$USER_ID ")"
like "the call site is shown" ' from=ks_call_int\+0x[0-9a-f]+/0x[0-9a-f]+\[killswitch_target\] ' \
	"$(line " uid=$USER_ID ")"
like "the program's inode is shown" " ino=$(stat -c %i "$cat") " "$(line " uid=$USER_ID ")"
like "the process name is shown" ' comm="cat"$' "$(line " uid=$USER_ID ")"
first=$(line " uid=$USER_ID " | sed -E 's/.* first=([0-9]+) .*/\1/')
last=$(line " uid=$USER_ID " | sed -E 's/.* last=([0-9]+) .*/\1/')
check "the time of the first call is shown" test "$first" -ge $((now - 2)) -a "$first" -le \
	$((now + 10))
check "the time of the last call is shown" test "$last" -ge "$first"
cp "$cat" /tmp/other-program
as_user /tmp/other-program "$TARGET/call/ks_target_int" >/dev/null
is "another program is a new caller" 3 "$(engaged_field ks_target_int callers)"
like "its inode distinguishes it" ' comm="other-program"$' \
	"$(line " ino=$(stat -c %i /tmp/other-program) ")"
(exec -a liar /tmp/other-program "$TARGET/call/ks_target_int" >/dev/null)
if mountpoint -q /sys/fs/cgroup || mount -t cgroup2 none /sys/fs/cgroup; then
	mkdir -p /sys/fs/cgroup/ks-test
	# shellcheck disable=SC2016 # for the inner shell
	setpriv --reuid=$USER_ID --clear-groups sleep 0
	(
		echo $BASHPID >/sys/fs/cgroup/ks-test/cgroup.procs
		as_user cat "$TARGET/call/ks_target_int" >/dev/null
	)
	like "another cgroup is a new caller" " uid=$USER_ID " \
		"$(line " cgroup=$(stat -c %i /sys/fs/cgroup/ks-test) ")"
	rmdir /sys/fs/cgroup/ks-test
else
	skip "another cgroup is a new caller" "no cgroups"
fi

# Interrupts and kernel threads are one caller each, independent of the interrupted task.
as_user sh -c "echo softirq ks_target_int 5 >$TARGET/storm"
is "softirqs" 5 "$(calls 'context=softirq ')"
storm timer ks_target_int 4
is "interrupts" 4 "$(calls 'context=irq ')"
as_user cat "$TARGET/by_thread" >/dev/null
is "a call in a kernel thread is counted" 1 "$(calls 'context=kthread ')"
control disengage_all

# At a breakpoint, which is handled in a context like an interrupt's.
accepted "engage a function without ftrace support" "engage ks_target_breakpoint -7"
FN=$KS/fn/ks_target_breakpoint
as_user cat "$TARGET/call/ks_target_breakpoint" >/dev/null
is "a task is distinguished" 1 "$(calls "context=task uid=$USER_ID ")"
like "its call site is shown" ' from=ks_call_breakpoint\+' "$(line "uid=$USER_ID ")"
storm softirq ks_target_breakpoint 2
is "a softirq" 2 "$(calls 'context=softirq ')"
storm timer ks_target_breakpoint 3
is "calls in interrupts are counted" 3 "$(calls 'context=irq ')"
control disengage_all
FN=$KS/fn/ks_target_int

# Calls outside of the scope are not counted, observed calls are.
accepted "engage with scope=nonroot" "engage ks_target_int -7 scope=nonroot"
call ks_target_int >/dev/null
is "calls of root are not counted" "" "$(<"$FN/callers")"
control disengage_all
accepted "observe a function" "observe ks_target_int"
call ks_target_int >/dev/null
is "observed calls of root are counted" 1 "$(calls ' uid=0 ')"
control disengage_all

# The audit log: the first call of each caller, then every tenfold number.
before=$(hits ks_target_int | wc -l)
accepted "engage a function again" "engage ks_target_int -7"
call ks_target_int >/dev/null
check "the first call is recorded immediately" eventually has_hits ks_target_int $((before + 1)) .
who='pid=[0-9]+ comm="cat" auid=[0-9]+ ses=[0-9]+'
key="context=task uid=0 dev=[0-9a-f:]+ ino=$(stat -c %i "$cat") cgroup=[0-9]+"
place='from=ks_call_int\+0x[0-9a-f/x]+\[killswitch_target\]'
what='scontext=uid:0 tcontext=ks_target_int tclass=function$'
like "the record is an AVC denial" \
	"^avc:  denied  \{ call \} for  $who lsm=killswitch $key $place hits=1 retval=-7 $what" \
	"$(hits ks_target_int | tail -n 1)"
like "ausearch finds it" "tcontext=ks_target_int" "$(ausearch -m AVC -c cat 2>&1 | tail -n 3)"
like "ausearch finds it as a failure" "tcontext=ks_target_int" \
	"$(ausearch -m AVC -sv no 2>&1 | tail -n 3)"
like "aureport lists it" "cat uid:0 0 function call ks_target_int denied" \
	"$(aureport --avc 2>&1 | tail -n 3)"
for _ in {2..9}; do
	call ks_target_int
done >/dev/null
cat "$KS/engaged" >/dev/null
is "the next eight calls are not recorded" 1 $(($(hits ks_target_int | wc -l) - before))
call ks_target_int >/dev/null
cat "$KS/engaged" >/dev/null
check "the tenth call is recorded" eventually has_hits ks_target_int 1 'hits=10 '
as_user sh -c "echo ks_target_int 20000 >$TARGET/storm"
check "the last of a user's many calls is recorded" eventually has_hits ks_target_int 1 \
	" uid=$USER_ID .* hits=[12][0-9]{4} "
check "few of the earlier ones are recorded" test \
	"$(hits ks_target_int | tail -n +$((before + 1)) | grep -c " uid=$USER_ID ")" -le 5
control disengage_all
like "the disengage record has the totals" \
	'op=disengage func="ks_target_int" hits=20010 callers=[23] ' \
	"$(records | tail -n 1)"
is "calls are not in the kernel log" "" "$(messages | grep 'avc' || :)"
control "observe ks_target_other"
call ks_target_other >/dev/null
check "an observed call is recorded as granted" eventually has_hits ks_target_other 1 \
	'^avc:  granted  { call } '
control disengage_all

# The tracepoint.
tracing=/sys/kernel/tracing
mountpoint -q $tracing || mount -t tracefs none $tracing || :
if [[ -d $tracing/events/killswitch/call ]]; then
	echo >$tracing/trace
	echo 1 >$tracing/events/killswitch/call/enable
	accepted "engage and observe with the tracepoint enabled" "engage ks_target_int -7" \
		"observe ks_target_other" \
		"engage ks_target_long -1 if=\$uid==77"
	for function in int other long; do
		call ks_target_$function >/dev/null
	done
	storm softirq ks_target_int 1
	storm timer ks_target_int 1
	echo 0 >$tracing/events/killswitch/call/enable
	call ks_target_int >/dev/null
	trace=$(sed -n 's/.*: call: //p' $tracing/trace)
	module='\[killswitch_target\]'
	place="$module caller=ks_call_[a-z]*\+0x[0-9a-f]*/0x[0-9a-f]* $module"
	like "a short-circuited call is traced" \
		"^function=ks_target_int $place value=-7 action=returned fault=0" "$trace"
	like "an observed call is traced" \
		"function=ks_target_other $place value=0 action=observed fault=0" "$trace"
	like "a call that the condition excludes is traced" \
		"function=ks_target_long $place value=-1 action=passed fault=0" "$trace"
	is "calls in interrupts are traced, and none when disabled" 3 \
		"$(grep -c 'function=ks_target_int .* action=returned' <<<"$trace")"
	if type -P trace-cmd >/dev/null; then
		trace-cmd record -q -e killswitch:call -o /tmp/trace.dat \
			cat "$TARGET/call/ks_target_int" >/dev/null 2>&1 || :
		like "trace-cmd shows the call and its caller" \
			'cat-[0-9]+ .* call: .*function=ks_target_int .*value=-7 action=returned' \
			"$(trace-cmd report -i /tmp/trace.dat 2>&1)"
		rm -f /tmp/trace.dat
	else
		skip "trace-cmd shows the call and its caller" "no trace-cmd"
	fi
	control disengage_all
else
	skip "a short-circuited call is traced" "no event tracing"
fi

# A user cannot hide another one by many calls from many programs.
accepted "engage a function for a flood of calls" "engage ks_target_int -7"
mkdir -m 755 /tmp/programs
for i in {1..40}; do
	cp "$cat" "/tmp/programs/cat-$i"
done
flood()
{
	local i

	for i in {1..40}; do
		"/tmp/programs/cat-$i" "$TARGET/call/ks_target_int"
	done
	echo ks_target_int 1000000 >"$TARGET/storm"
}
export -f flood
export TARGET
as_user bash -c flood >/dev/null
setpriv --reuid=1002 --regid=1002 --clear-groups cat "$TARGET/call/ks_target_int" >/dev/null
call ks_target_int >/dev/null
is "the number of entries per user is limited" 8 "$(grep -c " uid=$USER_ID " "$FN/callers")"
is "the last entry of the user counts all others" 1 \
	"$(grep -c " uid=$USER_ID others=1 " "$FN/callers")"
is "all calls are counted" 1000042 "$(awk -F'[= ]' '{ sum += $2 } END { print sum }' "$FN/callers")"
is "the other user is distinguished" 1 "$(calls ' uid=1002 ')"
is "root is distinguished" 1 "$(calls ' uid=0 ')"
for uid in {2001..2040}; do
	setpriv --reuid="$uid" --regid="$uid" --clear-groups \
		cat "$TARGET/call/ks_target_int" >/dev/null
done
cp "$cat" /tmp/programs/of-root
/tmp/programs/of-root "$TARGET/call/ks_target_int" >/dev/null
like "a full table has an entry for all others" ' context=task others=1 last=[0-9]+$' \
	"$(tail -n 1 "$FN/callers")"
like "an entry is reserved for root" ' uid=0 .* comm="of-root"$' \
	"$(line " ino=$(stat -c %i /tmp/programs/of-root) ")"
is "all calls are still counted" 1000083 \
	"$(awk -F'[= ]' '{ sum += $2 } END { print sum }' "$FN/callers")"
control disengage_all
like "the disengage record has the totals of the flood" \
	'op=disengage func="ks_target_int" hits=1000083 callers=[0-9]+ ' \
	"$(records | tail -n 1)"
for uid in 1002 2001; do
	is "the first call of $uid is recorded" 1 \
		"$(hits ks_target_int | grep -c " uid=$uid .* hits=1 ")"
done
check "records per user are limited" test \
	"$(hits ks_target_int | tail -n +$((before + 1)) | grep -c " uid=$USER_ID ")" -le 40
rm -rf /tmp/programs /tmp/other-program

finish
