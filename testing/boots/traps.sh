#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: functions that must not be skipped, as the program killswitch reports.
#
# append: lsm=lockdown,capability,landlock,killswitch,yama,apparmor,bpf loglevel=3
# smp: 2
# timeout: 300
# image
# allow-splat
# files: build/killswitch
# shellcheck source=../../selftests/lib.sh
. lib.sh

# The audit daemon takes the records, which would otherwise be printed between results after an
# oops.
start-auditd
run_tests traps_test.sh
