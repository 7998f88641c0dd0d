#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: a boot with the guide's command line for a fleet.
#
# append: lsm=lockdown,capability,killswitch loglevel=3 killswitch=af_alg:af_alg_sendmsg=-EPERM,vsock:vsock_create=-EPERM,x25:x25_create=-EPERM,ksmbd:ksmbd_smb_request=0,ax25:ax25_sendmsg=-EPERM
# smp: 1
# timeout: 120
# files: Documentation/admin-guide/LSM/killswitch.rst
# shellcheck source=../../selftests/lib.sh
. lib.sh

run_tests fleet_test.sh
