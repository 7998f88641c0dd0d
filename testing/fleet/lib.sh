# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the stories of a fleet share: the collection, installed in $tmp, and plays with it, after
# selftests/lib.sh.

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
top=${here%/testing/fleet}
# shellcheck source=../../selftests/lib.sh
. "$top/selftests/lib.sh"
tmp=$(mktemp -d "${TMPDIR:-/tmp}/killswitch-fleet.XXXXXX")
inventory=$tmp/inventory
cve=CVE-2026-31431
lines='["engage af_alg:af_alg_sendmsg -EPERM", "engage x25:x25_create -EPERM"]'
export ANSIBLE_HOME=$tmp/ansible ANSIBLE_COLLECTIONS_PATH=$tmp ANSIBLE_NOCOLOR=1 \
	ANSIBLE_LOCALHOST_WARNING=false ANSIBLE_INVENTORY=$inventory LC_ALL=C.UTF-8

ansible-galaxy collection install "$top/packaging/ansible" -p "$tmp" --no-deps --offline >/dev/null

# play PLAYBOOK VARIABLES OPTION...: plays it, with more variables in JSON. Sets said, status and
# seconds, of a processor.
play()
{
	local book=$1 variables=$2 TIMEFORMAT='%U %S'

	shift 2
	status=0
	{
		time said=$(ansible-playbook "killswitch.fleet.$book" "$@" -e "{
			\"killswitch_name\": \"$cve\", \"killswitch_lines\": $lines,
			\"killswitch_observe_seconds\": 0 $variables}" 2>&1)
	} 2>"$tmp/seconds" || status=$?
	# shellcheck disable=SC2034 # fleet/run reports it
	seconds=$(awk '{ print $1 + $2 }' "$tmp/seconds")
	echo "$said" >>"$tmp/log"
}

# of HOST: its line in the report.
of()
{
	sed -n "s/^ *\"$1: \\(.*\\)\",\\?$/\\1/p" <<<"$said"
}

# changes HOST: how many tasks have changed it.
changes()
{
	sed -n "s/^$1 .*changed=\\([0-9]*\\).*/\\1/p" <<<"$said"
}
