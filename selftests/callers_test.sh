#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Who calls a function that is engaged or observed, in the file callers and in the audit log.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

FN=$KS/fn/ks_target_int

# line REGEX: the line of the file callers that matches.
line()
{
	grep -E "$1" "$FN/callers" || :
}

# calls REGEX: how many calls the caller on that line made.
calls()
{
	sed -nE "/$1/s/^calls=([0-9]+) .*/\1/p" "$FN/callers"
}

# Records of calls in the audit log, of one target.
hits()
{
	sync-audit
	sed -n -e 's/\x1d.*//' -e "s/^type=AVC .*: \(avc: .* tcontext=$1 .*\)/\1/p" $AUDIT_LOG
}

# has_hits TARGET COUNT REGEX: so many records of calls of the target match.
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

# Tasks are distinguished by user, program, cgroup and place of the call.
accepted "a function is engaged" "engage ks_target_int -7"
is "nobody has called it" "" "$(engaged_field ks_target_int callers)"
is "its file is for root" 400 "$(stat -c %a "$FN/callers")"
is "and empty" "" "$(<"$FN/callers")"
now=$(date +%s)
call ks_target_int >/dev/null
as_user cat "$TARGET/call/ks_target_int" >/dev/null
as_user cat "$TARGET/call/ks_target_int" >/dev/null
is "two callers" 2 "$(engaged_field ks_target_int callers)"
is "root called once" 1 "$(calls ' uid=0 ')"
is "the user twice" 2 "$(calls " uid=$USER_ID ")"
like "from where it is called" ' from=ks_call_int\+0x[0-9a-f]+/0x[0-9a-f]+\[killswitch_target\] ' \
	"$(line " uid=$USER_ID ")"
like "by which program" " ino=$(stat -c %i "$cat") " "$(line " uid=$USER_ID ")"
like "with what name" ' comm="cat"$' "$(line " uid=$USER_ID ")"
first=$(line " uid=$USER_ID " | sed -E 's/.* first=([0-9]+) .*/\1/')
last=$(line " uid=$USER_ID " | sed -E 's/.* last=([0-9]+) .*/\1/')
check "when the first call was" test "$first" -ge $((now - 2)) -a "$first" -le $((now + 10))
check "and when the last" test "$last" -ge "$first"
cp "$cat" /tmp/other-program
as_user /tmp/other-program "$TARGET/call/ks_target_int" >/dev/null
is "another program is another caller" 3 "$(engaged_field ks_target_int callers)"
like "that is told by its inode" ' comm="other-program"$' \
	"$(line " ino=$(stat -c %i /tmp/other-program) ")"
(exec -a liar /tmp/other-program "$TARGET/call/ks_target_int" >/dev/null)
if mountpoint -q /sys/fs/cgroup || mount -t cgroup2 none /sys/fs/cgroup; then
	mkdir -p /sys/fs/cgroup/ks-test
	# shellcheck disable=SC2016 # it is for the other shell
	setpriv --reuid=$USER_ID --clear-groups sleep 0
	(
		echo $BASHPID >/sys/fs/cgroup/ks-test/cgroup.procs
		as_user cat "$TARGET/call/ks_target_int" >/dev/null
	)
	like "another cgroup is another caller" " uid=$USER_ID " \
		"$(line " cgroup=$(stat -c %i /sys/fs/cgroup/ks-test) ")"
	rmdir /sys/fs/cgroup/ks-test
else
	skip "another cgroup is another caller" "no cgroups"
fi

# Interrupts and threads of the kernel are one caller each, whomever they interrupt.
as_user sh -c "echo softirq ks_target_int 5 >$TARGET/storm"
is "softirqs" 5 "$(calls 'context=softirq ')"
storm timer ks_target_int 4
is "interrupts" 4 "$(calls 'context=irq ')"
as_user cat "$TARGET/by_thread" >/dev/null
is "threads of the kernel" 1 "$(calls 'context=kthread ')"
control disengage_all

# At a breakpoint, which is handled like an interrupt of its own.
accepted "without a place for tracers" "engage ks_target_breakpoint -7"
FN=$KS/fn/ks_target_breakpoint
as_user cat "$TARGET/call/ks_target_breakpoint" >/dev/null
is "a task" 1 "$(calls "context=task uid=$USER_ID ")"
like "and the place of the call" ' from=ks_call_breakpoint\+' "$(line "uid=$USER_ID ")"
storm softirq ks_target_breakpoint 2
is "a softirq" 2 "$(calls 'context=softirq ')"
storm timer ks_target_breakpoint 3
is "an interrupt" 3 "$(calls 'context=irq ')"
control disengage_all
FN=$KS/fn/ks_target_int

# What the scope lets through does not count, and what is observed does.
accepted "for users only" "engage ks_target_int -7 scope=nonroot"
call ks_target_int >/dev/null
is "root does not count" "" "$(<"$FN/callers")"
control disengage_all
accepted "observed" "observe ks_target_int"
call ks_target_int >/dev/null
is "he does" 1 "$(calls ' uid=0 ')"
control disengage_all

