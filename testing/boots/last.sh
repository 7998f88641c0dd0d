#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: Killswitch behind all others, those that are rarely used among
# them.
#
# append: lsm=lockdown,capability,landlock,yama,loadpin,safesetid,smack,tomoyo,ipe,bpf,killswitch loglevel=3
# smp: 1
# timeout: 600
# shellcheck source=../../selftests/lib.sh
. lib.sh

run_tests lsm_test protect_test seal_test.sh policy_test
