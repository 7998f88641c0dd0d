#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: a kernel under integrity lockdown, in which engagements can change until
# confidentiality lockdown.
#
# append: lsm=lockdown,capability,landlock,killswitch,yama,apparmor,bpf lockdown=integrity killswitch.lockdown=confidentiality loglevel=3
# smp: 1
# timeout: 120
# shellcheck source=../../selftests/lib.sh
. lib.sh

run_tests parameters_test.sh
