#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: what must not be skipped, and that the program killswitch says so.
#
# append: lsm=lockdown,capability,landlock,killswitch,yama,apparmor,bpf loglevel=3
# smp: 2
# timeout: 300
# image
# allow-splat
# files: build/killswitch
# shellcheck source=../../selftests/lib.sh
. lib.sh

# It takes the records, which an oops would have printed between the results.
start-auditd
run_tests traps_test.sh
