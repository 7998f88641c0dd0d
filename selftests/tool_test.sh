#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The program killswitch performs the operations of the securityfs files, and shows their content.
# Run with killswitch in the current directory, or in the PATH. Seals Killswitch at the end.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

CVE='CVE-2026-31431'

# tool ARGUMENT...: runs it; its output is in $said, and its exit status in $status.
tool()
{
	status=0
	said=$("$program" "$@" 2>&1) || status=$?
}

# json EXPRESSION: evaluates it in Python, where "it" is the program's output.
json()
{
	python3 -c 'import json, sys; it = json.loads(sys.argv[1]); print(eval(sys.argv[2]))' \
		"$said" "$1"
}

# has_line FILE REGEX
has_line()
{
	grep -qsE "$2" "$1"
}

begin
program=$(PATH=.:$PATH command -v killswitch) || skip_all "killswitch is missing"
program=$(readlink -f "$program")

if [[ ! -d $KS ]]; then
	for command in status "check f -1" "engage f -1" "lift f" "why f"; do
		# shellcheck disable=SC2086 # words
		tool $command
		is "'$command' fails without Killswitch" 2 $status
		like "'$command' reports the reason" 'that lsm= contains killswitch$' "$said"
	done
	finish
fi

control disengage_all
load_target
# For users' calls of engaged functions.
chmod 755 /sys/kernel/debug

# Checks.
tool check ks_target_int -7
is "check of an allowed function succeeds" 0 $status
like "the allowed function is reported" \
	'^allow ks_target_int -7'$'\n''  function: ks_target_int in module' "$said"
tool check security_file_open 0
is "check of a refused function fails" 1 $status
like "the rule is reported" '^refuse security_file_open 0 lsm-entry'$'\n' "$said"
tool check ks_target_int -7 security_file_open 0 --json
is "one of two allowed is a partial success" 3 $status
is "the verdicts are in JSON" "allow refuse lsm-entry" \
	"$(json '" ".join([v["verdict"] for v in it["verdicts"]] + [it["verdicts"][1]["why"]])')"
is "the kernel's explanation is in JSON" "$(ask security_file_open 0 | sed '1d; s/^ *//')" \
	"$(tool check security_file_open 0 --json
	json '"\n".join(it["verdicts"][0]["details"])')"
tool engage ks_target_int -7 --dry-run
is "a rehearsal" 0 $status
like "a dry run prints what it would write" '^would write: engage ks_target_int -7'$'\n''allow' \
	"$said"
check "a dry run changes nothing" is_gone ks_target_int

# The running kernel, from its files.
if [[ -e /boot/vmlinuz-$(uname -r) ]]; then
	functions=(af_alg_sendmsg af_alg_pull_tsgl commit_creds security_file_open)
	printf '%s,-1\n' function,value "${functions[@]}" | sed '1s/,-1$//' >/tmp/list
	tool scan --list /tmp/list
	is "the kernel's files can be read" 0 $status
	line='^([^,]*),-1,all,([^,]*),([^,]*),.*'
	in_files=$(sed -E "1d; s/$line/\2 \1 -1 \3/; s/ $//" <<<"$said")
	# shellcheck disable=SC2046 # words
	tool check $(printf '%s -1 ' "${functions[@]}")
	is "verdicts from files match the kernel's" "$(sed '/^ /d; s/  */ /g' <<<"$said")" \
		"$in_files"
	is "there is one verdict per function" 4 "$(grep -cE '^(allow|refuse) ' <<<"$in_files")"
else
	skip "the kernel's files can be read" "no kernel in /boot"
fi

# Engagements.
tool engage ks_target_int -EPERM --reason "$CVE"
is "engage succeeds" 0 $status
like "engage prints the kernel's answer" \
	'^engaged ks_target_int: it returns -1 \(-EPERM\) without running' "$said"
