#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: a boot without Killswitch in lsm=.
#
# append: lsm=lockdown,capability,landlock,yama,apparmor,bpf killswitch=af_alg_sendmsg=-EPERM killswitch.seal loglevel=3
# smp: 1
# timeout: 120
# files: build/killswitch
# shellcheck source=../../selftests/lib.sh
. lib.sh

run_tests absent_test.sh lsm_test load_test.sh tool_test.sh
