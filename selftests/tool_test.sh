#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The program killswitch does what the files do, and shows what they say. To be run
# with it in the current directory, or in the PATH. It seals Killswitch in the end.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

CVE='CVE-2026-31431'

# tool ARGUMENT...: runs it; what it said is in $said, and its exit status in $status.
tool()
{
	status=0
	said=$("$program" "$@" 2>&1) || status=$?
}

# json EXPRESSION: evaluates it in Python, where "it" is what the program said.
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
program=$(PATH=.:$PATH command -v killswitch) || skip_all "there is no killswitch"
program=$(readlink -f "$program")

if [[ ! -d $KS ]]; then
	for command in status "check f -1" "engage f -1" "lift f" "why f"; do
		# shellcheck disable=SC2086 # words
		tool $command
		is "without Killswitch '$command' is not available" 2 $status
		like "and says why" 'is killswitch in lsm=\?$' "$said"
	done
	finish
fi

control disengage_all
load_target
# So that users can call what is engaged.
chmod 755 /sys/kernel/debug

# Asking.
tool check ks_target_int -7
is "what is allowed" 0 $status
like "is said to be" '^allow ks_target_int -7'$'\n''  function: ks_target_int in module' "$said"
tool check security_file_open 0
is "what is refused" 1 $status
like "says which rule refuses" '^refuse security_file_open 0 lsm-entry'$'\n' "$said"
tool check ks_target_int -7 security_file_open 0 --json
is "of two, one is allowed" 3 $status
is "as programs read it" "allow refuse lsm-entry" \
	"$(json '" ".join([v["verdict"] for v in it["verdicts"]] + [it["verdicts"][1]["why"]])')"
is "the kernel's sentences are there" "$(ask security_file_open 0 | sed '1d; s/^ *//')" \
	"$(tool check security_file_open 0 --json
	json '"\n".join(it["verdicts"][0]["details"])')"
tool engage ks_target_int -7 --dry-run
is "a rehearsal" 0 $status
like "says what it would write" '^would write: engage ks_target_int -7'$'\n''allow' "$said"
check "and changes nothing" is_gone ks_target_int

# The kernel that runs, in its files.
if [[ -e /boot/vmlinuz-$(uname -r) ]]; then
	functions=(af_alg_sendmsg af_alg_pull_tsgl commit_creds security_file_open)
	printf '%s,-1\n' function,value "${functions[@]}" | sed '1s/,-1$//' >/tmp/list
	tool scan --list /tmp/list
	is "the files of the kernel are read" 0 $status
	line='^([^,]*),-1,all,([^,]*),([^,]*),.*'
	in_files=$(sed -E "1d; s/$line/\2 \1 -1 \3/; s/ $//" <<<"$said")
	# shellcheck disable=SC2046 # words
	tool check $(printf '%s -1 ' "${functions[@]}")
	is "and give its verdicts" "$(sed '/^ /d; s/  */ /g' <<<"$said")" "$in_files"
	is "of which each is one" 4 "$(grep -cE '^(allow|refuse) ' <<<"$in_files")"
else
	skip "the files of the kernel are read" "there is no kernel in /boot"
fi

# Engaging.
tool engage ks_target_int -EPERM --reason "$CVE"
is "a function is engaged" 0 $status
like "in the kernel's words" \
	'^engaged ks_target_int: it returns -1 \(-EPERM\) without running' "$said"
is "it is" -1 "$(call ks_target_int)"
is "its reason is known" "\"$CVE\"" "$(engaged_field ks_target_int reason)"
tool engage ks_target_other -1 security_file_open 0
is "a transaction of which one is refused" 1 $status
like "says which" '^refused in line 2: engage security_file_open 0: .*rule lsm-entry' "$said"
check "engages nothing" is_gone ks_target_other
cat <<END >/tmp/requests
# Two, and one of them for users only.
engage ks_target_other -5 reason=see $CVE, and others
  engage ks_target_long -7 scope=nonroot for=3600
END
tool engage --file - </tmp/requests
is "several from a file" 0 $status
is "are engaged" "-5 nonroot" \
	"$(engaged_field ks_target_other retval) $(engaged_field ks_target_long scope)"
tool keep ks_target_long
is "one is kept" 0 $status
is "and has no end" "" "$(engaged_field ks_target_long timeout_left)"
modprobe -r x25
tool engage x25:x25_create -EPERM
is "a module that is not loaded is no failure" 0 $status
tool observe alg_bind --for 1h
is "a function is observed" 0 $status
tool engage "nothing -1 reason=x"
is "what is not there is refused" 1 $status
like "for this reason" 'there is no function of this name' "$said"
status=0
said=$(as_user "$program" engage ks_target_early -1 2>&1) || status=$?
is "users are refused" 1 $status
like "and learn why" 'control: Permission denied' "$said"

# Its state.
tool status
is "all is as it should be" 0 $status
like "the status is a table" 'TARGET +VALUE +STATE +HITS' "$said"
like "with what is engaged" "ks_target_int +-EPERM +engaged +1 +1 +all +[0-9]+s .* $CVE" "$said"
like "what is armed" 'x25:x25_create +-EPERM +armed' "$said"
like "and what is observed" 'alg_bind +- +observing .* (1h|59m [0-9]+s)' "$said"
tool status --json
is "programs read how many" 5 "$(json 'it["engagements"]')"
is "and which" "ks_target_int -1 engaged $CVE False" \
	"$(json '" ".join(str(it["engaged"][0][k])
		for k in ("target", "value", "state", "reason", "age_at_most"))')"