is "the function is engaged" -1 "$(call ks_target_int)"
is "the reason is set" "\"$CVE\"" "$(engaged_field ks_target_int reason)"
tool engage ks_target_other -1 security_file_open 0
is "a transaction with one refusal fails" 1 $status
like "it reports the refused line" \
	'^refused in line 2: engage security_file_open 0: .*rule lsm-entry' "$said"
check "it engages nothing" is_gone ks_target_other
cat <<END >/tmp/requests
# Two functions, one of them for users only.
engage ks_target_other -5 reason=see $CVE, and others
  engage ks_target_long -7 scope=nonroot for=3600
END
tool engage --file - </tmp/requests
is "engage from a file succeeds" 0 $status
is "the functions in the file are engaged" "-5 nonroot" \
	"$(engaged_field ks_target_other retval) $(engaged_field ks_target_long scope)"
tool keep ks_target_long
is "keep succeeds" 0 $status
is "the kept engagement has no limit" "" "$(engaged_field ks_target_long timeout_left)"
modprobe -r x25
tool engage x25:x25_create -EPERM
is "engage for an unloaded module succeeds" 0 $status
tool observe alg_bind --for 1h
is "observe succeeds" 0 $status
tool engage "nothing -1 reason=x"
is "an unknown function is refused" 1 $status
like "the refusal has the reason" 'there is no function of this name' "$said"
status=0
said=$(as_user "$program" engage ks_target_early -1 2>&1) || status=$?
is "users are refused" 1 $status
like "users see the reason" 'control: Permission denied' "$said"

# Status.
tool status
is "status succeeds" 0 $status
like "the status is a table" 'TARGET +VALUE +STATE +HITS' "$said"
like "the table has engaged functions" \
	"ks_target_int +-EPERM +engaged +1 +1 +all +[0-9]+s .* $CVE" "$said"
like "the table has armed functions" 'x25:x25_create +-EPERM +armed' "$said"
like "the table has observed functions" 'alg_bind +- +observing .* (1h|59m [0-9]+s)' "$said"
tool status --json
is "the number of engagements is in JSON" 5 "$(json 'it["engagements"]')"
is "the engagements are in JSON" "ks_target_int -1 engaged $CVE False" \
	"$(json '" ".join(str(it["engaged"][0][k])
		for k in ("target", "value", "state", "reason", "age_at_most"))')"
tool status --openmetrics
like "metrics count hits" \
	"killswitch_hits_total\{target=\"ks_target_int\",scope=\"all\",reason=\"$CVE\"\} 1"$'\n' \
	"$said"
tool status --cve --json
is "the state of CVEs is in JSON" "fixed" \
	"$(json "' '.join(c['state'] for c in it['cves'] if c['id'] == '$CVE')")"
like "CVEs have a hint" 'the engagements against it can be lifted$' \
	"$(json "' '.join(c['reason'] for c in it['cves'] if c['id'] == '$CVE')")"
tool status --openvex
is "OpenVEX output succeeds" 0 $status
is "OpenVEX has the state of CVEs" "fixed" "$(json "' '.join(s['status'] for s in it['statements']
	if s['vulnerability']['name'] == '$CVE')")"
tool status --cve --openmetrics
like "metrics have the state of CVEs" "killswitch_cve\{cve=\"$CVE\",state=\"fixed\"\} 1"$'\n' \
	"$said"
status=0
said=$(as_user "$program" status) || status=$?
is "status succeeds for users" 0 $status
like "users see engagements" 'ks_target_int +-EPERM +engaged' "$said"
sleep 1.1
tool status --max-age 1s
is "an old engagement is a problem" 3 $status
like "there is a warning about its age" \
	'warning: ks_target_int has been engaged for [0-9]+s, more than 1s' "$said"
if [[ -w /sys/kernel/debug/kprobes/enabled ]]; then
	echo 0 >/sys/kernel/debug/kprobes/enabled
	tool status
	echo 1 >/sys/kernel/debug/kprobes/enabled
	is "a disarmed engagement is a problem" 3 $status
	like "there is a warning about the disarmed probe" \
		'warning: ks_target_int RUNS: its probe is disarmed' "$said"
	tool status
	is "a rearmed engagement is no problem" 0 $status
