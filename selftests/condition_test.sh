#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Conditions on arguments and callers (if=).
#
# Dollar signs are for the kernel, not for the shell.
# shellcheck disable=SC2016
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

T=killswitch_target:ks_target_args

# passes ARGUMENTS: whether a call with these arguments runs the function.
passes()
{
	env printf '%s\n' "$1" 2>/dev/null >"$TARGET/args"
}

# when CONDITION ARGUMENTS...: checks that the first call is stopped and the others are not.
when()
{
	local condition=$1 first=$2 stopped=yes ran=yes arguments

	shift 2
	if ! control "engage $T -EPERM if=$condition" >/tmp/why; then
		fail "$condition" "$(</tmp/why)" "$(ask "$T" -1 "if=$condition" 2>&1)"
		return
	fi
	! passes "$first" || stopped=no
	for arguments; do
		passes "$arguments" || ran=$arguments
	done
	is "$condition" "yes yes" "$stopped $ran"
	control "disengage $T"
}

# wrong CONDITION REGEX: checks that it is refused with this answer.
wrong()
{
	local answer

	answer=$({
		env printf '%s\n' "engage $T -EPERM if=$1" >&3 || :
		cat <&3
	} 3<>"$KS/control" 2>&1)
	like "$1" "$2" "$answer"
}

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
load_target
grep -q '^types: btf' "$KS/status" || skip_all "no type information"
need_audit_log
trap 'control disengage_all' EXIT
control disengage_all
chmod 755 /sys/kernel/debug
chmod 622 "$TARGET/args"

#   byte word low high label answer big inner number small text wide next
A='-3 40000 5 17 aead-gcm 1 9223372036854775808 -7 38 200 hello 7 1'
B='4 3 2 16 hash 2 5 7 39 3 world 8 1'
check "the function runs at first" passes "$A"

# Arguments.
when 'number==38' "$A" "$B"
when 'number!=39' "$A" "$B"
when 'number<39' "$A" "$B"
when 'number<=38' "$A" "$B"
when 'number>38' "$B" "$A"
when 'number>=39' "$B" "$A"
when 'number&1' "$B" "$A"
when 'number==0x26' "$A" "$B"
when '$arg2==38' "$A" "$B"
when 'small==200' "$A" "$B"
when 'small>199' "$A" "$B"
when 'wide==7' "$A" "$B"
when 'text=="hello"' "$A" "$B"
when 'text~"he*o"' "$A" "$B"
when 'text~"h?llo"' "$A" "$B"
when 'text!="world"' "$A" "$B"
when 'text~"*l?"' "$A" "${B/world/worl}"

# Members: signed ones, bit fields, enumerators, arrays, anonymous unions.
when 'part->byte==-3' "$A" "$B"
when 'part->byte<0' "$A" "$B"
when 'part->word==40000' "$A" "$B"
when 'part->word>32767' "$A" "$B"
when 'part->low==5' "$A" "$B"
when 'part->high==17' "$A" "$B"
when 'part->answer==KS_YES' "$A" "$B"
when 'part->answer==1' "$A" "$B"
when 'part->big>5' "$A" "$B"
when 'part->big==9223372036854775808' "$A" "$B"
when 'part->inner==-7' "$A" "$B"
when 'part->other<0' "$A" "$B"
when 'part->array[2]==-7' "$A" "$B"
when 'part->label.text~"aead*"' "$A" "$B"
when 'part->label.text=="aead-gcm"' "$A" "$B"
when 'part->label.pointer~"aead*"' "$A" "$B"
when 'part->next->next->next->word==40000' "$A" "$B"
when 'part->next==NULL' "${A% 1} 0" "$A"
when 'part->next' "$A" "${A% 1} 0"
when '!part->next' "${A% 1} 0" "$A"
when '(ks_part)part->word==40000' "$A" "$B"
when '(ks_whole,part)part->before==7' "$A" "$B"

# Operators.
when 'number==38&&small==200' "$A" "$B" "${A/ 200 / 201 }"
when 'number==38||number==40' "$A" "$B"
when '!(number==39||number==40)' "$A" "$B"
when 'number==39||number==38&&small==200' "$A" "${A/ 200 / 201 }"
when '(number==39||number==38)&&small==200' "$A" "$B"
when '!number==39' "$A" "$B"
all='number==1'
for i in {2..15}; do
	all+="||number==$i"
