"""What the checks of this folder share: the project's files, commands, allow-lists, and the report.

Needs python3-minimal alone: no tempfile, shutil or json.
"""
import os
import re
import subprocess
import sys

FOLDERS = ("include", "runtime", "proto", "ops", "cli", "bench", "examples", "tests", "models",
           "docs", "scripts", "cmake", ".ci")

faults = []


def fail(text):
    faults.append(text)
    print("FAIL:", text)


def finish(what):
    """Ends the check: with an error if anything failed or nothing was looked at."""
    if not what:
        fail("nothing to check")
    print("%s; %d faults" % (what, len(faults)))
    sys.exit(1 if faults else 0)


def files(source, *endings, folders=FOLDERS):
    """Paths, relative to the source folder, of its files with these endings."""
    found = []
    for top in folders:
        for folder, inner, names in os.walk(os.path.join(source, top)):
            inner[:] = [d for d in inner if d != "__pycache__"]
            found += [os.path.relpath(os.path.join(folder, n), source)
                      for n in names if n.endswith(endings)]
    if folders == FOLDERS:
        found += [n for n in os.listdir(source) if n.endswith(endings)
                  and os.path.isfile(os.path.join(source, n))]
    return sorted(found)


def read(source, path):
    with open(os.path.join(source, path), encoding="utf-8") as f:
        return f.read()


def output(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        sys.exit("%s: %s" % (" ".join(command[:2]), done.stderr.decode().strip()))
    return done.stdout.decode("utf-8", "replace")


class Allowed:
    """An allow-list: a key a line, two spaces or more, the reason. # begins a comment."""

    def __init__(self, path):
        self.path, self.used, self.reasons = path, set(), {}
        with open(path, encoding="utf-8") as f:
            for line in f:
                line = line.strip()
                if line and not line.startswith("#"):
                    key, _, reason = line.partition("  ")
                    if not reason.strip():
                        fail("%s: '%s' has no reason" % (os.path.basename(path), key))
                    self.reasons[key] = reason.strip()

    def __contains__(self, key):
        if key in self.reasons:
            self.used.add(key)
            return True
        return False

    def check_used(self):
        for key in sorted(set(self.reasons) - self.used):
            fail("%s: '%s' is allowed and need not be" % (os.path.basename(self.path), key))


def strip_c(text):
    """C text with comments, strings and characters blanked; line breaks stay."""
    def blank(m):
        s = m.group(0)
        keep = s[0] if s[0] in "\"'" else " "
        return keep + re.sub(r"[^\n]", " ", s[1:-1]) + (keep if len(s) > 1 else "")
    return re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", blank, text,
                  flags=re.S)
