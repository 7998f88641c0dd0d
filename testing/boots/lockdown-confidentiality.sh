#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: the same as lockdown.sh, under confidentiality lockdown.
#
# append: lsm=lockdown,capability,landlock,killswitch,yama,apparmor,bpf lockdown=confidentiality audit=1 killswitch=af_alg_sendmsg=-EPERM,hash_sendmsg=-0x5,ks_no_such=0,security_file_open=0,cap_capable=0,start_kernel=0,hash_accept=12abc,hash_bind,=5,af_alg_sendmsg=-EIO,af_alg_accept=2147483648,tc_modify_qdisc=-EPERM loglevel=3
# smp: 1
# timeout: 180
# shellcheck source=../../selftests/lib.sh
. lib.sh

run_tests boot_test.sh lockdown_test.sh policy_test