done
when "$all||number==38" "$A" "$B"

# The maximum nesting depth, and beyond.
when '((((((number==38))))))' "$A" "$B"
wrong '(((((((((((((((((number==38)))))))))))))))))' 'it is nested too deeply'
wrong '!!!!!!!!!!!!!!!!number==38' 'it is nested too deeply'

# Unreadable memory: an error stops the call, and is counted.
for next in 0 2 3 4; do
	accepted "engage with pointer $next" "engage $T -EPERM if=part->next->word==40000"
	check_not "a call with a fault is stopped" passes "${A% 1} $next"
	is "the fault is counted" 1 "$(engaged_field "$T" faults)"
	is "it is counted as a hit" 1 "$(engaged_field "$T" hits)"
	control "disengage $T"
done
accepted "observe with a condition" "observe $T if=part->next->word==40000"
check "an observed call with a fault runs" passes "${A% 1} 3"
is "it is counted as a fault and a hit" "1 1 0" \
	"$(engaged_field "$T" faults) $(engaged_field "$T" hits) $(engaged_field "$T" passed)"
check "an observed call with a false condition runs" passes "$B"
is "it is counted as passed" "1 1 1" \
	"$(engaged_field "$T" faults) $(engaged_field "$T" hits) $(engaged_field "$T" passed)"
check "an observed call with a true condition runs" passes "$A"
is "it is counted as a hit" 2 "$(engaged_field "$T" hits)"
refused "engaging with another condition is refused" "Device or resource busy" "engage $T -EPERM"
accepted "engaging with the same condition is accepted" \
	"engage $T -EPERM if=part->next->word==40000"
check_not "a call with a true condition is stopped" passes "$A"
check "a call with a false condition runs" passes "$B"
like "root sees the condition" \
	' state=engaged scope=all passed=1 faults=0 if="part->next->word==40000" callers=1$' \
	"$(grep "^$T " "$KS/engaged")"
like "users see neither the condition nor its counts" \
	"^$T retval=-1 state=engaged scope=all\$" \
	"$(as_user grep "^$T " "$KS/engaged")"
control disengage_all

# The caller.
by_user()
{
	as_user bash -c 'env printf "%s\n" "$1" >"$2"' - "$A" "$TARGET/args" 2>/dev/null
}
caller()
{
	local expected=$2

	if ! control "engage $T -EPERM if=$1" >/tmp/why; then
		fail "$1" "$(</tmp/why)"
		return
	fi
	is "$1" "$expected" "$(passes "$A" && echo runs || echo stopped) $(
		by_user && echo runs || echo stopped
	)"
	control "disengage $T"
}
caller "\$uid==0" "stopped runs"
caller "\$uid!=0" "runs stopped"
caller "\$uid==$USER_ID" "runs stopped"
caller "\$gid==$USER_ID" "runs stopped"
caller '$comm=="printf"' "stopped stopped"
caller '$comm~"print?"' "stopped stopped"
caller '$comm=="nobody"' "runs runs"
caller "\$exe==\"$(type -P printf)\"" "stopped stopped"
caller "\$exe!=\"$(type -P printf)\"" "runs runs"
caller '$cap("sys_admin")' "stopped runs"
caller '!$cap("sys_admin")' "runs stopped"
caller '$userns==initial' "stopped stopped"
caller '$userns!=initial' "runs runs"
caller '$context==task' "stopped stopped"
caller '$context!=task' "runs runs"
caller 'number==38&&$uid==0' "stopped runs"

# Root of a container, without capabilities, and with a user namespace.
accepted "a condition on a capability" "engage $T -EPERM if=!\$cap(\"sys_admin\")"
contained()
{
	"$@" bash -c 'env printf "%s\n" "$1" >"$2"' - "$A" "$TARGET/args" 2>/dev/null
}
check "root in the initial user namespace is not stopped" passes "$A"
check_not "root in a container is stopped" contained unshare --pid --fork setpriv \
	--bounding-set=-sys_admin
