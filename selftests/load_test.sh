#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What engages the functions that /etc/killswitch.d names. To be run with
# killswitch-load in the current directory, or in the PATH.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

# load: gives the commands in $directory; what was said is in $said.
load()
{
	status=0
	said=$("$loader" "$directory" 2>&1) || status=$?
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
loader=$(PATH=.:$PATH command -v killswitch-load) || skip_all "there is no killswitch-load"
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

conf 20-second "engage ks_target_int -6" "engage ks_target_long -7"
load
is "with other values" 0 $status
is "the value is another one" "engaged -6" "$(state ks_target_int)"
is "and there is one more function" "engaged -7" "$(state ks_target_long)"

conf 15-wrong "engage ks_target_other -1" "engage security_file_open 0" "engage af_alg_sendmsg -2"
conf 30-last "engage ks_target_other -3"
mkdir "$directory/40-directory.conf"
load
is "with a file that is refused it fails" 1 $status
like "it says which" 'NOTHING of .*15-wrong.conf was done' "$said"
like "and why" 'rule lsm-entry' "$said"
is "no other value is given" "engaged -1" "$(state af_alg_sendmsg)"
is "the files behind it are loaded" "engaged -3" "$(state ks_target_other)"
like "what cannot be read is told" '40-directory.conf cannot be read' "$said"

control disengage_all
rm -r "$directory"/*.conf
conf 10-first "engage af_alg_sendmsg -EPERM"
chmod -R a+rX "$directory"
status=0
said=$(setpriv --reuid=65534 --regid=65534 --clear-groups "$loader" "$directory" 2>&1) || status=$?
is "users cannot" 1 $status
like "and are told" 'Permission denied' "$said"
is "nothing is engaged" "" "$(<"$KS/engaged")"
finish
