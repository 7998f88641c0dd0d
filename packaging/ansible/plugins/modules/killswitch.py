#!/usr/bin/python
# SPDX-License-Identifier: GPL-2.0-only
"""Engages, observes or releases functions on a machine, with the program killswitch."""

DOCUMENTATION = r"""
module: killswitch
short_description: Engage kernel functions, observe them, or release them
description:
  - Sets the file I(directory)/I(name).conf and the engagements for I(name) to I(lines).
  - If a machine refuses one line, its engagements and its file do not change. Engagements for
    I(name) that are no longer in I(lines) are released.
  - The program C(killswitch) and the kernel make all decisions.
author: Killswitch developers (@killswitch)
options:
  name:
    description: A CVE, or another word. The reasons of all engagements contain it.
    type: str
  state:
    description:
      - C(present) engages, also after reboots. C(observed) counts calls for a time, and writes no
        file. C(absent) releases, and removes the file. C(read) changes nothing.
      - C(observed) returns the callers of functions observed or engaged for I(name). C(read)
        returns the fact C(killswitch), with the states of CVEs that are relevant to the kernel.
    type: str
    choices: [present, observed, absent, read]
    default: present
  lines:
    description:
      - The lines of the file, C(engage ...) or C(mitigate CVE). An C(engage) without a reason gets
        I(name) as its reason. Without lines it is C(mitigate) and I(name).
    type: list
    elements: str
  seconds:
    description: The duration of C(observed).
    type: int
    default: 86400
  directory:
    description: The directory of files that are applied at boot.
    type: path
    default: /etc/killswitch.d
  program:
    description: The path of the program.
    type: path
    default: killswitch
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
"""

EXAMPLES = r"""
- name: Close a hole until the fixed kernel is booted
  killswitch.fleet.killswitch:
    name: CVE-2026-31431

- name: Count its callers first
  killswitch.fleet.killswitch:
    name: CVE-2026-31431
    lines: [engage af_alg:af_alg_sendmsg -EPERM]
    state: observed
    seconds: 3600
"""

RETURN = r"""
outcome:
  description: >-
    C(done); C(refused) by the policy or the catalogue; C(locked), if the kernel is locked down or
    sealed; C(partly), if an engaged function still runs; or C(not-available), if Killswitch is not
    active. All except C(done) are failures.
  returned: always
  type: str
engaged:
  description: The state of engagements and observations for I(name), by target.
  returned: always
  type: dict
callers:
  description: Callers, one line each, by target.
  returned: if I(state) is C(observed)
  type: dict
previous:
  description: The previous lines of the file, if it existed.
  returned: always
  type: list
"""

import atexit
import errno
import json
import os
import re
import shutil
import tempfile

from ansible.module_utils.basic import AnsibleModule

# Levels of lockdown, in ascending order.
LEVELS = ["none", "integrity", "confidentiality"]
WORKS = ("engaged", "armed")


class Stopped(Exception):
    """Ends with an outcome, and why."""

    def __init__(self, outcome, why):
        super().__init__(why)
        self.outcome = outcome


def number(text):
    """The value of a function in a line."""
    try:
        return 0 if text in ("NULL", "void") else int(text, 0)
    except ValueError:
        # An unknown name is no value, as the kernel reports.
        return -getattr(errno, text[1:], 0) or text


def line_of(it):
    """The line for an engagement in the status."""
    words = ["observe" if it["value"] is None else "engage", it["target"]]
    if it["value"] is not None:
        words.append(str(it["value"]))
    if it["scope"] != "all":
        words.append("scope=" + it["scope"])
    if it["condition"]:
        words.append("if=" + it["condition"])
    if it["reason"]:
        words.append("reason=" + it["reason"])
    return " ".join(words)


def planned(line):
    """A line to write, in the same form."""
    verb, target, value, *rest = line.split(" ", 3)
    options = re.sub(r"(^| )(for=\d+|scope=all)(?= |$)", "", " ".join(rest)).strip()
    return " ".join(filter(None, [verb, target, str(number(value)), options]))


