#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: prints the results of Killswitch's KUnit suites at boot.
#
# append: lsm=lockdown,capability,killswitch kunit.enable=1 kunit.filter_glob=killswitch* loglevel=3
# smp: 1
# timeout: 120
set -euo pipefail

# The cases are nested; the line of a suite summarizes them.
dmesg | sed 's/^\[[^]]*\] //' | awk '
	/^ *# Subtest: / { suite = $NF }
	/^    (not )?ok / {
		bad = /^    not/
		sub(/^ *(not )?ok [0-9]+ -? */, "")
		number++
		print (bad ? "not ok " : "ok ") number " " suite ": " $0
		failed += bad
		next
	}
	/^    # / { print "#" $0 }
	END {
		if (!number) {
			print "not ok 1 no suite ran"
			number = failed = 1
		}
		print "1.." number
		exit failed > 0
	}'
