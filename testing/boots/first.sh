#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: Killswitch before all other LSMs, including SELinux.
#
# append: lsm=killswitch,lockdown,capability,landlock,selinux,bpf loglevel=3
# smp: 1
# timeout: 600
# shellcheck source=../../selftests/lib.sh
. lib.sh

run_tests lsm_test protect_test