tool status --openmetrics
like "metrics count hits" \
	"killswitch_hits_total\{target=\"ks_target_int\",scope=\"all\",reason=\"$CVE\"\} 1"$'\n' \
	"$said"
tool status --cve --json
is "the state of CVEs is there" "fixed" \
	"$(json "' '.join(c['state'] for c in it['cves'] if c['id'] == '$CVE')")"
like "with what to do" 'what is engaged against it can be lifted$' \
	"$(json "' '.join(c['reason'] for c in it['cves'] if c['id'] == '$CVE')")"
tool status --openvex
is "also for scanners" 0 $status
is "as they read it" "fixed" "$(json "' '.join(s['status'] for s in it['statements']
	if s['vulnerability']['name'] == '$CVE')")"
tool status --cve --openmetrics
like "and for a monitor" "killswitch_cve\{cve=\"$CVE\",state=\"fixed\"\} 1"$'\n' "$said"
status=0
said=$(as_user "$program" status) || status=$?
is "users see it too" 0 $status
like "but for the time since when" 'ks_target_int +-EPERM +engaged' "$said"
sleep 1.1
tool status --max-age 1s
is "what is old" 3 $status
like "is warned of" 'warning: ks_target_int has been engaged for [0-9]+s, more than 1s' "$said"
if [[ -w /sys/kernel/debug/kprobes/enabled ]]; then
	echo 0 >/sys/kernel/debug/kprobes/enabled
	tool status
	echo 1 >/sys/kernel/debug/kprobes/enabled
	is "what does not work" 3 $status
	like "is warned of" 'warning: ks_target_int RUNS: its probe is off' "$said"
	tool status
	is "until it does" 0 $status
fi

# Who is stopped.
as_user cat "$TARGET/call/ks_target_int" >/dev/null
tool why ks_target_int
is "who is stopped" 0 $status
like "is shown" '1 +user +\(cat\) .* ks_call_int\+0x' "$said"
like "and root" '1 +root +\(cat\) ' "$said"
tool why ks_target_early
is "of what is not engaged nothing is known" 1 $status
if command -v ausearch >/dev/null; then
	need_audit_log
	call ks_target_other >/dev/null
	cat "$KS/engaged" >/dev/null
	sync-audit
	tool why ks_target_other
	like "the audit log has the decision" \
		'op=disengage func="?ks_target_other"?|tcontext=ks_target_other' "$said"
fi

# Calls as they come.
"$program" watch --interval 100ms --for 3s ks_target_other >/tmp/watched &
sleep 1
call ks_target_other >/dev/null
call ks_target_int >/dev/null
wait $!
like "calls are seen" \
	'^[-0-9]+T[0-9:]+Z ks_target_other engaged: 1 call returned -EIO, [0-9]+ in all$' \
	"$(</tmp/watched)"
tracing=/sys/kernel/tracing
mountpoint -q $tracing || mount -t tracefs none $tracing || :
if [[ -d $tracing/events/killswitch/call ]]; then
	"$program" watch --trace ks_target_other >/tmp/traced &
	traced=$!
	instance=$tracing/instances/killswitch-$traced
	check "calls are traced by an instance" eventually has_line \
		"$instance/events/killswitch/call/enable" 1
	call ks_target_other >/dev/null
	call ks_target_int >/dev/null
	check "each is seen" eventually has_line /tmp/traced \
		'cat-[0-9]+ .* call: function=ks_target_other .* value=-5 action=returned'
	kill $traced
	status=0
	wait $traced || status=$?
	is "a signal ends it" 0 $status
	is "with only what was asked for" 1 "$(wc -l </tmp/traced)"
	check_not "and the instance is gone" test -d "$instance"
else
	skip "calls are traced" "no tracing of events"
fi

# Releasing.
tool lift "$CVE" ticket-4711
is "of two reasons one is known" 3 $status
like "the other is named" 'nothing is engaged by the name or reason ticket-4711' "$said"
check "what it was for is released" is_gone ks_target_int
check "also where it is one of several words" is_gone ks_target_other
is "and nothing else" nonroot "$(engaged_field ks_target_long scope)"
tool lift ks_target_long
is "by its name" 0 $status
check "it is gone" is_gone ks_target_long
tool lift "$CVE"
is "there is nothing more" 1 $status
tool disengage ks_target_long
is "what is not engaged cannot be released" 1 $status
tool disengage --all
is "all is released" 0 $status
is "nothing is engaged" "" "$(<"$KS/engaged")"

# answer: what the program says of the CVE, if this kernel is taken for one without the fix.
answer()
{
	tool cve "$CVE" --release 6.12.80 --json
	json '"{state}: {reason}".format(**it["cves"][0])'
}

if can_encrypt; then
	like "a kernel is exposed" '^exposed: ' "$(answer)"
	tool engage af_alg_sendmsg -EPERM --reason $CVE
	check "the way in is closed" encrypt_fails
	like "that is known, and how often it was tried" \
		'^mitigated: .*af_alg_sendmsg returns -1, [1-9][0-9]* calls? so far' "$(answer)"
	tool lift $CVE
	check "and opened" encrypt
	like "which is known, too" '^exposed: ' "$(answer)"
else
	skip "the way in is closed" "there is no af_alg_encrypt"
fi

tool seal </dev/null
is "it is sealed" 0 $status
tool engage ks_target_int -1
is "after that nothing is engaged" 1 $status
tool status
like "and it shows" '; sealed, tainted;' "$said"
finish
