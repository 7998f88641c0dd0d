#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The program killswitch reads the running kernel from its memory, and gives the same verdicts as
# that kernel, independent of engagements, tracers and probes. Run with killswitch in the current
# directory, or in the PATH.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

RELEASE=$(uname -r)
KERNEL=/boot/vmlinuz-$RELEASE
MODULES=/lib/modules/$RELEASE
TRACING=/sys/kernel/tracing
ENGAGED='ks_target_int|alg_bind|af_alg_sendmsg'

# some COUNT: COUNT lines of the input, evenly distributed.
some()
{
	awk -v count="$1" '
		{ lines[NR] = $0 }
		END {
			step = NR > count ? NR / count : 1
			for (at = 1; at <= NR; at += step)
				print lines[int(at)]
		}'
}

# functions kernel|modules: functions of the kernel itself, or of all modules, as targets.
functions()
{
	awk -v which="$1" '
		$2 !~ /^[tT]$/ || $3 !~ /^[a-z_][a-z0-9_]*$/ || $3 ~ /^__(pfx|cfi)_/ { next }
		$3 ~ /^('"$ENGAGED"')$/ { next }
		which == "kernel" && $4 == "" { print $3 }
		which == "modules" && $4 ~ /^\[[a-z]/ && $4 != "[bpf]" {
			gsub(/[][]/, "", $4)
			print $4 ":" $3
		}' /proc/kallsyms | sort -u
}

# judged [FILE]: the program's verdicts on the list, or on the list in FILE, without reasons.
judged()
{
	"$program" scan --list "${1:-$scratch/list}" 2>"$scratch/errors" |
		sed 1d | cut -d, -f4,5 | tr , ' '
}

# asked: the kernel's verdicts on the list.
asked()
{
	sed '1d; s/,/ /' "$scratch/list" | ask_all | verdicts
}

# same_verdicts DESCRIPTION: checks that both have the same verdicts.
same_verdicts()
{
	local differing

	differing=$(diff <(judged | paste -d ' ' "$scratch/list.rows" -) \
		<(asked | paste -d ' ' "$scratch/list.rows" -)) || :
	is "$1" "" "$differing"
}

# explained FILE [OPTION...]: the output of explain for FILE, without parts that depend on
# addresses.
explained()
{
	"$program" explain --list "$1" --json "${@:2}" | python3 -c '
import json, sys
for line in sys.stdin:
    it = json.loads(line)
    kinds = sorted({finding["kind"] for finding in it["findings"]})
    print(it["function"], it["value"], it["summary"], *kinds, it["returns"])'
}

# said COMMAND...: the program's output; its exit status is in $status.
said()
{
	status=0
	"$program" "$@" 2>&1 || status=$?
}

clean_up()
{
	local place

	for place in /proc/kcore /boot "$MODULES"; do
		! mountpoint -q "$place" || umount "$place"
	done
	[[ ! -d $TRACING/events/ks ]] || echo 0 >"$TRACING/events/ks/enable"
	[[ ! -e $TRACING/current_tracer ]] || {
		echo nop >"$TRACING/current_tracer"
		: >"$TRACING/set_ftrace_filter"
		: >"$TRACING/kprobe_events"
	}
	rm -rf "$scratch"
}

begin
program=$(PATH=.:$PATH command -v killswitch) || skip_all "killswitch is missing"
program=$(readlink -f "$program")
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
[[ -r /proc/kcore ]] || skip_all "the kernel does not export its memory"
! grep -q '^types: none$' "$KS/status" || skip_all "the kernel has no type information"
head -c 4 /proc/kcore >/dev/null 2>&1 || skip_all "the kernel is locked down"
mountpoint -q $TRACING || mount -t tracefs none $TRACING || :
scratch=$(mktemp -d)
trap clean_up EXIT
control disengage_all
load_target
load_all_modules
{
	echo function,value
	{ functions kernel | some 120; functions modules | some 60; } |
		sed 's/$/,-1/p; s/-1$/0/'
} >"$scratch/list"
sed 1d "$scratch/list" >"$scratch/list.rows"
printf '%s,-1\n' function,value ${ENGAGED//|/ } | sed '1s/,-1$//' >"$scratch/engaged"
mkdir "$scratch/empty"

# explain has the same output with either source.
printf '%s,-1\n' function,value alg_bind af_alg_sendmsg packet_create unix_create x25:x25_create \
	sch_netem:netem_init nf_tables:nf_tables_newrule | sed '1s/,-1$//' >"$scratch/explained"
if [[ -e $KERNEL ]]; then
	is "memory and files explain the same" \
		"$(explained "$scratch/explained" --vmlinux "$KERNEL" --modules "$MODULES")" \
		"$(explained "$scratch/explained")"
else
	skip "memory and files explain the same" "no kernel in /boot"
fi
like "the source is reported" '"source":"memory"' "$(said explain alg_bind --json)"
like "the source is reported for CVEs" '"source": "memory"' "$(said cve --all --json)"

# Only the loaded modules, as the kernel knows them.
[[ ! -d $MODULES ]] || mount --bind "$scratch/empty" "$MODULES"
same_verdicts "the kernel's verdicts match its memory"
before=$(judged)
engaged_before=$(judged "$scratch/engaged")
check "some verdicts are allow" grep -q '^allow' <<<"$before"
check "some verdicts are refuse" grep -q '^refuse' <<<"$before"

# With all mechanisms in use that patch code.
check "engage functions" control "engage ks_target_int -7" "engage alg_bind -1 scope=nonroot"
check "observe a function" control "observe af_alg_sendmsg"
if [[ -e $TRACING/set_ftrace_filter ]]; then
	sed -n 's/,0$//p' "$scratch/list.rows" | sed 's/^.*://' >"$TRACING/set_ftrace_filter" || :
	check "trace functions" eval "echo function >'$TRACING/current_tracer'"
fi
if [[ -e $TRACING/kprobe_events ]]; then
	count=0
	while read -r target; do
		placed=0
		# Only at instruction boundaries.
		for offset in {9..40}; do
			if echo "p:ks/p$((count + 1)) $target+$offset" \
				>>"$TRACING/kprobe_events"; then
				((++count))
				((++placed < 3)) || break
			fi
		done 2>/dev/null
	done < <(sed -n 's/,0$//p' "$scratch/list.rows" | some 40)
	echo 1 >"$TRACING/events/ks/enable" || :
	# Some are optimized a little later.
	sleep 2
	echo "# $count probes in functions, optimized:" \
		"$(grep -c OPTIMIZED /sys/kernel/debug/kprobes/list)"
	check "probe functions" test $count -gt 10
fi
is "patched code does not change the program's verdicts" "$before" "$(judged)"
is "engagements do not change the program's verdicts" "$engaged_before" \
	"$(judged "$scratch/engaged")"
same_verdicts "patched code does not change the kernel's verdicts"
is "the program prints no errors" "" "$(<"$scratch/errors")"
[[ ! -d $MODULES ]] || umount "$MODULES"

# Without access to memory.
status=0
if [[ -e $KERNEL ]]; then
	text=$(as_user "$program" explain alg_bind 2>&1) || :
	like "the kernel's file is the fallback for users" \
		'kernel from /boot/vmlinuz-.* instead of memory: /proc/kcore: only root' "$text"
	restrict=$(</proc/sys/kernel/kptr_restrict)
	echo 2 >/proc/sys/kernel/kptr_restrict
	text=$(said facts)
	echo "$restrict" >/proc/sys/kernel/kptr_restrict
	like "the file is the fallback if addresses are hidden" "kallsyms: it hides addresses; " \
		"$text"
	like "functions are known from the file" 'functions of the kernel: [0-9]{4}' "$text"
	mount --bind /dev/null /proc/kcore
	like "the file is the fallback without /proc/kcore" "kcore: it cannot be read: " \
		"$(said facts)"
	like "the source is reported in JSON" '"source":"files"' "$(said explain alg_bind --json)"
	mount --bind "$scratch/empty" /boot
	status=0
	text=$("$program" facts 2>&1) || status=$?
	is "without either, it fails" 2 $status
	like "it reports what is missing" \
		'kcore: .*; no file of the running kernel, .*, among /boot/' "$text"
	like "CVEs are still reported" '^killswitch: verdicts are not available: ' \
		"$(said cve --all)"
	umount /boot /proc/kcore
else
	skip "the kernel's file is the fallback for users" "no kernel in /boot"
fi
finish
