"""packed.py LIST: every float loop of a map works on whole vectors.

In the objects of ops/activation, ops/logical and ops/math, each function *_f32 must hold packed
arithmetic on the registers of its instruction set: moves, broadcasts and zeroing do not count. A
compiler that gives up on a loop says nothing, so this does. packed.allow has the exceptions.
"""
import os
import re
import sys

from checks import Allowed, fail, finish, output

REGISTERS = {"base": "%xmm", "avx2": "%ymm", "avx512": "%zmm"}
FOLDERS = re.compile(r"/ops/(activation|logical|math)/(\w+)\.c\.o$")
ARITHMETIC = re.compile(
    r"v?(add|sub|mul|div|min|max|sqrt|and|andn|or|cmp\w*|rndscale|round|fn?m(add|sub)\d*|"
    r"blendv?|blendm|cvt\w+|xor)ps$|v?cvt\w*ps2\w+$|v?cvt\w+2ps$|"
    r"v?(pand|pandn|por|pxor|pternlog|pcmp\w+|psub|padd|psra|psll|psrl)[dq]?$")


def functions(path):
    """(name, instructions) of each function of an object."""
    name, body = None, []
    for line in output("objdump", "-d", "--no-show-raw-insn", path).splitlines():
        m = re.match(r"[0-9a-f]+ <(.+)>:$", line)
        if m:
            if name:
                yield name, body
            name, body = m.group(1), []
        elif line.startswith(" "):
            body.append(line.split(":", 1)[-1].strip())
    if name:
        yield name, body


def is_packed(instruction, register):
    mnemonic, _, operands = instruction.partition(" ")
    if not ARITHMETIC.match(mnemonic) or register not in operands:
        return False
    names = [o.strip() for o in operands.split(",")]
    return not ("xor" in mnemonic and len(set(names)) == 1)


def main(objects):
    allowed = Allowed(os.path.join(os.path.dirname(os.path.abspath(__file__)), "packed.allow"))
    n = 0
    with open(objects, encoding="utf-8") as f:
        groups = [line.strip().partition(" ") for line in f]
    for isa, _, paths in groups:
        for path in paths.split(";") if isa in REGISTERS else ():
            where = FOLDERS.search(path)
            if not where:
                continue
            for name, body in functions(path):
                if not re.search(r"_f32(\.|$)", name) or name.endswith(".cold"):
                    continue
                n += 1
                found = any(is_packed(i, REGISTERS[isa]) for i in body)
                key = "%s/%s:%s" % (where.group(1), where.group(2), name.split(".")[0])
                if not found and key not in allowed:
                    fail("%s (%s): no packed instruction on %s" % (key, isa, REGISTERS[isa]))
    finish(n and "%d loops" % n)


main(sys.argv[1])
