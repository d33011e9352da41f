"""limits.py SOURCE: how long functions, files and macros are, how many parameters and how deep.

Prints what is over a soft limit; fails over a hard one unless limits.allow has it with a reason.
Lengths are in lines, a function's from its name to its closing brace. Nesting counts if, for, while,
do and switch within each other; an else-if stands beside its if.
"""
import os
import re
import sys

from checks import Allowed, fail, files, finish, output, read, strip_c

SOFT = {"function": 40, "file": 400, "macro": 8}
HARD = {"function": 60, "file": 800, "parameters": 6, "nesting": 3, "line": 100}
CONTROL = {"if", "for", "while", "switch"}


class Body:
    """Nesting of a function's body, by reading its statements."""

    def __init__(self, text):
        self.tokens = re.findall(r"[A-Za-z_]\w*|[^\s\w]", text)
        self.at, self.deepest = 0, 0

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def parentheses(self):
        depth = 0
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            self.at += 1
            depth += (token == "(") - (token == ")")
            if depth == 0:
                return

    def expression(self):
        """Skips to the statement's end: a semicolon, or a label's colon, outside all brackets."""
        depth = 0
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            if depth == 0 and (token == "}" or token in CONTROL or token == "do"):
                return  # a macro without a semicolon stood before
            self.at += 1
            depth += (token in "([{") - (token in ")]}")
            if depth == 0 and token == ";":
                return

    def inner(self, depth):
        self.deepest = max(self.deepest, depth)
        self.statement(depth)

    def statement(self, depth):
        token = self.peek()
        if token == "{":
            self.at += 1
            while self.peek() not in ("}", ""):
                self.statement(depth)
            self.at += 1
        elif token in CONTROL:
            self.at += 1
            self.parentheses()
            self.inner(depth + 1)
            if token == "if" and self.peek() == "else":
                self.at += 1
                (self.statement if self.peek() == "if" else self.inner)(
                    depth if self.peek() == "if" else depth + 1)
        elif token == "do":
            self.at += 1
            self.inner(depth + 1)
            self.expression()
            if self.peek() == "while":
                self.at += 1
                self.parentheses()
                self.expression()
        elif token in ("case", "default"):
            while self.peek() not in (":", ""):
                self.at += 1
            self.at += 1
        else:
            self.expression()


def count(signature):
    """Parameters of a signature without its parentheses."""
    depth, n = 0, 0 if signature.strip() in ("", "void") else 1
    for c in signature:
        depth += (c == "(") - (c == ")")
        n += c == "," and depth == 0
    return n


def made_name(text):
    """(name, signature) of a function whose name a macro makes, F(name)(...), else None."""
    m = re.match(r"[^(]*\b([A-Z]+\(\w+\))\s*\(", text)
    if not m:
        return None
    depth = 1
    for at in range(m.end(), len(text)):
        depth += (text[at] == "(") - (text[at] == ")")
        if depth == 0:
            return m.group(1), text[m.end():at]
    return None


def functions(source, path, plain):
    """(name, first line, last line, parameters) of each function."""
    listing = output("ctags", "--languages=C,C++", "--kinds-C=f", "--kinds-C++=f",
                     "--fields=neS", "-f", "-", os.path.join(source, path))
    for row in listing.splitlines():
        name, fields = row.split("\t")[0], dict(
            f.split(":", 1) for f in row.split("\t")[3:] if ":" in f)
        if row.startswith("!") or "end" not in fields:
            continue
        first, last = int(fields["line"]), int(fields["end"])
        name, signature = made_name("\n".join(plain[first - 1:last])) or (
            name, fields.get("signature", "()")[1:-1])
        yield name, first, last, count(signature)


def macros(text):
    """(name, line, lines) of each macro."""
    for m in re.finditer(r"^[ \t]*#[ \t]*define[ \t]+(\w+)(?:[^\n]*\\\n)*[^\n]*", text, re.M):
        yield m.group(1), text.count("\n", 0, m.start()) + 1, m.group(0).count("\n") + 1


def main(source):
    allowed = Allowed(os.path.join(os.path.dirname(os.path.abspath(__file__)), "limits.allow"))
    soft, n = [], 0

    def measure(kind, size, path, line, name):
        key = "%s %s%s" % (kind, path, ":" + name if name else "")
        text = "%s:%d: %s%s: %d" % (path, line, kind, " " + name if name else "", size)
        if kind in HARD and size > HARD[kind] and key not in allowed:
            fail("%s, at most %d" % (text, HARD[kind]))
        elif kind in SOFT and size > SOFT[kind]:
            soft.append(text)

    for path in files(source, ".c", ".h", ".cpp"):
        raw = read(source, path)
        lines = raw.split("\n")
        measure("file", len(lines) - 1, path, 1, "")
        for i, line in enumerate(lines):
            measure("line", len(line), path, i + 1, "")
        if not path.startswith(("ops/kit/", "include/")):
            for name, line, size in macros(raw):
                measure("macro", size, path, line, name)
        plain = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: "\n" * m.group(0).count("\n"),
                       strip_c(raw), flags=re.M).split("\n")
        for name, first, last, parameters in functions(source, path, plain):
            n += 1
            measure("function", last - first + 1, path, first, name)
            measure("parameters", parameters, path, first, name)
            text = "\n".join(plain[first - 1:last])
            body = Body(text[text.find("{"):])
            body.statement(0)
            measure("nesting", body.deepest, path, first, name)
    for text in soft:
        print("over a soft limit:", text)
    allowed.check_used()
    finish(n and "%d functions" % n)


main(sys.argv[1])
