#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: how much readers delay an engagement. Time is counted in instructions, independent
# of the host's load, which needs a single CPU.
#
# append: lsm=lockdown,capability,landlock,killswitch,yama,apparmor,bpf loglevel=3
# smp: 1
# timeout: 600
# icount
# shellcheck source=../../selftests/lib.sh
. lib.sh

run_tests readers_test
