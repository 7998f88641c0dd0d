#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: a kernel whose ftrace is disabled after an error.
#
# append: lsm=lockdown,capability,landlock,killswitch,yama,apparmor,bpf loglevel=3
# smp: 2
# timeout: 120
# shellcheck source=../../selftests/lib.sh
. lib.sh

run_tests ftrace_killed_test.sh
