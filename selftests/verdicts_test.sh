#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The policy over two tables: what opens an access decision is refused, and
# published mitigations are accepted. What the kernel lacks is counted, so load
# the modules first, or have them loaded here.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

declare -A owners
# The verdict on the last question, and what explains it.
verdict='' explanation=''

# For each function of the tables, the modules that have one of that name ("-"
# stands for the kernel itself). Compilers that make no variant of a function
# leave it its own name, so that is looked for, too.
find_functions()
{
	local names=$1 module name

	while read -r name module; do
		owners[$name]+="$module "
	done < <(awk '
		NR == FNR { wanted[$1]; sub(/\..*/, "", $1); wanted[$1]; next }
		$2 ~ /[tTwW]/ && $3 in wanted {
			gsub(/[][]/, "", $4)
			print $3, $4 == "" ? "-" : $4
		}' <(printf '%s\n' "$names") /proc/kallsyms)
}

# target FUNCTION MODULE: how to name the function, or nothing if it is absent.
target()
{
	local name=$1 module=${2//-/_} all

	[[ ${owners[$name]:-} ]] || name=${name%%.*}
	all=${owners[$name]:-}
	case $all in
	'') ;;
	*' '*' ') if [[ " $all" == *" $module "* ]]; then
			echo "$module:$name"
		else
			echo "$name"
		fi ;;
	*) echo "$name" ;;
	esac
}

# judge TARGET VALUE: sets verdict to "allow", or to what refuses.
judge()
{
	local answer

	answer=$(ask "$1" "$2") || { verdict=error; return; }
	explanation=${answer#*$'\n'}
	read -r verdict _ _ answer <<<"${answer%%$'\n'*}"
	[[ $verdict != refuse ]] || verdict=$answer
}

rows()
{
	grep -v '^#' "$HERE/data/$1" | tail -n +2
}

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
[[ -e $HERE/data/bypasses.csv && -e $HERE/data/mitigations.csv ]] || skip_all "no tables"
load_all_modules
echo "# $(lsmod | tail -n +2 | wc -l) modules are loaded"
find_functions "$({ rows bypasses.csv; rows mitigations.csv; } | cut -d , -f 2 | sort -u)"

# What must be refused; and whether something that denies is accepted.
declare -A refused opened denied absent
categories=() wrong=()
while IFS=, read -r category function value location _; do
	if [[ ! ${refused[$category]:-} ]]; then
		categories+=("$category")
		refused[$category]=0 opened[$category]=0 denied[$category]=0 absent[$category]=0
	fi
	name=$(target "$function" "$location")
	if [[ ! $name ]]; then
		((++absent[$category]))
		continue
	fi
	judge "$name" "$value"
	case $verdict in
	allow | error)
		((++opened[$category]))
		wrong+=("$name $value ($category): $verdict")
		;;
	*) ((++refused[$category])) ;;
	esac
	by=$verdict accepted=''
	for denying in -1 0; do
		[[ $denying != "$value" && ! $accepted ]] || continue
		judge "$name" "$denying"
		[[ $verdict != allow ]] || accepted=$denying
	done
	[[ ! $accepted ]] || ((++denied[$category]))
	echo "# bypass $name $value: $by${accepted:+; $accepted is accepted}"
done < <(rows bypasses.csv)

total=0 missing=0
for category in "${categories[@]}"; do
	echo "# $category: ${refused[$category]} refused, ${opened[$category]} accepted," \
		"${absent[$category]} absent; for ${denied[$category]} a value that denies" \
		"is accepted"
	((total += refused[$category] + opened[$category], missing += absent[$category])) || :
done
if ((${#wrong[@]})); then
	fail "no bypass is accepted" "${wrong[@]}"
else
	pass "no bypass is accepted"
fi
check "of the bypasses, some are there ($total of $((total + missing)))" test "$total" -gt 50

# What must be accepted.
total=0 missing=0 wrong=()
while IFS=, read -r cve function value _ location _; do
	name=$(target "$function" "$location")
	if [[ ! $name ]]; then
		((++missing))
		echo "# mitigation $function $value: absent"
		continue
	fi
	((++total))
	judge "$name" "$value"
	echo "# mitigation $name $value: $verdict"
	[[ $verdict == allow ]] ||
		wrong+=("$name $value (${cve:-no number}): $verdict" "${explanation%%$'\n'*}")
done < <(rows mitigations.csv)
wrongly=$((${#wrong[@]} / 2))
echo "# mitigations: $((total - wrongly)) accepted, $wrongly refused, $missing absent"
if ((${#wrong[@]})); then
	fail "every mitigation is accepted" "${wrong[@]}"
else
	pass "every mitigation is accepted"
fi
check "of the mitigations, some are there ($total of $((total + missing)))" test "$total" -gt 20

finish
