#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The policy on lists of functions and values (data/verdicts.tsv): bypasses are refused ("redteam",
# "bypass"), published mitigations are accepted ("mitigation"), and so are other ways to stop
# attacks ("cve", and "door", the ways into subsystems), or the answer suggests an accepted value or
# caller. Missing functions are counted, so load modules first.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

TABLE=$HERE/data/verdicts.tsv

# The rows of the table whose function exists: list, target, value, scope. Without a
# compiler-generated variant, the function has its plain name.
find_rows()
{
	awk '
		FNR == 1 { file++ }
		function symbol_of(target) {
			sub(/^.*:/, "", target)
			return target
		}
		file == 1 {
			name = symbol_of($2)
			wanted[name]
			sub(/\..*/, "", name)
			wanted[name]
		}
		file == 2 && $2 ~ /^[tTwW]$/ {
			gsub(/[][]/, "", $4)
			loaded[$4]
			if ($3 in wanted) {
				there[$3]
				owned[$3, $4]
			}
		}
		file == 3 && FNR > 1 {
			name = symbol_of($2)
			module = ""
			if (name != $2)
				module = substr($2, 1, length($2) - length(name) - 1)
			if (!(name in there))
				sub(/\..*/, "", name)
			# A module that is not loaded may be built in.
			if (module == "" ? name in there : (name, module) in owned ||
			    (!(module in loaded) && (name, "") in owned))
				print $1, (module == "" ? "" : module ":") name, $3, $4
		}' "$TABLE" /proc/kallsyms "$TABLE"
}

# offers TARGET VALUE SCOPE: the suggestions in a refusal, as requests.
offers()
{
	local said='would be accepted( with( scope=nonroot))?.*'

	ask "$1" "$2" "scope=$3" | sed -nE \
		-e "s/^  .* such as (-EPERM) $said/$1 \1\3/p" \
		-e "s/^  .* (-?[0-9]+) $said/$1 \1\3/p" \
		-e 's/^  instead: ([^ ]+ -?[0-9]+)( scope=nonroot)?,.*/\1\2/p'
}

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
[[ -e $TABLE ]] || skip_all "no table"
! grep -q '^types: none$' "$KS/status" || skip_all "the kernel has no type information"
load_all_modules
echo "# $(lsmod | tail -n +2 | wc -l) modules are loaded"
rows=$(mktemp) questions=$(mktemp) native=$(mktemp)
trap 'rm -f "$rows" "$questions" "$native"' EXIT
# Names of system call functions contain the architecture.
if [[ $(uname -m) == aarch64 ]]; then
	sed 's/__x64_sys_/__arm64_sys_/' "$TABLE" >"$native"
	TABLE=$native
fi
find_rows >"$rows"
awk '{ print $2, $3, "scope=" $4 }' "$rows" >"$questions"
answered=$(ask_all <"$questions" | verdicts)
is "each request is answered" "$(wc -l <"$rows")" "$(wc -l <<<"$answered")"

declare -A there accepted missing names
for list in redteam bypass mitigation cve door; do
	there[$list]=0 accepted[$list]=0 names[$list]=''
	missing[$list]=$(($(grep -c "^$list" "$TABLE") - $(grep -c "^$list " "$rows" || :)))
done
while read -r list target value scope verdict rule; do
	((++there[$list]))
	case $list,$verdict in
	*,allow)
		((++accepted[$list]))
		[[ $list != redteam && $list != bypass ]] ||
			names[$list]+="$target $value $scope"$'\n'
		;;
	cve,* | door,*)
		offered=$(offers "$target" "$value" "$scope")
		good=''
		[[ ! $offered ]] || good=$(paste -d : <(ask_all <<<"$offered" | verdicts) \
			- <<<"$offered" | sed -n 's/^allow *://p')
		echo "# $list $target $value $scope: $rule; instead: ${good//$'\n'/, }"
		if [[ $good ]]; then
			((++accepted[$list]))
		else
			names[$list]+="$target $value $scope: $rule"$'\n'
		fi
		;;
	mitigation,*) names[$list]+="$target $value $scope: $rule"$'\n' ;;
	esac
done < <(paste -d ' ' "$rows" - <<<"$answered")

for list in redteam bypass mitigation cve door; do
	echo "# $list: ${accepted[$list]} of ${there[$list]} accepted, ${missing[$list]} absent"
	printf %s "${names[$list]}" | sed "s/^/# $list: /"
done
check "at most three bypasses of the red team are accepted" test "${accepted[redteam]}" -le 3
is "no bypass is accepted" "" "${names[bypass]}"
is "every mitigation is accepted" "" "${names[mitigation]}"
is "every vulnerability has an accepted alternative" "" "${names[cve]}"
is "every way in has an accepted alternative" "" "${names[door]}"
for least in redteam=60 bypass=80 mitigation=20 cve=12 door=20; do
	check "the list has enough entries: ${least%=*}" test "${there[${least%=*}]}" -ge \
		"${least#*=}"
done
finish
