#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: what reading users cost an engagement. Time is counted in instructions
# (whatever else the host runs does not count), which takes a single processor.
#
# append: lsm=lockdown,capability,landlock,killswitch,yama,apparmor,bpf loglevel=3
# smp: 1
# timeout: 600
# icount
# shellcheck source=../../selftests/lib.sh
. lib.sh

run_tests readers_test