# The audit log: the first call of each, and then ten times as many.
before=$(hits ks_target_int | wc -l)
accepted "a function is engaged" "engage ks_target_int -7"
call ks_target_int >/dev/null
check "the first call is on record at once" eventually has_hits ks_target_int $((before + 1)) .
who='pid=[0-9]+ comm="cat" auid=[0-9]+ ses=[0-9]+'
key="context=task uid=0 dev=[0-9a-f:]+ ino=$(stat -c %i "$cat") cgroup=[0-9]+"
place='from=ks_call_int\+0x[0-9a-f/x]+\[killswitch_target\]'
what='scontext=uid:0 tcontext=ks_target_int tclass=function$'
like "as a denial" \
	"^avc:  denied  \{ call \} for  $who lsm=killswitch $key $place hits=1 retval=-7 $what" \
	"$(hits ks_target_int | tail -n 1)"
like "which ausearch finds" "tcontext=ks_target_int" "$(ausearch -m AVC -c cat 2>&1 | tail -n 3)"
like "and takes for a failure" "tcontext=ks_target_int" "$(ausearch -m AVC -sv no 2>&1 | tail -n 3)"
like "aureport lists it" "cat uid:0 0 function call ks_target_int denied" \
	"$(aureport --avc 2>&1 | tail -n 3)"
for _ in {2..9}; do
	call ks_target_int
done >/dev/null
cat "$KS/engaged" >/dev/null
is "the next eight calls make no record" 1 $(($(hits ks_target_int | wc -l) - before))
call ks_target_int >/dev/null
cat "$KS/engaged" >/dev/null
check "the tenth does" eventually has_hits ks_target_int 1 'hits=10 '
as_user sh -c "echo ks_target_int 20000 >$TARGET/storm"
check "so does the last of many of a user" eventually has_hits ks_target_int 1 \
	" uid=$USER_ID .* hits=[12][0-9]{4} "
check "and few before" test \
	"$(hits ks_target_int | tail -n +$((before + 1)) | grep -c " uid=$USER_ID ")" -le 5
control disengage_all
like "the end has the totals" 'op=disengage func="ks_target_int" hits=20010 callers=[23] ' \
	"$(records | tail -n 1)"
is "the kernel log has none of it" "" "$(messages | grep 'avc' || :)"
control "observe ks_target_other"
call ks_target_other >/dev/null
check "what is only observed" eventually has_hits ks_target_other 1 '^avc:  granted  { call } '
control disengage_all

# The tracepoint.
tracing=/sys/kernel/tracing
mountpoint -q $tracing || mount -t tracefs none $tracing || :
if [[ -d $tracing/events/killswitch/call ]]; then
	echo >$tracing/trace
	echo 1 >$tracing/events/killswitch/call/enable
	accepted "with the tracepoint" "engage ks_target_int -7" "observe ks_target_other" \
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
	like "a call that is stopped is traced" \
		"^function=ks_target_int $place value=-7 action=returned fault=0" "$trace"
	like "and one that is observed" \
		"function=ks_target_other $place value=0 action=observed fault=0" "$trace"
	like "and one that a condition lets run" \
		"function=ks_target_long $place value=-1 action=passed fault=0" "$trace"
	is "and those in interrupts, and none when it is off" 3 \
		"$(grep -c 'function=ks_target_int .* action=returned' <<<"$trace")"
	if type -P trace-cmd >/dev/null; then
		trace-cmd record -q -e killswitch:call -o /tmp/trace.dat \
			cat "$TARGET/call/ks_target_int" >/dev/null 2>&1 || :
		like "trace-cmd shows it, and who calls" \
			'cat-[0-9]+ .* call: .*function=ks_target_int .*value=-7 action=returned' \
			"$(trace-cmd report -i /tmp/trace.dat 2>&1)"
		rm -f /tmp/trace.dat
	else
		skip "trace-cmd shows it, and who calls" "no trace-cmd"
	fi
	control disengage_all
else
	skip "a call that is stopped is traced" "no tracing of events"
fi

# A user cannot hide another: one user makes many calls, by many programs.
accepted "a function is engaged" "engage ks_target_int -7"
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
is "one user has a share" 8 "$(grep -c " uid=$USER_ID " "$FN/callers")"
is "whose last part stands for the others" 1 "$(grep -c " uid=$USER_ID others=1 " "$FN/callers")"
is "all calls are counted" 1000042 "$(awk -F'[= ]' '{ sum += $2 } END { print sum }' "$FN/callers")"
is "the other user is seen" 1 "$(calls ' uid=1002 ')"
is "and so is root" 1 "$(calls ' uid=0 ')"
for uid in {2001..2040}; do
	setpriv --reuid="$uid" --regid="$uid" --clear-groups \
		cat "$TARGET/call/ks_target_int" >/dev/null
done
cp "$cat" /tmp/programs/of-root
/tmp/programs/of-root "$TARGET/call/ks_target_int" >/dev/null
like "when many users fill the table" ' context=task others=1 last=[0-9]+$' \
	"$(tail -n 1 "$FN/callers")"
like "there is a place left for root" ' uid=0 .* comm="of-root"$' \
	"$(line " ino=$(stat -c %i /tmp/programs/of-root) ")"
is "and still all are counted" 1000083 \
	"$(awk -F'[= ]' '{ sum += $2 } END { print sum }' "$FN/callers")"
control disengage_all
like "the end has the totals" 'op=disengage func="ks_target_int" hits=1000083 callers=[0-9]+ ' \
	"$(records | tail -n 1)"
for uid in 1002 2001; do
	is "the first call of $uid is on record" 1 \
		"$(hits ks_target_int | grep -c " uid=$uid .* hits=1 ")"
done
check "and nobody floods it" test \
	"$(hits ks_target_int | tail -n +$((before + 1)) | grep -c " uid=$USER_ID ")" -le 40
rm -rf /tmp/programs /tmp/other-program

finish
