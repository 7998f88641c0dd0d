# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Shared code of the shell tests: TAP output, the control file, and the target module.

KS=/sys/kernel/security/killswitch
TARGET=/sys/kernel/debug/killswitch_target
HERE=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
PATH=$HERE:$PATH

ks_number=0 ks_failed=0

begin()
{
	echo "TAP version 13"
}

# Ends a test program: prints the plan and exits.
finish()
{
	echo "1..$ks_number"
	exit $((ks_failed > 0))
}

# pass DESCRIPTION, fail DESCRIPTION [DETAIL...], skip DESCRIPTION REASON
pass()
{
	echo "ok $((++ks_number)) $1"
}

fail()
{
	echo "not ok $((++ks_number)) $1"
	((++ks_failed))
	shift
	((!$#)) || printf '%s\n' "$@" | sed 's/^/# /'
}

skip()
{
	echo "ok $((++ks_number)) $1 # SKIP $2"
}

skip_all()
{
	echo "1..0 # SKIP $1"
	exit 4
}

# check DESCRIPTION COMMAND...: the command succeeds.
check()
{
	local what=$1 out

	shift
	if out=$("$@" 2>&1); then
		pass "$what"
	else
		fail "$what" "$* failed: $out"
	fi
}

# check_not DESCRIPTION COMMAND...: the command fails.
check_not()
{
	local what=$1 out

	shift
	if out=$("$@" 2>&1); then
		fail "$what" "$* succeeded: $out"
	else
		pass "$what"
	fi
}

# is DESCRIPTION EXPECTED GOT: the two are the same.
is()
{
	if [[ $2 == "$3" ]]; then
		pass "$1"
	else
		fail "$1" "expected: $2" "got: $3"
	fi
}

# like DESCRIPTION REGEX TEXT: the text matches the extended regular expression.
like()
{
	if [[ $3 =~ $2 ]]; then
		pass "$1"
	else
		fail "$1" "expected: $2" "got: $3"
	fi
}

# put FILE TEXT...: writes to a file of Killswitch, as a user with the login user ID LOGIN if that
# is set, and prints why the write failed. Bash's builtins would write each line separately.
put()
{
	local file=$1 error

	shift
	if error=$({
		[[ ! ${LOGIN:-} ]] || echo "$LOGIN" >/proc/self/loginuid
		env printf '%s\n' "$@" >"$file"
	} 2>&1); then
		return 0
	fi
	echo "${error##*: }"
	return 1
}

# control COMMAND...: writes commands to the control file, in one write.
control()
{
	put "$KS/control" "$@"
}

# refused DESCRIPTION ERROR COMMAND...: the write fails with this error.
refused()
{
	local what=$1 error=$2 got

	shift 2
	if got=$(control "$@"); then
		fail "$what" "the kernel accepted it"
	else
		is "$what" "$error" "$got"
	fi
}

# accepted DESCRIPTION COMMAND...: the write succeeds.
accepted()
{
	local what=$1

	shift
	check "$what" control "$@"
}

# eventually COMMAND...: retries until it succeeds, for a minute.
eventually()
{
	local i

	for ((i = 0; i < 600; i++)); do
		"$@" && return
		sleep 0.1
	done
	return 1
}

# add_esp SPI:PROTOCOL...: creates the network namespaces ks_from and ks_to, and a security
# association from one to the other for each IP protocol.
add_esp()
{
	local ns direction pair spi

	ip netns add ks_from
	ip netns add ks_to
	ip link add ks_veth netns ks_from type veth peer name ks_veth netns ks_to
	ip -n ks_from addr add 10.9.0.1/24 dev ks_veth
	ip -n ks_to addr add 10.9.0.2/24 dev ks_veth
	for ns in ks_from ks_to; do
		ip -n $ns link set lo up
		ip -n $ns link set ks_veth up
		if [[ $ns == ks_from ]]; then direction=out; else direction=in; fi
		for pair; do
			spi=${pair%:*}
			ip -n $ns xfrm state add src 10.9.0.1 dst 10.9.0.2 proto esp spi "$spi" \
				reqid "$spi" mode transport aead 'rfc4106(gcm(aes))' \
				0x000102030405060708090a0b0c0d0e0f10111213 128
			ip -n $ns xfrm policy add src 10.9.0.1 dst 10.9.0.2 \
				proto "${pair#*:}" dir $direction tmpl src 10.9.0.1 dst 10.9.0.2 \
				proto esp spi "$spi" reqid "$spi" mode transport
		done
	done
}

# as_user COMMAND...: runs it as an unprivileged user.
USER_ID=1001
as_user()
{
	setpriv --reuid=$USER_ID --regid=$USER_ID --clear-groups "$@"
}

# call FUNCTION: calls a function of the target module, and prints its return value.
call()
{
	cat "$TARGET/call/$1"
}

# engaged_field TARGET KEY: a field of its line in 'engaged'.
engaged_field()
{
	sed -n "s/^$1 \(.* \)*$2=\([^ ]*\).*/\2/p" "$KS/engaged"
}

# field_is TARGET FIELD VALUE: checks such a field.
field_is()
{
	[[ $(engaged_field "$1" "$2") == "$3" ]]
}

# is_engaged TARGET: whether it is engaged and short-circuits calls.
is_engaged()
{
	[[ $(engaged_field "$1" state) == engaged ]]
}

# is_gone TARGET: whether nothing of that name is engaged.
is_gone()
{
	! grep -q "^$1 " "$KS/engaged"
}

# Whether a function was engaged in this boot: 1 or 0, from the kernel's taint.
tainted()
{
	echo $(($(</proc/sys/kernel/tainted) >> 20 & 1))
}

# ask TARGET VALUE [scope=SCOPE]: the answer of check, read from the open file after the write.
ask()
{
	local fd status=0

	exec {fd}<>"$KS/check" || return
	env printf '%s\n' "$*" >&"$fd" || status=1
	cat <&"$fd"
	exec {fd}>&-
	return $status
}

# ask_all: the answers to the requests on standard input, in few writes.
ask_all()
{
	local chunk fd

	exec {fd}<>"$KS/check"
	while mapfile -t -n 50 chunk && ((${#chunk[@]})); do
		env printf '%s\n' "${chunk[@]}" >&"$fd" || return
		cat <&"$fd"
	done
	exec {fd}>&-
}

# The verdicts in answers: "allow", or "refuse" with the rule or error.
verdicts()
{
	awk '/^[^ ]/ { print $1, $4 }'
}

# load_module NAME: loads a test module.
load_module()
{
	local ko

	mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug
	for ko in "$HERE/$1.ko" "$HERE/test_modules/$1.ko"; do
		[[ ! -e $ko ]] || { insmod "$ko" "${@:2}"; return; }
	done
	return 1
}

load_target()
{
	[[ -d $TARGET ]] || load_module killswitch_target
}

load_all_modules()
{
	local modules

	modules=/lib/modules/$(uname -r)
	[[ -d $modules ]] || return 0
	find "$modules/" -name '*.ko*' | sed -E 's|.*/||; s/\.ko.*//' | xargs -r modprobe -a -q || :
}

# Encrypts through AF_ALG, which newer kernels restrict to a list of algorithms unless
# crypto.af_alg_restrict is 0.
can_encrypt()
{
	command -v af_alg_encrypt >/dev/null
}

encrypt()
{
	local knob=/proc/sys/crypto/af_alg_restrict level='' status=0

	if [[ -e $knob ]]; then
		level=$(<$knob)
		echo 0 >$knob
	fi
	af_alg_encrypt || status=$?
	[[ ! $level ]] || echo "$level" >$knob
	return $status
}

# encrypt_fails: whether it fails with the error of the engagement.
encrypt_fails()
{
	local out

	! out=$(encrypt 2>&1) && echo "$out" && [[ $out == *"sendmsg: Operation not permitted" ]]
}

# access_process [COMMAND...]: does a ptrace access check, which allows root, run by a command.
# __ptrace_may_access(), which makes this decision, may be engaged in every kernel.
access_process()
{
	"$@" readlink /proc/1/exe
}

# parameter NAME: the value of the last NAME= on the kernel command line.
parameter()
{
	local word value=''

	for word in $(</proc/cmdline); do
		[[ $word != "$1="* ]] || value=${word#*=}
	done
	echo "$value"
}

# Whether kmemleak is enabled: off takes precedence in any position.
kmemleak_is_on()
{
	[[ $(parameter kmemleak) == on && " $(</proc/cmdline) " != *" kmemleak=off "* ]]
}

# Kernel log messages of Killswitch.
messages()
{
	dmesg | grep 'killswitch: ' || :
}

# Starts the audit daemon if necessary, or skips all tests.
AUDIT_LOG=/var/log/audit/audit.log
need_audit_log()
{
	command -v ausearch >/dev/null || skip_all "no ausearch"
	if ! pidof auditd >/dev/null; then
		command -v start-auditd >/dev/null || skip_all "auditd is not running"
		start-auditd || { fail "auditd starts" && finish; }
	fi
}

# Killswitch's records in the audit log. auditd appends interpreted fields after a group separator.
records()
{
	sync-audit
	sed -n -e 's/\x1d.*//' \
		-e 's/^type=MAC_CONFIG_CHANGE .*: \(lsm=killswitch .*\)/\1/p' $AUDIT_LOG
}

# has_records COUNT: whether there are at least COUNT records.
has_records()
{
	[[ $(records | wc -l) -ge $1 ]]
}

# run_tests TEST...: runs test programs one after the other and prints their results as one TAP
# stream. A program that exits early or with an error has failed.
run_tests()
{
	local test number=0 failed=0 state

	# The leak check is last.
	! kmemleak_is_on || [[ ! -d $KS ]] || set -- "$@" leak_test.sh
	echo "TAP version 13"
	state=$(mktemp)
	echo 0 0 >"$state"
	for test; do
		echo "# $test"
		read -r number failed <"$state"
		{
			status=0
			"$test" 2>&1 || status=$?
			echo "exit status $status"
		} | awk -v test="$test" -v number="$number" -v failed="$failed" -v state="$state" '
			function result(bad, text) {
				number++
				print (bad ? "not ok " : "ok ") number " " test ": " text
				fflush()
				failed += bad
			}
			/^TAP version/ { next }
			/^1\.\.0/ { planned = 1; sub(/^[^#]*/, ""); result(0, $0); seen++; next }
			/^1\.\./ { planned = substr($1, 4) + 0; next }
			/^(not )?ok / {
				bad = /^not/
				badly += bad
				sub(/^(not )?ok *[0-9]* *-? */, "")
				result(bad, $0)
				seen++
				next
			}
			/^exit status / { status = $3; next }
			{ print /^#/ ? $0 : "# " $0; fflush() }
			END {
				if (!planned || planned != seen)
					result(1, "ended after " seen + 0 " of " planned + 0)
				else if (status && status != 4 && !badly)
					result(1, "exit status " status)
				print number, failed + 0 >state
			}'
	done
	read -r number failed <"$state"
	rm -f "$state"
	echo "1..$number"
	return $((failed > 0))
}
