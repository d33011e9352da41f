"""symbols.py LIST NAMES [LIBRARY]: what the library's objects define and use.

LIST names the objects, "GROUP PATH;PATH..." a line: core, format, and an instruction set's operators
each. Checked are that
- every global of an operator carries its instruction set's suffix, so that no linker can take code
  for one processor in the place of another's;
- no object has data that a run could write;
- nothing prints, ends the program or reads the environment, and operators call nothing but memory
  and math functions;
- LIBRARY, when given, exports the names in the file NAMES and nothing else.
"""
import re
import sys

from checks import fail, finish, output

FORBIDDEN = re.compile(
    r"(_*v?(f|d)?printf(_chk)?|puts|fputs|fputc|putc|putchar|fwrite|write|perror|psignal|abort|"
    r"_?exit|_Exit|quick_exit|atexit|(secure_)?getenv|setenv|putenv|signal|raise|setlocale|strtok|"
    r"rand|srand|system|alloca)$")

OPS_MAY_CALL = re.compile(
    r"mem(cpy|move|set|cmp|chr)|bcmp|str(n?cmp|len|n?cpy)|"
    r"(a?(sin|cos|tan)h?|atan2|exp|exp2|expm1|log|log1p|log2|log10|pow|fmod|remainder|erf|erfc|"
    r"tgamma|lgamma|cbrt|hypot|sqrt|fma|fmax|fmin|fabs|floor|ceil|trunc|round|rint|nearbyint|"
    r"roundeven|copysign|scalbn|ldexp|frexp|modf|nextafter)f?$")

# In which process a thread has used OpenMP; the file says why.
MAY_CHANGE = ("runtime/parallel.c.o", "home")

# Atomics of gcc on aarch64: libgcc's, by what the processor has.
ATOMICS = re.compile(r"__aarch64_(cas|swp|ld(add|clr|eor|set))\d+_\w+$")

# Numbers to text and back (ops/kit/text.h): exact, into memory, outside of loops.
TEXT_MAY_CALL = re.compile(r"(snprintf|strto[df])$")
TEXT_FILES = re.compile(r".*/cast\.c\.o$")


def groups(path):
    with open(path, encoding="utf-8") as f:
        for line in f:
            name, _, paths = line.strip().partition(" ")
            if paths:
                yield name, paths.split(";")


def short(path):
    return re.sub(r".*\.dir/", "", path)


def check_suffix(isa, paths):
    for line in output("nm", "-A", "-g", "--defined-only", *paths).splitlines():
        path, name = line.rsplit(":", 1)[0], line.split()[-1]
        if not name.endswith("__" + isa):
            fail("%s (%s): global '%s' has no suffix __%s" % (short(path), isa, name, isa))


def check_uses(isa, paths):
    for line in output("nm", "-A", "-u", *paths).splitlines():
        path, name = line.rsplit(":", 1)[0], line.split()[-1]
        if FORBIDDEN.match(name):
            fail("%s: calls %s" % (short(path), name))
        if isa and not (name.endswith("__" + isa) or OPS_MAY_CALL.match(name)
                        or TEXT_MAY_CALL.match(name) and TEXT_FILES.match(path)
                        or ATOMICS.match(name) or name == "_GLOBAL_OFFSET_TABLE_"):
            fail("%s (%s): an operator calls %s" % (short(path), isa, name))


def check_data(paths):
    """Relocated constants lie in .data.rel.ro, which is read-only once the library is loaded."""
    path = ""
    for line in output("objdump", "-t", *paths).splitlines():
        path = line.partition(":")[0] if ":     file format" in line else path
        m = re.match(r"[0-9a-f]+ (.{7}) (\S+)\s+([0-9a-f]+) (?:\.hidden )?(\S+)$", line)
        if not m or "d" in m.group(1) or int(m.group(3), 16) == 0:
            continue
        section, name = m.group(2), m.group(4)
        if path.endswith(MAY_CHANGE[0]) and name == MAY_CHANGE[1]:
            continue
        if re.match(r"\.(data|bss|tdata|tbss)(?!\.rel\.ro)|\*COM\*", section):
            fail("%s: '%s' can be written (%s)" % (short(path), name, section))


def check_exports(library, names):
    with open(names, encoding="utf-8") as f:
        expected = {line.strip() for line in f if line.strip() and not line.startswith("#")}
    found = set()
    for line in output("nm", "-D", "--defined-only", library).splitlines():
        kind, name = line.split()[-2:]
        if kind != "A":
            found.add(name.split("@")[0])
    for name in sorted(found - expected):
        fail("the library exports %s, which %s does not list" % (name, names))
    for name in sorted(expected - found):
        fail("the library does not export %s" % name)


def main(objects, names, library=None):
    n = 0
    for group, paths in groups(objects):
        isa = None if group in ("core", "format") else group
        n += len(paths)
        if isa:
            check_suffix(isa, paths)
        check_uses(isa, paths)
        check_data(paths)
    if library:
        check_exports(library, names)
    finish(n and "%d objects" % n)


main(*sys.argv[1:])
