#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: a kernel that is sealed by its command line, which contains errors.
#
# append: lsm=lockdown,capability,landlock,killswitch,yama,apparmor,bpf killswitch.lockdown=confidentiality killswitch.lockdown=none killswitch.sea1 killswitch.seal killswitch=af_alg_sendmsg=-EPERM,ks_no_such=0,ks_é=0,killswitch_target:ks_target_early=-7 loglevel=3
# smp: 1
# timeout: 120
# shellcheck source=../../selftests/lib.sh
. lib.sh

run_tests parameters_test.sh
