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
WRITES ?=
BOOTS ?=
SEED ?=
WITHOUT ?=
SIGNOFF ?=
KCONFIG ?=
export KSRC SCRIPT APPEND SMP MEM TIMEOUT FILES MINUTES WRITES BOOTS SEED WITHOUT SIGNOFF KCONFIG

help:
	@scripts/help

demo test check configs bisectable fuzz fuzz-kernel soak bench vm kernel selftests integrate series docs deb try-deb:
	@scripts/$@

clean:
	rm -rf build

.PHONY: help demo test check configs bisectable fuzz fuzz-kernel soak bench vm kernel selftests integrate series docs deb try-deb clean
