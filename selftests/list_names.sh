#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Lists names for the tests, from the sources of the kernel and of the policy.
usage="\
Usage: list_names.sh base DIR       the table of rule security-base in DIR/policy/base:
                                    for each name or pattern, the kind of its line
       list_names.sh callbacks DIR  what the modules in DIR/security register:
                                    the name of the module, and of the function
"
set -euo pipefail

case $#,${1:-} in
2,base)
	# never("why", &["name", "name"]) or named(0, "why", &["name"]), and zero() for the latter
	kinds='never|errno|zero|one|spared|named|named_spared'
	cat "$2"/policy/base/*.rs | sed 's|//.*||' | tr -d '\n' |
		grep -oE '\b('"$kinds"')\( *(-?[0-9]+, *)?"[^"]*", *&\[[^]]*\]' |
		awk -F '"' '{
			split($1, words, /[(,]/)
			gsub(/ /, "", words[2])
			kind = words[1]
			if (kind == "zero")
				kind = "named0"
			else if (kind == "one")
				kind = "named1"
			else if (kind == "named")
				kind = kind words[2]
			for (i = 4; i < NF; i += 2)
				print kind, $i
		}'
	;;
2,callbacks)
	grep -rl --include='*.c' 'LSM_HOOK_INIT(' "$2/security" | sort | while read -r file; do
		module=$(basename "$(dirname "$file")")
		[[ $module != security ]] || module=capability
		tr -d ' \t\n' <"$file" |
			{ grep -oE 'LSM_HOOK_INIT\([a-z0-9_]+,[a-z0-9_]+\)' || :; } |
			sed -E "s/.*,(.*)\)/$module \1/"
	done
	;;
*)
	printf '%s' "$usage" >&2
	exit 1
	;;
esac
