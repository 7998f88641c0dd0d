#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: all operations on engagements, concurrently and continuously.
#
# append: lsm=lockdown,capability,landlock,killswitch,yama,apparmor,bpf oops=panic loglevel=3
# smp: 2
# timeout: 900
# shellcheck source=../../selftests/lib.sh
. lib.sh

run_tests storm_test
