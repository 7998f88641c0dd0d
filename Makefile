# SPDX-License-Identifier: GPL-2.0-only
# User-facing targets; see make help. (The kernel's build uses Kbuild instead of this file.)

targets := demo test check configs bisectable fuzz fuzz-kernel soak bench fleet tool counts explain-labels vm kernel selftests integrate series docs deb try-deb

help $(targets):
	@scripts/$@

clean:
	rm -rf build

.PHONY: help $(targets) clean