fi

# Callers.
as_user cat "$TARGET/call/ks_target_int" >/dev/null
tool why ks_target_int
is "why succeeds" 0 $status
like "users are shown as callers" '1 +user +\(cat\) .* ks_call_int\+0x' "$said"
like "root is shown as a caller" '1 +root +\(cat\) ' "$said"
tool why ks_target_early
is "why fails without an engagement" 1 $status
if command -v ausearch >/dev/null; then
	need_audit_log
	call ks_target_other >/dev/null
	cat "$KS/engaged" >/dev/null
	sync-audit
	tool why ks_target_other
	like "why shows audit records of an ended engagement" \
		'op=disengage func="?ks_target_other"?|tcontext=ks_target_other' "$said"
fi

# Live calls.
"$program" watch --interval 100ms --for 3s ks_target_other >/tmp/watched &
sleep 1
call ks_target_other >/dev/null
call ks_target_int >/dev/null
wait $!
like "watch prints new calls" \
	'^[-0-9]+T[0-9:]+Z ks_target_other engaged: 1 call returned -EIO, [0-9]+ in all$' \
	"$(</tmp/watched)"
tracing=/sys/kernel/tracing
mountpoint -q $tracing || mount -t tracefs none $tracing || :
if [[ -d $tracing/events/killswitch/call ]]; then
	"$program" watch --trace ks_target_other >/tmp/traced &
	traced=$!
	instance=$tracing/instances/killswitch-$traced
	check "watch uses a trace instance" eventually has_line \
		"$instance/events/killswitch/call/enable" 1
	call ks_target_other >/dev/null
	call ks_target_int >/dev/null
	check "watch prints each call" eventually has_line /tmp/traced \
		'cat-[0-9]+ .* call: function=ks_target_other .* value=-5 action=returned'
	kill $traced
	status=0
	wait $traced || status=$?
	is "a signal ends watch" 0 $status
	is "watch prints only the given function" 1 "$(wc -l </tmp/traced)"
	check_not "the trace instance is removed" test -d "$instance"
else
	skip "calls are traced" "no event tracing"
fi

# Releases.
tool lift "$CVE" ticket-4711
is "lift with one unknown reason is a partial success" 3 $status
like "the unknown reason is reported" \
	'nothing is engaged by the name or for the reason ticket-4711' "$said"
check "engagements for the reason are released" is_gone ks_target_int
check "reasons with several words match" is_gone ks_target_other
is "other engagements stay" nonroot "$(engaged_field ks_target_long scope)"
tool lift ks_target_long
is "lift by name succeeds" 0 $status
check "the function is released by name" is_gone ks_target_long
tool lift "$CVE"
is "lift fails if nothing matches" 1 $status
tool disengage ks_target_long
is "disengage fails without an engagement" 1 $status
tool disengage --all
is "disengage --all succeeds" 0 $status
is "nothing is engaged" "" "$(<"$KS/engaged")"

# answer: the state of the CVE, for a kernel version without the fix.
answer()
{
	tool cve "$CVE" --release 6.12.80 --json
	json '"{state}: {reason}".format(**it["cves"][0])'
}

if can_encrypt; then
	like "the kernel is exposed" '^exposed: ' "$(answer)"
	tool engage af_alg_sendmsg -EPERM --reason $CVE
	check "the entry point is closed" encrypt_fails
	like "the kernel is mitigated, with the number of calls" \
		'^mitigated: .*af_alg_sendmsg returns -1, [1-9][0-9]* calls? so far' "$(answer)"
	tool lift $CVE
	check "the entry point is open again" encrypt
	like "the kernel is exposed again" '^exposed: ' "$(answer)"
else
	skip "the entry point is closed" "no af_alg_encrypt"
fi

tool seal </dev/null
is "seal succeeds" 0 $status
tool engage ks_target_int -1
is "engage is refused after seal" 1 $status
tool status
like "status is sealed" '; sealed, tainted;' "$said"
finish
