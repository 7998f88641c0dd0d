#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: Killswitch after all other LSMs, including rarely used ones.
#
# append: lsm=lockdown,capability,landlock,yama,loadpin,safesetid,smack,tomoyo,ipe,bpf,killswitch loglevel=3
# smp: 1
# timeout: 600
# shellcheck source=../../selftests/lib.sh
. lib.sh

run_tests lsm_test protect_test seal_test.sh policy_test
