"""spelling.py SOURCE: what no text of the project may hold: paths of a machine, code that is switched
off, a TODO without its issue, white space at a line's end, a link to a file that is not there, an
operator in ops.def out of its place.
"""
import os
import re
import sys

from checks import fail, files, finish, read

TEXTS = (".c", ".h", ".cpp", ".py", ".sh", ".md", ".txt", ".cmake", ".def", ".proto", ".map",
         ".json", ".allow", "/setup", "/test", "/demo", "/run")

RULES = [
    (r"(?<![\w.])/(?:home|root|work|mnt|Users|private|tmp/[a-z]+)/\w", "a path of a machine"),
    (r"^\s*#\s*if\s+0\b", "code that is switched off"),
    (r"\b(?:TODO|FIXME|XXX)\b(?!\(#\d+\))", "a task without its issue, TODO(#12)"),
    (r"[ \t]+$", "white space at the end of a line"),
]


def check_links(source, path, text):
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        if not os.path.exists(os.path.join(source, os.path.dirname(path), target)):
            fail("%s: links to '%s', which is not there" % (path, target))


def check_operators(text):
    rows = re.findall(r"^OP\(.*\)", text, re.M)
    for before, row in zip(rows, rows[1:]):
        if before >= row:
            fail("ops/ops.def: %s stands before %s" % (before, row))


def main(source):
    paths = [p for p in files(source, "") if p.endswith(TEXTS) or "." not in p]
    for path in paths:
        if path == "tests/checks/spelling.py" or path == "LICENSE":
            continue
        text = read(source, path)
        for pattern, what in RULES:
            if path.endswith(".md") and what.startswith("a task"):
                continue  # pages may speak of it
            for m in re.finditer(pattern, text, re.M):
                fail("%s:%d: %s" % (path, text.count("\n", 0, m.start()) + 1, what))
        if path.endswith(".md"):
            check_links(source, path, text)
        if path == "ops/ops.def":
            check_operators(text)
    finish(paths and "%d texts" % len(paths))


main(sys.argv[1])
