#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# killswitch apply engages what the files of a directory say. To be run with it in
# the current directory, or in the PATH.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

# load: gives the commands in $directory; what was said is in $said.
load()
{
	status=0
	said=$("$program" apply "$directory" 2>&1) || status=$?
}

# conf NAME LINE...: makes a file.
conf()
{
	local name=$1

	shift
	printf '%s\n' "$@" >"$directory/$name.conf"
}

# state FUNCTION: the state and the value that it returns.
state()
{
	[[ ! -e $KS/fn/$1 ]] || echo "$(<"$KS/fn/$1/state") $(<"$KS/fn/$1/retval")"
}

begin
program=$(PATH=.:$PATH command -v killswitch) || skip_all "there is no killswitch"
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
conf 10-first "engage af_alg_sendmsg -EPERM"

if [[ ! -d $KS ]]; then
	load
	is "without Killswitch it fails" 2 $status
	like "and says so" 'NOTHING of .* is engaged' "$said"
	rm "$directory"/*.conf
	load
	is "but not if there is nothing to engage" 0 $status
	finish
fi

control disengage_all
load_target
conf 10-first "# CVE-2026-31431" "" "  engage af_alg_sendmsg -EPERM reason=two words  " \
	"engage af_alg_accept -EPERM"
conf 20-second "engage ks_target_int -5 scope=nonroot" "engage no_such_module:function void"
echo "engage ks_target_other -1" >"$directory/ignored"
load
is "all files are loaded" 0 $status
is "the first line" "engaged -1" "$(state af_alg_sendmsg)"
like "its reason" 'reason="two words"' "$(<"$KS/engaged")"
is "the second line" "engaged -1" "$(state af_alg_accept)"
is "the second file" "engaged -5" "$(state ks_target_int)"
is "its scope" nonroot "$(<"$KS/fn/ks_target_int/scope")"
is "what waits for its module" "armed 0" "$(state no_such_module:function)"
is "what is no .conf is left alone" "" "$(state ks_target_other)"
like "it says what was done" 'engaged af_alg_accept' "$said"

cat "$TARGET/call/ks_target_int" >/dev/null
before=$(<"$KS/engaged")
load
is "once more" 0 $status
is "nothing has changed" "$before" "$(<"$KS/engaged")"

check_not "without a warning" grep -q 'stay as they are' <<<"$said"

conf 20-second "engage ks_target_int -6 scope=nonroot" "engage ks_target_long -7"
load
is "with other values" 0 $status
is "the value is another one" "engaged -6" "$(state ks_target_int)"
is "and there is one more function" "engaged -7" "$(state ks_target_long)"
like "and the kernel log says for whom" 'changed ks_target_int: it returns -6 .* to all but root' \
	"$(messages)"
check_not "there is no warning" grep -q 'stay as they are' <<<"$said"

conf 10-first "engage af_alg_sendmsg -EPERM reason=other words" "engage af_alg_accept -EPERM"
conf 20-second "engage ks_target_int -6"
load
is "with another scope and another reason" 0 $status
like "there is a warning for the reason" 'reason of af_alg_sendmsg stay as they are' "$said"
like "and for the scope" 'scope and reason of ks_target_int stay as they are' "$said"
is "and for nothing else" 2 "$(grep -c 'stay as they are' <<<"$said")"
is "the scope is what it was" nonroot "$(<"$KS/fn/ks_target_int/scope")"

conf 20-second "engage ks_target_int 2147483648 scope=nonroot" "engage ks_target_long -7"
load
is "with a value that is refused for what is engaged it fails, in part" 3 $status
like "it says which" '20-second.conf: ks_target_int .* 2147483648 was not taken: ' "$said"
like "and why" 'Numerical result out of range' "$said"
is "the value is what it was" "engaged -6" "$(state ks_target_int)"
like "the kernel log says more" 'ks_target_int.* 2147483648' "$(messages | tail -n 3)"

some="if=\$uid==77&&\$comm!=\"a b\" for=86400"
conf 20-second "engage ks_target_long -7" \
	"engage ks_target_fails -1 scope=nonroot $some reason=some calls"
load
is "with a condition and a time" 0 $status
is "it is engaged" "engaged -1" "$(state ks_target_fails)"
load
is "once more" 0 $status
check_not "there is no warning" grep -qE 'of ks_target_fails stays? as' <<<"$said"

conf 15-wrong "engage ks_target_other -1" "engage security_file_open 0" "engage af_alg_sendmsg -5"
conf 30-last "engage ks_target_other -3"
mkdir "$directory/40-directory.conf"
load
is "with a file that is refused it fails, in part" 3 $status
like "it says which" 'NOTHING of .*15-wrong.conf was done' "$said"
like "and why" 'rule lsm-entry' "$said"
is "no other value is given" "engaged -1" "$(state af_alg_sendmsg)"
is "the files behind it are loaded" "engaged -3" "$(state ks_target_other)"
like "what cannot be read is told" '40-directory.conf cannot be read' "$said"

# Lines count as they stand in the file.
rm -r "$directory"/*.conf
conf 10-first "# one" "engage af_alg_sendmsg -EPERM" "" "engage ks_target_early -1" \
	"engage security_file_open 0"
load
is "with a refused line behind others it fails" 1 $status
like "it says which line of the file" 'refused in line 5: ' "$said"

# What no kernel reads is wrong all the same.
conf 10-first "engage af_alg_sendmsg -EPERM" "disengage_all" "engage ks_target_early -1"
load
is "another command is refused" 1 $status
like "it says which" "10-first.conf was done: line 2: 'disengage_all' is no command" "$said"
is "nothing is disengaged" "engaged -1" "$(state af_alg_sendmsg)"
is "and nothing engaged" "" "$(state ks_target_early)"
for rest in extra "scope=some" "scope=all extra" "reason="; do
	conf 10-first "engage ks_target_early -1" "engage af_alg_sendmsg -5 $rest"
	load
	is "so is '$rest'" 1 $status
	like "it says which" "10-first.conf was done: line 2: '$rest' is not" "$said"
	is "no value is given" "engaged -1" "$(state af_alg_sendmsg)"
	is "nothing is engaged" "" "$(state ks_target_early)"
done

# A condition is not changed silently, either.
control disengage_all
conf 10-first "engage ks_target_int -1 if=\$uid==77"
load
is "with a condition" 0 $status
conf 10-first "engage ks_target_int -1"
load
is "without it" 0 $status
like "there is a warning" 'the condition of ks_target_int stays as it is' "$said"
is "it is what it was" "\"\$uid==77\"" "$(engaged_field ks_target_int if)"

# What another user could have written is not what root is to do.
control disengage_all
chmod o+w "$directory/10-first.conf"
load
is "a file that others may write to is refused" 1 $status
like "it says why" '10-first.conf cannot be read: NOTHING .*others .* could change it' "$said"
is "nothing of it is engaged" "" "$(state ks_target_int)"
chmod o-w "$directory/10-first.conf"

# The journal has levels.
conf 10-first "engage ks_target_int -1" "disengage_all"
said=$(INVOCATION_ID=1 "$program" apply "$directory" 2>&1) || :
like "for the journal it is an error" '^<3>killswitch: NOTHING of .*10-first.conf was done' "$said"
conf 10-first "mitigate CVE-0000-0"
load
is "a CVE that is not known is an error" 1 $status
like "it says which" '10-first.conf was done: line 1: CVE-0000-0: ' "$said"

# This kernel has the fix, which came with 7.0.
conf 10-first "mitigate CVE-2026-31431"
load
is "a CVE that is fixed is no error" 0 $status
like "it says that it is skipped" '10-first.conf: CVE-2026-31431 is skipped: it has the fix' "$said"
is "and nothing is engaged" "" "$(state af_alg:af_alg_sendmsg)"

# What is there and stops no call is not engaged.
control disengage_all
accepted "a function is watched" "tryengage ks_target_int -1 1000"
conf 10-first "engage ks_target_int -1"
load
is "which is no engagement" 1 $status
like "it says so" 'ks_target_int is probing, and RUNS' "$said"
control disengage_all
conf 10-first "engage no_such_module:function -1"
load
load
is "what is armed is as it should be" 0 $status
like "it says so" 'no_such_module:function is armed already' "$said"

control disengage_all
rm -r "$directory"/*.conf
conf 10-first "engage af_alg_sendmsg -EPERM"
chmod -R a+rX "$directory"
status=0
said=$(as_user "$program" apply "$directory" 2>&1) || status=$?
is "users cannot" 1 $status
like "and are told" 'NOTHING of .*10-first.conf was done: .*Permission denied' "$said"
is "nothing is engaged" "" "$(<"$KS/engaged")"
finish
