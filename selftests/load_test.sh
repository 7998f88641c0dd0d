#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# killswitch apply engages the commands in the files of a directory. Run with killswitch in the
# current directory, or in the PATH.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

# load: applies $directory; sets $said to the output and $status.
load()
{
	status=0
	said=$("$program" apply "$directory" 2>&1) || status=$?
}

# conf NAME LINE...: creates a file.
conf()
{
	local name=$1

	shift
	printf '%s\n' "$@" >"$directory/$name.conf"
}

# state FUNCTION: its state and value.
state()
{
	[[ ! -e $KS/fn/$1 ]] || echo "$(<"$KS/fn/$1/state") $(<"$KS/fn/$1/retval")"
}

begin
program=$(PATH=.:$PATH command -v killswitch) || skip_all "killswitch is missing"
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
conf 10-first "engage af_alg_sendmsg -EPERM"

if [[ ! -d $KS ]]; then
	load
	is "it fails without Killswitch" 2 $status
	like "it reports that nothing is engaged" 'NOTHING of .* is engaged' "$said"
	rm "$directory"/*.conf
	load
	is "it succeeds without files" 0 $status
	finish
fi

control disengage_all
load_target
conf 10-first "# CVE-2026-31431" "" "  engage af_alg_sendmsg -EPERM reason=two words  " \
	"engage af_alg_accept -EPERM"
conf 20-second "engage ks_target_int -5 scope=nonroot" "engage no_such_module:function void"
echo "engage ks_target_other -1" >"$directory/ignored"
load
is "all files are applied" 0 $status
is "the first line is engaged" "engaged -1" "$(state af_alg_sendmsg)"
like "its reason is set" 'reason="two words"' "$(<"$KS/engaged")"
is "the second line is engaged" "engaged -1" "$(state af_alg_accept)"
is "the second file is engaged" "engaged -5" "$(state ks_target_int)"
is "its scope is set" nonroot "$(<"$KS/fn/ks_target_int/scope")"
is "a function of an unloaded module is armed" "armed 0" "$(state no_such_module:function)"
is "other files are ignored" "" "$(state ks_target_other)"
like "it prints the kernel's answers" 'engaged af_alg_accept' "$said"

cat "$TARGET/call/ks_target_int" >/dev/null
before=$(<"$KS/engaged")
load
is "applying again succeeds" 0 $status
is "nothing changes" "$before" "$(<"$KS/engaged")"

check_not "there is no warning" grep -q 'are not changed' <<<"$said"

conf 20-second "engage ks_target_int -6 scope=nonroot" "engage ks_target_long -7"
load
is "changed values are applied" 0 $status
is "the value is changed" "engaged -6" "$(state ks_target_int)"
is "a new function is engaged" "engaged -7" "$(state ks_target_long)"
like "the kernel log has the scope" 'changed ks_target_int: it returns -6 .* to all but root' \
	"$(messages)"
check_not "there is no warning about values" grep -q 'are not changed' <<<"$said"

conf 10-first "engage af_alg_sendmsg -EPERM reason=other words" "engage af_alg_accept -EPERM"
conf 20-second "engage ks_target_int -6"
load
is "a wider scope in the file is a partial failure" 3 $status
like "it reports that calls pass" '20-second.conf: calls of ks_target_int pass' "$said"
check_not "another reason is no failure" grep -q 'calls of af_alg_sendmsg' <<<"$said"
like "there is a warning about the reason" 'reason of af_alg_sendmsg are not changed' "$said"
like "there is a warning about the scope" 'scope and reason of ks_target_int are not changed' \
	"$said"
is "there are no other warnings" 2 "$(grep -c 'are not changed' <<<"$said")"
is "the scope is unchanged" nonroot "$(<"$KS/fn/ks_target_int/scope")"

conf 20-second "engage ks_target_int 2147483648 scope=nonroot" "engage ks_target_long -7"
load
is "a refused value of an engaged function is a partial failure" 3 $status
like "it reports the function" \
	'20-second.conf was done: refused ks_target_int 2147483648: .*rule return-type' "$said"
is "the value is unchanged" "engaged -6" "$(state ks_target_int)"
conf 20-second "engage ks_target_other -1" "engage ks_target_int 2147483648 scope=nonroot"
load
is "nothing else of the file is engaged" "" "$(state ks_target_other)"

some="if=\$uid==77&&\$comm!=\"a b\" for=86400"
conf 20-second "engage ks_target_long -7" \
	"engage ks_target_fails -1 scope=nonroot $some reason=some calls"
load
is "a condition and a time limit are applied" 0 $status
is "the function is engaged" "engaged -1" "$(state ks_target_fails)"
load
is "applying them again succeeds" 0 $status
check_not "there is no warning about the condition" grep -qE \
	'of ks_target_fails (is|are) not changed' <<<"$said"

conf 15-wrong "engage ks_target_other -1" "engage security_file_open 0" "engage af_alg_sendmsg -5"
conf 30-last "engage ks_target_other -3"
mkdir "$directory/40-directory.conf"
load
is "a refused file is a partial failure" 3 $status
like "it reports the file" 'NOTHING of .*15-wrong.conf was done' "$said"
like "it reports the rule" 'rule lsm-entry' "$said"
is "no value is changed by the refused file" "engaged -1" "$(state af_alg_sendmsg)"
is "later files are applied" "engaged -3" "$(state ks_target_other)"
like "an unreadable file is reported" '40-directory.conf cannot be read' "$said"

# Line numbers are those of the file.
rm -r "$directory"/*.conf
conf 10-first "# one" "engage af_alg_sendmsg -EPERM" "" "engage ks_target_early -1" \
	"engage security_file_open 0"
load
is "a refused line is an error" 1 $status
like "it reports the line of the file" 'refused in line 5: ' "$said"

# Lines that are not passed to the kernel are checked, too.
conf 10-first "engage af_alg_sendmsg -EPERM" "disengage_all" "engage ks_target_early -1"
load
is "other commands are refused" 1 $status
like "it reports the command" "10-first.conf was done: line 2: 'disengage_all' is not allowed" \
	"$said"
is "nothing is disengaged" "engaged -1" "$(state af_alg_sendmsg)"
is "nothing is engaged" "" "$(state ks_target_early)"
for rest in extra "scope=some" "scope=all extra" "for=0"; do
	conf 10-first "engage ks_target_early -1" "engage af_alg_sendmsg -5 $rest"
	load
	is "'$rest' is refused" 1 $status
	like "it reports '$rest'" "10-first.conf was done: line 2: .*'(extra|some|0)'" "$said"
	is "no value is changed with '$rest'" "engaged -1" "$(state af_alg_sendmsg)"
	is "nothing is engaged with '$rest'" "" "$(state ks_target_early)"
done

# A changed condition is reported, too.
control disengage_all
conf 10-first "engage ks_target_int -1 if=\$uid==77"
load
is "a condition is applied" 0 $status
conf 10-first "engage ks_target_int -1"
load
is "the file without it is a partial failure" 3 $status
like "it reports that calls pass" 'calls of ks_target_int pass' "$said"
like "there is a warning about the condition" 'the condition of ks_target_int is not changed' \
	"$said"
is "the condition is unchanged" "\"\$uid==77\"" "$(engaged_field ks_target_int if)"

# A time limit that the file does not have is removed.
control disengage_all
conf 10-first "engage ks_target_int -1"
accepted "engage a function for some time" "engage ks_target_int -1 for=1000"
said=$("$program" apply --dry-run "$directory" 2>&1)
like "a dry run reports that the limit would be removed" 'would write: keep ks_target_int' "$said"
load
is "the file without a time limit is applied" 0 $status
like "it reports the removed limit" 'kept ks_target_int' "$said"
is "there is no time limit" "" "$(engaged_field ks_target_int timeout_left)"

# Files that other users can write are not applied.
control disengage_all
chmod o+w "$directory/10-first.conf"
load
is "a file that others can write is refused" 1 $status
like "it reports the reason" \
	'10-first.conf cannot be read: NOTHING .*users other .* can change .*10-first.conf' \
	"$said"
is "nothing of it is engaged" "" "$(state ks_target_int)"
chmod o-w "$directory/10-first.conf"
chmod o+w "$directory"
load
is "a directory that others can write is refused" 2 $status
like "it reports the directory" "NOTHING of $directory .*users other .* can change $directory" \
	"$said"
chmod o-w "$directory"
status=0
said=$("$program" apply "$directory/none" 2>&1) || status=$?
is "a missing directory is an error" 2 $status

# Log levels for the journal.
conf 10-first "engage ks_target_int -1" "disengage_all"
said=$(INVOCATION_ID=1 "$program" apply "$directory" 2>&1) || :
like "it has the error level" '^<3>killswitch: NOTHING of .*10-first.conf was done' "$said"
conf 10-first "mitigate CVE-0000-0"
load
is "an unknown CVE is an error" 1 $status
like "it reports the CVE" '10-first.conf was done: line 1: CVE-0000-0: ' "$said"

# This kernel has the fix, which was released in 7.0.
conf 10-first "mitigate CVE-2026-31431"
load
is "a fixed CVE is not an error" 0 $status
like "the fixed CVE is reported as skipped" \
	'10-first.conf: CVE-2026-31431 is skipped: it has the fix' "$said"
is "nothing is engaged for the fixed CVE" "" "$(state af_alg:af_alg_sendmsg)"

# A function that is only watched is not engaged.
control disengage_all
accepted "watch a function" "tryengage ks_target_int -1 1000"
conf 10-first "engage ks_target_int -1"
load
is "a watched function is an error" 1 $status
like "it reports that the function runs" 'ks_target_int is probing, and RUNS' "$said"
control disengage_all
conf 10-first "engage no_such_module:function -1"
load
load
is "an armed function is a success" 0 $status
like "it reports that the function is armed" 'no_such_module:function is already armed' "$said"

control disengage_all
rm -r "$directory"/*.conf
conf 10-first "engage af_alg_sendmsg -EPERM"
chmod -R a+rX "$directory"
status=0
said=$(as_user "$program" apply "$directory" 2>&1) || status=$?
is "unprivileged users are refused" 1 $status
like "the error is reported" 'NOTHING of .*10-first.conf was done: .*Permission denied' "$said"
is "users engage nothing" "" "$(<"$KS/engaged")"
finish