check_not "root in a user's own namespace is stopped" \
	contained as_user unshare --user --map-root-user
control disengage_all
accepted "a condition on the user namespace" "engage $T -EPERM if=\$userns!=initial"
check "a user is not stopped" by_user
check_not "a user in an own namespace is stopped" contained as_user unshare --user --map-root-user
control disengage_all

# Replacing a program's file makes it another program.
cp "$(type -P printf)" /tmp/allowed
accepted "a condition that excludes one program" "engage $T -EPERM if=\$exe!=\"/tmp/allowed\""
by_program() { env /tmp/allowed '%s\n' "$A" 2>/dev/null >"$TARGET/args"; }
check "that program's call runs" by_program
check_not "calls of other programs are stopped" passes "$A"
cp "$(type -P printf)" /tmp/replaced
mv /tmp/replaced /tmp/allowed
check_not "calls of the replaced program are stopped" by_program
control disengage_all
rm -f /tmp/allowed
wrong '$exe=="/no/such/program"' 'there is no such program at character 1 of the condition'

# A cgroup and its descendants.
if mountpoint -q /sys/fs/cgroup || mount -t cgroup2 none /sys/fs/cgroup; then
	mkdir -p /sys/fs/cgroup/ks-test/below
	accepted "a condition that excludes a cgroup" "engage $T -EPERM if=\$cgroup!=\"/ks-test\""
	in_cgroup()
	{
		(
			echo "$BASHPID" >"/sys/fs/cgroup/$1/cgroup.procs"
			passes "$A"
		)
	}
	check "a call in the cgroup runs" in_cgroup ks-test
	check "a call in a descendant runs" in_cgroup ks-test/below
	check_not "a call elsewhere is stopped" passes "$A"
	control disengage_all
	rmdir /sys/fs/cgroup/ks-test/below /sys/fs/cgroup/ks-test
else
	skip "a condition that excludes a cgroup" "no cgroups"
fi

# Conditions on the caller are only true for tasks, unless they name a context.
chmod 666 "$TARGET/storm"
storm() { echo "$*" >"$TARGET/storm"; }
S=ks_target_int
for condition in '$uid==0' '!$uid==0' '$comm!="x"'; do
	accepted "$condition" "engage $S -7 if=$condition"
	storm softirq $S 2
	is "a condition on the caller is false in softirqs" "0 2" \
		"$(engaged_field $S hits) $(engaged_field $S passed)"
	control disengage_all
done
for context in softirq:softirq timer:irq; do
	accepted "$context" "engage $S -7 if=\$context==${context#*:}"
	storm "${context%:*}" $S 3
	is "a condition on softirqs is true in softirqs" "3 0" \
		"$(engaged_field $S hits) $(engaged_field $S passed)"
	call $S >/dev/null
	is "a condition on softirqs is false for tasks" "3 1" \
		"$(engaged_field $S hits) $(engaged_field $S passed)"
	control disengage_all
done
accepted "a condition on kernel threads" "engage $S -7 if=\$context==kthread"
is "a call in a kernel thread is stopped" -7 "$(cat "$TARGET/by_thread")"
control disengage_all
accepted "a condition with a scope" "engage $T -EPERM scope=nonroot if=number==38"
check "root runs it" passes "$A"
check_not "a user does not" by_user
is "calls outside of the scope are not counted" 0 "$(engaged_field "$T" passed)"
control disengage_all

# Invalid conditions, and the valid choices.
wrong 'nothing==1' 'the function has no such argument .*arguments: part number small text wide'
wrong 'part->nothing==1' 'no such member .*members: byte word low high label answer big '
wrong 'part->label->text=="x"' 'this is not a pointer'
wrong 'part->label.nothing==1' 'no such member .*members: text pointer'
wrong 'part->label==1' 'this is not a number'
wrong 'part==1' 'a pointer can only be compared with NULL'
wrong 'part->array[4]==1' 'the array is not that long'
wrong 'part->low==8' 'this cannot have such a value'
wrong 'small==-1' 'this cannot have such a value'
wrong 'part->answer==KS_NEVER' \
	'no enumerator or error of this name, or more than one .*names: KS_NO KS_YES KS_PERHAPS'
