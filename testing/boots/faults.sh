#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: each step of a request fails, without losing anything.
#
# append: lsm=lockdown,capability,landlock,killswitch,yama,apparmor,bpf kmemleak=on oops=panic loglevel=3
# smp: 2
# timeout: 1200
# shellcheck source=../../selftests/lib.sh
. lib.sh

run_tests fault_test
