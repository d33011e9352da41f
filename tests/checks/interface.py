"""interface.py SOURCE CC: the public header as other languages and later versions need it.

- Every function has a comment, its own or that of the function before it in the same block, and
  stands in tests/abi/symbols.txt, and nothing else does.
- No bit-field, no inline function, no macro with arguments but the lists of types.h; enums are of
  int's size.
- What is behind ONNXRUN_EXPERIMENTAL is declared with that macro alone.
- bindgen, where it is installed, reads it and finds every function.
"""
import os
import re
import subprocess
import sys

from checks import fail, finish, output, read, strip_c

# Macros with arguments: the lists of types.h, which need not be read by a binding.
LISTS = {"ONNXRUN_STATUSES", "ONNXRUN_DTYPES", "ONNXRUN_X"}
DECLARED = re.compile(r"\b(onnxrun_\w+)\s*\(")


def declarations(header):
    """Each function's name, and whether a comment stands before it in its block."""
    pieces = re.split(r"(/\*.*?\*/|\n[ \t]*\n|;|\{|\})", header, flags=re.S)
    commented = False
    for piece in pieces:
        if piece.startswith("/*"):
            commented = commented or not piece.startswith("/* ----")
        elif not piece.strip() and piece.count("\n") > 1:
            commented = False
        elif "ONNXRUN_API" in piece and "#define" not in piece:
            yield DECLARED.search(piece).group(1), commented


def names(source):
    return {line for line in read(source, "tests/abi/symbols.txt").split("\n")
            if line and not line.startswith("#")}


def check_functions(source, header):
    found = dict(declarations(header))
    for name, commented in sorted(found.items()):
        if not commented:
            fail("%s has no comment" % name)
    for name in sorted(names(source) ^ set(found)):
        fail("%s is not both declared and in tests/abi/symbols.txt" % name)
    return found


def check_plain(source, path):
    text = strip_c(read(source, path))
    for name in re.findall(r"#[ \t]*define[ \t]+(\w+)\(", text):
        if name not in LISTS:
            fail("%s: macro %s has arguments" % (path, name))
    for line in text.split("\n"):
        if re.search(r"\binline\b", line):
            fail("%s: %s" % (path, line.strip()))
        if re.search(r"\b\w+[ \t]*:[ \t]*\d+[ \t]*[,;]", line):
            fail("%s: a bit-field: %s" % (path, line.strip()))


def compiles(source, cc, text, *options):
    done = subprocess.run([cc, "-x", "c", "-std=c11", "-Werror", "-fsyntax-only", *options,
                           "-I" + os.path.join(source, "include"), "-"],
                          input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode == 0


def check_experimental(source, cc, header):
    stable, _, rest = header.partition("#ifdef ONNXRUN_EXPERIMENTAL")
    hidden = [name for name, _ in declarations(rest.partition("#endif")[0])]
    for name in hidden + [n for n, _ in declarations(stable)]:
        text = "#include <onnxrun/onnxrun.h>\nvoid *p = (void *)%s;\n" % name
        if compiles(source, cc, text) == (name in hidden):
            fail("%s is %sdeclared without ONNXRUN_EXPERIMENTAL" %
                 (name, "" if name in hidden else "not "))
        if not compiles(source, cc, text, "-DONNXRUN_EXPERIMENTAL"):
            fail("%s is not declared with ONNXRUN_EXPERIMENTAL" % name)
    return hidden


def check_enums(source, cc, paths):
    for path in paths:
        for name in re.findall(r"typedef enum (\w+)", read(source, path)):
            if not compiles(source, cc, "#include <onnxrun/onnxrun.h>\n_Static_assert("
                                        "sizeof(%s) == sizeof(int), \"\");\n" % name):
                fail("%s is not of int's size" % name)


def check_bindgen(source, found):
    if not any(os.access(os.path.join(folder, "bindgen"), os.X_OK)
               for folder in os.environ.get("PATH", "").split(":")):
        return "no bindgen"
    rust = output("bindgen", os.path.join(source, "include/onnxrun/onnxrun.h"), "--",
                  "-I" + os.path.join(source, "include"), "-DONNXRUN_EXPERIMENTAL")
    for name in sorted(found):
        if "pub fn %s(" % name not in rust:
            fail("bindgen does not find %s" % name)
    return "bindgen"


def main(source, cc):
    paths = ["include/onnxrun/onnxrun.h", "include/onnxrun/types.h"]
    header = read(source, paths[0])
    found = check_functions(source, header)
    for path in paths:
        check_plain(source, path)
    hidden = check_experimental(source, cc, header)
    check_enums(source, cc, paths)
    if not hidden:
        fail("nothing is experimental")
    finish(found and "%d functions, %d experimental, %s" %
           (len(found), len(hidden), check_bindgen(source, found)))


main(sys.argv[1], sys.argv[2])