wrong 'text==1' 'a pointer can only be compared with NULL'
wrong 'number=="x"' 'this is not'
wrong 'number~1' '~ needs a string'
wrong '(ks_nothing)part->word==1' 'there is no such structure'
wrong '(ks_part)number->word==1' 'this is not a pointer'
wrong '(ks_part)wide->word==1' 'this is not a pointer'
wrong '$nothing==1' 'no such word after \$ .*words after \$: uid gid comm exe cgroup cap '
wrong '$cap("nothing")' 'there is no such capability'
wrong '$context==nowhere' 'no such context .*contexts: nmi irq softirq kthread task'
wrong '$comm==1' 'this cannot be compared in this way'
wrong '$uid=="root"' 'this cannot be compared in this way'
wrong '$arg9==1' 'the function has no such argument'
wrong 'number==1&&' 'a name is missing at character 12'
wrong 'number==1)' 'this is not expected'
wrong "$all||number==16||number==17" 'more than 16 comparisons'
case $(zcat /proc/config.gz 2>/dev/null || :) in
*CONFIG_CC_IS_CLANG=y*)
	wrong 'part->user~"x"' 'this points to user or per-CPU memory'
	;;
esac

# Audit records, check, and modules that are loaded later.
before=$(records | wc -l)
accepted "a condition with blanks" \
	"engage $T -EPERM if=text~\"a b*\"&&\$comm!=\"x\" for=60 reason=why"
check "the condition is recorded" eventually has_records $((before + 1))
like "the record has it verbatim, in hexadecimal" \
	' retval=-1 if=746578747E2261206[0-9A-F]+ for=60 reason="why" ' "$(records | tail -n 1)"
like "the kernel log has it" 'returns -1 \(-EPERM\) if text~"a b\*"&&\$comm!="x" without' \
	"$(messages | tail -n 2)"
control disengage_all
like "check prints the resolved condition" \
	'allow .*  if: argument 2, 4 bytes.*  if: argument 1, \+[0-9]+ -> \+2, 2 bytes' \
	"$(ask "$T" -1 'if=number==38&&part->next->word==1' | tr '\n' ' ')"
like "check prints the error" 'refuse .*no such argument.*arguments: part' \
	"$(ask "$T" -1 'if=nothing==1' | tr '\n' ' ')"
rmmod killswitch_target
accepted "engage with a condition before its module is loaded" \
	"engage $T -EPERM if=part->word==40000"
load_target
chmod 622 "$TARGET/args"
check_not "the condition applies after the module is loaded" passes "$A"
check "calls with a false condition run" passes "$B"
rmmod killswitch_target
control "disengage $T"
accepted "arm an invalid condition" "engage $T -EPERM if=part->nothing==1"
check_not "the module is refused" load_target
control "disengage $T"
load_target

# A real mitigation: AEAD through AF_ALG, and only AEAD.
if grep -qw alg_bind /proc/kallsyms && type -P python3 >/dev/null; then
	knob=/proc/sys/crypto/af_alg_restrict
	[[ ! -e $knob ]] || { saved=$(<$knob) && echo 0 >$knob; }
	bind()
	{
		python3 -c 'import socket, sys
socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET).bind((sys.argv[1], sys.argv[2]))' "$@"
	}
	check "AEAD is available" bind aead 'gcm(aes)'
	accepted "engage alg_bind for AEAD" \
		'engage alg_bind -EPERM if=(sockaddr_alg_new)uaddr->salg_type~"aead*"'
	check_not "AEAD is refused" bind aead 'gcm(aes)'
	check "hashes are still available" bind hash sha256
	is "one call is stopped, and one passes" "1 1" \
		"$(engaged_field alg_bind hits) $(engaged_field alg_bind passed)"
	control disengage_all
	accepted "engage alg_bind for all but one program" \
		"engage alg_bind -EPERM if=\$exe!=\"$(readlink -f "$(type -P python3)")\""
	check "AEAD is available to that program" bind aead 'gcm(aes)'
	control disengage_all
	[[ ! -e $knob ]] || echo "$saved" >$knob
else
	skip "AEAD is available" "no AF_ALG"
fi

finish
