#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: the program killswitch on a running machine, whose memory it reads.
#
# append: lsm=lockdown,capability,landlock,killswitch,yama,apparmor,bpf loglevel=3
# smp: 2
# mem: 2G
# timeout: 600
# image
# files: build/killswitch
# shellcheck source=../../selftests/lib.sh
. lib.sh

run_tests memory_test.sh tool_test.sh
