#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: runs the commands in the administrator's guide.
#
# append: lsm=lockdown,capability,landlock,killswitch,yama,apparmor,bpf loglevel=3 audit=1
# smp: 1
# timeout: 180
# files: Documentation/admin-guide/LSM/killswitch.rst
# shellcheck source=../../selftests/lib.sh
. lib.sh

start-auditd
echo 1000 >/proc/self/loginuid
run_tests guide_test.py
