# SPDX-License-Identifier: GPL-2.0-only
# The front door for people: make help. (The kernel's build reads Kbuild and never sees this file.)

KSRC ?=
SCRIPT ?=
APPEND ?=
SMP ?=
MEM ?=
TIMEOUT ?=
FILES ?=
MINUTES ?=
export KSRC SCRIPT APPEND SMP MEM TIMEOUT FILES MINUTES

help:
	@scripts/help

demo test check fuzz vm kernel integrate:
	@scripts/$@

clean:
	rm -rf build

.PHONY: help demo test check fuzz vm kernel integrate clean
