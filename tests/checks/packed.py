"""packed.py LIST [OBJDUMP]: every float loop of a map works on whole vectors.

In the objects of ops/activation, ops/logical, ops/math and of ops/kit/kit.c, each function *_f32 that
jumps back must hold packed arithmetic on the registers of its instruction set: moves, broadcasts and
zeroing do not count. A compiler that gives up on a loop says nothing, so this does. packed.allow has
the exceptions. OBJDUMP is given for aarch64, where the registers are v0.4s and so on.
"""
import os
import re
import sys

from checks import Allowed, fail, finish, output

REGISTERS = {"base": "%xmm", "avx2": "%ymm", "avx512": "%zmm"}
TOOL = "objdump"
if len(sys.argv) > 2:  # the cross build's, of aarch64
    TOOL, REGISTERS = sys.argv[2], {"base": "v"}
FOLDERS = re.compile(r"/ops/(activation|logical|math|kit(?=/kit))/(\w+)\.c\.o$")
NEON = re.compile(r"(f(add|sub|mul|div|mla|mls|neg|abs|sqrt|max|min|maxnm|minnm|cm\w+|cvt\w+|rint\w)|"
                  r"and|bic|orr|eor|bsl|bit|bif|add|sub|cm\w+|u?shl|[su]shr)\s+v\d+\.(4s|16b|2d)")
ARITHMETIC = re.compile(
    r"v?(add|sub|mul|div|min|max|sqrt|and|andn|or|cmp\w*|rndscale|round|fn?m(add|sub)\d*|"
    r"blendv?|blendm|cvt\w+|xor)ps$|v?cvt\w*ps2\w+$|v?cvt\w+2ps$|"
    r"v?(pand|pandn|por|pxor|pternlog|pcmp\w+|psub|padd|psra|psll|psrl)[dq]?$")


def functions(path):
    """(name, [(address, instruction)]) of each function of an object."""
    name, body = None, []
    for line in output(TOOL, "-d", "--no-show-raw-insn", path).splitlines():
        m = re.match(r"[0-9a-f]+ <(.+)>:$", line)
        if m:
            if name:
                yield name, body
            name, body = m.group(1), []
        elif line.startswith(" "):
            address, _, instruction = line.partition(":")
            body.append((int(address, 16), instruction.strip()))
    if name:
        yield name, body


def has_loop(body):
    for address, instruction in body:
        jump = re.match(r"(?:j\w+|b\.\w+|cbn?z\s+\w+,|tbn?z\s+\w+, #\d+,)\s+([0-9a-f]+)", instruction)
        if jump and int(jump.group(1), 16) <= address and int(jump.group(1), 16) >= body[0][0]:
            return True
    return False


def is_packed(instruction, register):
    if register == "v":
        return bool(NEON.match(instruction))
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
                if not re.search(r"_f32(_whole)?(\.|$)", name) or not has_loop(body):
                    continue
                n += 1
                found = any(is_packed(i, REGISTERS[isa]) for _, i in body)
                file = "%s/%s" % (where.group(1), where.group(2))
                key = "%s:%s" % (file, name.split(".")[0])
                if not found and file not in allowed and key not in allowed:
                    fail("%s (%s): no packed instruction on %s" % (key, isa, REGISTERS[isa]))
    allowed.check_used()
    finish(n and "%d loops" % n)


main(sys.argv[1])