def observing(line, seconds):
    """The line that observes the calls that a line of the file would stop."""
    words = planned(line).split(" ", 3)
    rest = words[3] if len(words) > 3 else ""
    options, reason, why = rest.partition("reason=")
    parts = ["observe", words[1], options.strip(), f"for={seconds}", reason + why]
    return " ".join(filter(None, parts))


class Machine:
    """The machine, according to the program."""

    def __init__(self, module):
        self.module = module
        self.program = module.params["program"]
        self.name = module.params["name"] or ""
        self.path = os.path.join(module.params["directory"], self.name + ".conf")
        self.previous = self.read_file()
        self.status = {"engaged": []}

    def ask(self, *words, data=None, may_fail=True):
        """The answer of the program, its exit status, and its error output."""
        code, out, problem = self.module.run_command([self.program, *words, "--json"], data=data)
        try:
            answer = json.loads(out)
        except ValueError:
            answer = {}
        if code == 2 or (code and not may_fail):
            missing = code == 2 and "there is no /sys/kernel/security" in problem + out
            why = problem or answer.get("error") or out
            raise Stopped("not-available" if missing else "refused", why.strip())
        return answer, code, problem.strip()

    def read_status(self, *words):
        self.status = self.ask("status", *words)[0]

    def is_ours(self, it):
        """Whether an engagement matches the name, as for `killswitch lift`."""
        words = re.split(r"[^\w.:-]", it["reason"] or "", flags=re.ASCII)
        words = [word.strip("-.:").lower() for word in words]
        return bool(self.name) and (it["reason"] == self.name or self.name.lower() in words)

    def ours(self):
        return [it for it in self.status["engaged"] if self.is_ours(it)]

    def shown(self, targets=()):
        """The engagements for the name, or of these functions, as lines."""
        engaged = self.status["engaged"]
        return [line_of(it) for it in engaged if self.is_ours(it) or it["target"] in targets]

    def read_file(self):
        """The lines of the file, if there is one."""
        try:
            with open(self.path, encoding="utf-8") as file:
                lines = file.read().splitlines()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return [line for line in lines if line and not line.startswith("#")]

    def must_be_open(self):
        """Fails if nothing can be changed."""
        level = self.status["lockdown"]
        least = self.status["changes_refused_from"]
        if self.status["sealed"]:
            raise Stopped("locked", "Killswitch is sealed: engagements can only change at boot")
        if level in LEVELS and least in LEVELS and LEVELS.index(level) >= LEVELS.index(least):
            raise Stopped(
                "locked",
                f"the kernel is locked down ({level}): use the kernel command line, and reboot",
            )

    def callers(self):
        """The callers of functions engaged for the name."""
        found = {}
        for it in self.ours():
            callers = self.ask("why", it["target"])[0].get("callers", [])
            found[it["target"]] = [
                "{calls} calls by {who} ({program}, {context})".format(
                    calls=caller["calls"],
                    who=caller["user"] or caller["uid"] or "others",
                    program=caller["program"] or caller["comm"] or "?",
                    context=caller["context"],
                )
                for caller in callers
            ]
        return found


