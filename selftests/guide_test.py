#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Runs the commands in the administrator's guide, in order, and compares their
output with the guide's; numbers may differ, except for values and errors.

In the literal blocks of the guide, a line that starts with "# " is a command, the
lines up to the next command are its output, and "..." matches any text. The comment
".. Before the next block: COMMAND" runs a command that the guide does not show, and
".. Not tried: REASON" skips the next block.
"""

import errno
import os
import re
import subprocess
import sys

BEFORE = ".. Before the next block: "
NOT_TRIED = ".. Not tried: "
GUIDES = ["killswitch.rst", "../../../../Documentation/admin-guide/LSM/killswitch.rst"]
KSFT_SKIP = 4


def blocks(lines):
    """The literal blocks: line number, comments before the block, and lines."""
    before, not_tried, at = [], None, 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if line.startswith(BEFORE):
            before.append(line[len(BEFORE):])
        elif line.startswith(NOT_TRIED):
            not_tried = line[len(NOT_TRIED):]
        elif line.endswith("::") and not line.lstrip().startswith(".."):
            indent = len(line) - len(line.lstrip())
            block = []
            first = at + 2
            while at < len(lines) and (not lines[at] or
                                       len(lines[at]) - len(lines[at].lstrip()) > indent):
                block.append(lines[at])
                at += 1
            block = block[1:]
            if block and block[0].lstrip().startswith("# "):
                yield first, before, not_tried, block
                before, not_tried = [], None


def commands(block):
    """The commands of a block, with the output of each."""
    indent = len(block[0]) - len(block[0].lstrip())
    lines = [line[indent:] for line in block]
    found, end = [], None
    for line in lines:
        if end:
            found[-1][0] += "\n" + line
            end = None if line == end else end
        elif line.startswith("# "):
            found.append([line[2:], []])
            here = re.search(r"<<(\w+)", line)
            end = here and here.group(1)
        else:
            found[-1][1].append(line)
    return found


def comparable(text):
    """Removes folding, script locations, and numbers other than values and errors."""
    text = re.sub(r"^.*?\bline \d+: ", "bash: ", text, flags=re.M)
    # Version 4 of the audit tools prints names of errors, version 3 numbers.
    text = re.sub(r"\berrno=(E\w+)", lambda name: f"errno={getattr(errno, name[1])}", text)
    return re.sub(r"\b((?:retval|errno)=-?\d+)|\d+", lambda number: number[1] or "N",
                  " ".join(text.split()))


class Shell:
    """A shell whose directory and open files persist between commands."""

    END = "end-of-what-a-command-says"

    def __init__(self):
        # Not through standard input, which ausearch would read as records.
        read, write = os.pipe()
        self.commands = os.fdopen(write, "w")
        self.bash = subprocess.Popen(["bash", f"/dev/fd/{read}"], pass_fds=[read],
                                     stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT, text=True)

    def run(self, command):
        """The exit status of a command, and its output."""
        self.commands.write(f"{command}\necho {self.END} $?\n")
        self.commands.flush()
        said = ""
        for line in self.bash.stdout:
            if self.END in line:
                head, status = line.split(self.END)
                return int(status), said + head
            said += line
        return 255, said + "the shell has ended"


def main():
    """Runs the guide's commands, and prints TAP."""
    print("TAP version 13")
    for path in GUIDES:
        if os.path.exists(path):
            break
    else:
        print("1..0 # SKIP no guide")
        return KSFT_SKIP
    with open(path, encoding="utf-8") as guide:
        lines = guide.read().splitlines()
    shell = Shell()
    number = failed = 0
    for first, before, not_tried, block in blocks(lines):
        for command in before:
            status, said = shell.run(command)
            if status:
                number += 1
                failed += 1
                print(f"not ok {number} line {first} (preparation): {command}: {said.strip()}")
        for command, shown in commands(block):
            number += 1
            name = f"line {first}: {command.splitlines()[0]}".replace("#", "")
            if not_tried:
                print(f"ok {number} {name} # SKIP {not_tried}")
                continue
            status, said = shell.run(command)
            shown = " ".join(shown)
            pattern = re.escape(comparable(shown)).replace(r"\.\.\.", ".*")
            if shown:
                good = re.fullmatch(pattern, comparable(said))
            else:
                good = status == 0
            print(f"{'ok' if good else 'not ok'} {number} {name}")
            if not good:
                failed += 1
                print(f"# status {status}; output:")
                print("".join(f"# {line}\n" for line in said.splitlines()), end="", flush=True)
    print(f"1..{number}")
    return 1 if failed or not number else 0


if __name__ == "__main__":
    sys.exit(main())
