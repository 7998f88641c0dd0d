# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the parts of the demonstration share: steps, commands as typed, checks.

# Programs that scripts/demo built are beside this file.
PATH=$PWD:$PATH
KS=/sys/kernel/security/killswitch
step=0

# step TEXT: announces what follows.
step()
{
	printf '\n%d. %s\n\n' $((++step)) "$*"
}

# conclude TEXT: says what that showed.
conclude()
{
	printf '\n   => %s\n' "$*"
}

wrong()
{
	printf '\ndemo: step %d went wrong: %s\n' $step "$*"
	exit 1
}

show()
{
	local prompt=$1 command=$2

	shift 2
	printf '   %s %s\n' "$prompt" "$command"
	status=0
	out=$(cd $KS && "$@" bash -c "$command" 2>&1) || status=$?
	[[ ! $out ]] || printf '   %s\n' "${out//$'\n'/$'\n'   }"
}

# Shows a command of the administrator, or of an ordinary user, and its output.
admin()
{
	show "#" "$1"
}

user()
{
	show "user$" "$1" setpriv --reuid=user --regid=user --clear-groups
}

# works: the last command succeeded. fails: it did not.
works()
{
	((status == 0)) || wrong "the command failed with status $status"
}

fails()
{
	((status)) || wrong "the command succeeded"
}

# says REGEX...: the last output matches each; says_not REGEX: it does not.
says()
{
	local regex

	for regex; do
		[[ $out =~ $regex ]] || wrong "the output should match: $regex"
	done
}

says_not()
{
	[[ ! $out =~ $1 ]] || wrong "the output should not match: $1"
}

# login USER: sets the login UID, as pam_loginuid does. Audit records have it
# whatever the UID is later.
login()
{
	local id

	id=$(id -u "$1")
	echo "$id" >/proc/self/loginuid
}