class Change:
    """The requested lines, and their outcome."""

    def __init__(self, machine):
        self.machine = machine
        self.module = machine.module
        self.lines = self.complete()
        # The directory of Ansible may belong to the user who became root, and is then refused.
        self.directory = tempfile.mkdtemp()
        atexit.register(shutil.rmtree, self.directory, True)
        self.file = os.path.join(self.directory, machine.name + ".conf")
        with open(self.file, "w", encoding="utf-8") as file:
            file.write("# Written by Ansible: killswitch.fleet.killswitch.\n")
            file.writelines(line + "\n" for line in self.lines)
        self.module.set_mode_if_different(self.file, 0o644, False)

    def complete(self):
        """The lines, each with the name in its reason."""
        name = self.machine.name
        lines = []
        for line in self.module.params["lines"] or [f"mitigate {name}"]:
            line = " ".join(line.split(None, 3))
            verb = line.partition(" ")[0]
            if verb == "engage" and " reason=" not in line:
                line = f"{line} reason={name}"
            reason = line.partition(" " if verb == "mitigate" else " reason=")[2]
            if not self.machine.is_ours({"reason": reason}):
                raise Stopped("refused", f"{name} is not in the reason of '{line}'")
            lines.append(line)
        return lines

    def apply(self, *words):
        """Applies the file with the program, and fails unless all of it succeeds."""
        answer, code, problem = self.machine.ask("apply", self.directory, *words)
        loaded = answer["files"][0]
        if code:
            self.machine.must_be_open()
            rehearsal = loaded["rehearsal"] or {}
            reasons = [loaded["error"], rehearsal.get("error"), problem]
            for it in rehearsal.get("verdicts") or []:
                if it["verdict"] != "allow":
                    reasons.append(f"{it['target']}: {it['why']}: {' '.join(it['details'][:1])}")
            reasons += [it["what"] for it in loaded["known"] if not it["done"]]
            reasons += loaded.get("partly", [])
            why = "; ".join(filter(None, reasons)).replace(self.file, self.machine.path)
            raise Stopped(answer["outcome"] if code == 3 else "refused", why)
        return loaded

    def plan(self):
        """The lines to write, the engagements to keep, and those to release."""
        loaded = self.apply("--dry-run")
        writes = (loaded["rehearsal"] or {}).get("would_write", [])
        self.writes = [line for line in writes if not line.startswith("keep ")]
        self.is_kept = writes != self.writes
        self.known = {it["target"]: number(it["value"]) for it in loaded["known"]}
        self.skipped = loaded["skipped"]
        self.targets = {line.split(" ", 2)[1] for line in self.writes} | set(self.known)
        engaged = self.machine.status["engaged"]
        self.values = [
            it for it in engaged if self.known.get(it["target"], it["value"]) != it["value"]
        ]
        self.stale = [it for it in self.machine.ours() if it["target"] not in self.targets]

    def predicted(self):
        """The functions to be engaged for the name."""
        new = {line.split(" ", 2)[1]: planned(line) for line in self.writes}
        kept = []
        for it in self.machine.status["engaged"]:
            if it["target"] in self.known:
                kept.append(line_of({**it, "value": self.known[it["target"]]}))
        return kept + list(new.values())

    def engage(self):
        """Engages the missing ones, or changes nothing."""
        if not self.writes and not self.values and not self.is_kept:
            self.must_work()
            return
        loaded = self.apply()
        self.machine.read_status()
        try:
            self.must_work()
        except Stopped:
            words = [line.split(" ", 2) for line in loaded["written"]]
            written = [target for verb, target, *_ in words if verb != "keep"]
            if written:
                self.machine.ask("disengage", *written)
            raise

    def must_work(self):
        """Fails if an engagement stops no calls."""
        states = {it["target"]: it["state"] for it in self.machine.status["engaged"]}
        bad = [
            f"{target} is {states.get(target, 'not engaged')}"
            for target in sorted(self.targets)
            if states.get(target) not in WORKS
        ]
        if bad:
            raise Stopped("partly", ", ".join(bad))

    def store(self):
        """Stores the file for the next boot."""
        os.makedirs(self.module.params["directory"], 0o755, exist_ok=True)
        self.module.atomic_move(self.file, self.machine.path)


def present(machine, result):
    change = Change(machine)
    change.plan()
    is_changed = bool(change.writes or change.values or change.stale or change.is_kept)
    if is_changed:
        machine.must_be_open()
    before = machine.shown(change.targets)
    after = change.predicted()
    result["changed"] = is_changed or machine.previous != change.lines
    result["skipped_lines"] = change.skipped
    if not machine.module.check_mode:
        change.engage()
        if change.stale:
            machine.ask("disengage", *[it["target"] for it in change.stale], may_fail=False)
        if machine.previous != change.lines:
            change.store()
        machine.read_status()
        after = machine.shown(change.targets)
    differences(machine, result, change.lines, before, after)


