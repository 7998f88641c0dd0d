#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: engaged functions that other tools attach to.
#
# append: lsm=lockdown,capability,landlock,killswitch,yama,apparmor,bpf loglevel=3
# smp: 2
# timeout: 600
# shellcheck source=../../selftests/lib.sh
. lib.sh

run_tests sharing_test
