#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: conditions on arguments and callers, and the callers of engaged functions.
#
# append: lsm=lockdown,capability,landlock,killswitch,yama,apparmor,bpf loglevel=3
# smp: 2
# timeout: 900
# shellcheck source=../../selftests/lib.sh
. lib.sh

run_tests condition_test.sh callers_test.sh surgical_test.sh trace_test condition_random_test