def observed(machine, result):
    change = Change(machine)
    change.plan()
    already = {it["target"] for it in machine.status["engaged"]}
    lines = [
        observing(line, machine.module.params["seconds"])
        for line in change.writes
        if line.split(" ", 2)[1] not in already
    ]
    before = machine.shown()
    after = before + [re.sub(r" for=\d+", "", line) for line in lines]
    if lines:
        machine.must_be_open()
        result["changed"] = True
        if not machine.module.check_mode:
            machine.ask("observe", "--file", "-", data="\n".join(lines), may_fail=False)
            machine.read_status()
            after = machine.shown()
    differences(machine, result, machine.previous, before, after)


def absent(machine, result):
    before = after = machine.shown()
    result["changed"] = bool(before) or machine.previous is not None
    if not machine.module.check_mode and machine.previous is not None:
        os.remove(machine.path)
    if before:
        machine.must_be_open()
        after = []
        if not machine.module.check_mode:
            machine.ask("lift", machine.name, may_fail=False)
            machine.read_status()
            after = machine.shown()
    differences(machine, result, None, before, after)


def read(machine, result):
    machine.read_status("--cve")
    status = machine.status
    result["ansible_facts"] = {
        "killswitch": {
            "available": True,
            "kernel": status["release"],
            "lockdown": status["lockdown"],
            "sealed": status["sealed"],
            "engaged": {it["target"]: it["state"] for it in status["engaged"]},
            "cves": {it["id"]: it["state"] for it in status["cves"]},
            "warnings": status["warnings"],
        }
    }


def differences(machine, result, lines, before, after):
    def text(lines):
        return "".join(line + "\n" for line in lines or [])

    result["diff"] = [
        {
            "before_header": machine.path,
            "after_header": machine.path,
            "before": text(machine.previous),
            "after": text(lines),
        },
        {
            "before_header": "engaged for " + machine.name,
            "after_header": "engaged for " + machine.name,
            "before": text(before),
            "after": text(after),
        },
    ]


STATES = {"present": present, "observed": observed, "absent": absent, "read": read}


def main():
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str"},
            "state": {"type": "str", "choices": list(STATES), "default": "present"},
            "lines": {"type": "list", "elements": "str"},
            "seconds": {"type": "int", "default": 86400},
            "directory": {"type": "path", "default": "/etc/killswitch.d"},
            "program": {"type": "path", "default": "killswitch"},
        },
        required_if=[("state", state, ["name"]) for state in STATES if state != "read"],
        supports_check_mode=True,
    )
    name = module.params["name"]
    if name and not re.fullmatch(r"[A-Za-z0-9][\w.:-]*[A-Za-z0-9]", name, flags=re.ASCII):
        module.fail_json(msg=f"'{name}' is not a word such as CVE-2026-31431", outcome="refused")
    machine = Machine(module)
    result = {"changed": False, "outcome": "done", "previous": machine.previous}
    try:
        machine.read_status()
        STATES[module.params["state"]](machine, result)
        result["engaged"] = {it["target"]: it["state"] for it in machine.ours()}
        if module.params["state"] == "observed":
            result["callers"] = machine.callers()
    except Stopped as stopped:
        result["outcome"] = stopped.outcome
        if stopped.outcome == "not-available" and module.params["state"] in ("absent", "read"):
            # Nothing is engaged there, and nothing can be.
            result["changed"] = machine.previous is not None and module.params["state"] == "absent"
            if result["changed"] and not module.check_mode:
                os.remove(machine.path)
            facts = {"available": False, "kernel": os.uname().release, "engaged": {}, "cves": {}}
            module.exit_json(**{**result, "ansible_facts": {"killswitch": facts}})
        # Changes before the refusal have been reverted, except for a removed file.
        result["changed"] = module.params["state"] == "absent" and machine.previous is not None
        module.fail_json(msg=str(stopped), **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
