#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: arm64: clear BTYPE when a function is overridden
#
# fail_function makes a function return that is called through a pointer. With
# CONFIG_ARM64_BTI_KERNEL, this was an Oops.
#
# smp: 1
# timeout: 120
set -euo pipefail

cd /sys/kernel/debug/fail_function
echo __arm64_sys_sethostname >inject
echo 0 >verbose
echo -1 >./times
echo 100 >probability
out=$(busybox hostname test 2>&1) || :
if [[ $out == *"Invalid argument"* ]]; then
	echo "ok 1 - an overridden system call returns"
else
	echo "not ok 1 - an overridden system call returns"
	echo "# got: $out"
fi
echo "1..1"
[[ $out == *"Invalid argument"* ]]
