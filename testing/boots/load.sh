#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: the files of /etc/killswitch.d.
#
# append: lsm=lockdown,capability,landlock,killswitch,yama,apparmor,bpf loglevel=3
# smp: 1
# timeout: 120
# files: build/killswitch
# shellcheck source=../../selftests/lib.sh
. lib.sh

run_tests load_test.sh
