"""layering.py SOURCE: who may include what.

Dependencies between folders run one way (docs/ARCHITECTURE.md): an include in quotes must be one of
those its folder allows, a system header that belongs to one file stays there, and headers form no
cycle.
"""
import re
import sys

from checks import fail, files, finish, read

PUBLIC = r"onnxrun/(onnxrun|types)\.h"

# Folder, and what an include in quotes there may name. The first that fits counts.
RULES = [
    ("include/", r"onnxrun/types\.h"),
    ("cli/", PUBLIC + r"|[a-z_]+\.h"),
    ("examples/", PUBLIC + r"|onnxrun/kernel\.h"),
    ("tests/api/", PUBLIC + r"|test_api\.c"),
    ("bench/", PUBLIC + r"|onnxrun/kernel\.h|bench/[a-z_]+\.h|onnx\.pb-c\.h|"
               r"tests/ops/cases\.def"),
    ("ops/kit/", r"onnxrun/(kernel|types)\.h|ops/kit/[a-z0-9_]+\.h"),
    ("ops/table.c", r"ops/kit/op\.h|ops/ops\.def"),
    ("ops/", r"onnxrun/(kernel|types)\.h|ops/kit/[a-z0-9_]+\.h"),
    ("runtime/", r"onnxrun/\w+\.h|runtime/[a-z_/]+\.h|proto/reader\.h|onx_isas\.h"),
    ("proto/", r"onnxrun/(types|kernel|onnxrun)\.h|proto/[a-z_]+\.h|onnx\.pb-c\.h|"
               r"runtime/(graph|memory|error|value)\.h"),
]

# Header, and the files that alone include it.
OWNERS = {
    "omp.h": ["runtime/parallel.c", "examples/plugin/onednn.c"],
    "cpuid.h": ["runtime/cpu.c"],
    "dlfcn.h": ["runtime/plugin.c", "bench/ort.c"],
    "immintrin.h": ["ops/kit/vec.h", "runtime/cpu.c", "bench/copy.c"],
    "arm_neon.h": ["ops/kit/vec.h"],
}

# Operators compute: no input or output, no allocation, no threads.
OPS_SYSTEM = {"math.h", "stdbool.h", "stddef.h", "stdint.h", "string.h", "float.h", "stdatomic.h", "limits.h",
              "immintrin.h", "arm_neon.h"}

# What one file may include besides: the C library's exact conversions between numbers and text.
OPS_SYSTEM_OF = {"ops/kit/text.h": {"stdio.h", "stdlib.h"}}

INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*([<\"])([^>\"]+)[>\"]", re.M)


def check_quoted(path, name):
    for folder, allowed in RULES:
        if path.startswith(folder):
            if not re.fullmatch(allowed, name):
                fail("%s includes \"%s\"" % (path, name))
            return


def check_system(path, name):
    if name in OWNERS and path not in OWNERS[name]:
        fail("%s includes <%s>, which is for %s" % (path, name, " ".join(OWNERS[name])))
    if path.startswith("ops/") and name not in OPS_SYSTEM | OPS_SYSTEM_OF.get(path, set()):
        fail("%s includes <%s>" % (path, name))


def check_cycles(graph):
    state = {}

    def visit(path, above):
        if state.get(path) == "done":
            return
        if path in above:
            fail("headers include each other: %s" % " ".join(above[above.index(path):] + [path]))
            return
        for name in graph.get(path, ()):
            visit(name, above + [path])
        state[path] = "done"

    for path in graph:
        visit(path, [])


def resolve(path, name, known):
    for candidate in (name, "include/" + name, path.rpartition("/")[0] + "/" + name):
        if candidate in known:
            return candidate
    return None


def main(source):
    paths = [p for p in files(source, ".c", ".h", ".cpp")]
    known, graph, n = set(paths), {}, 0
    for path in paths:
        for quote, name in INCLUDE.findall(read(source, path)):
            n += 1
            if quote == "<":
                if not path.startswith("tests/"):
                    check_system(path, name)
                continue
            check_quoted(path, name)
            target = resolve(path, name, known)
            if target and path.endswith(".h"):
                graph.setdefault(path, []).append(target)
    check_cycles(graph)
    finish(n and "%d includes of %d files" % (n, len(paths)))


main(sys.argv[1])
