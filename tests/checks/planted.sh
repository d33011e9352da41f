#!/bin/sh
# planted.sh CC: the checks find what they are for. Each is run on faults planted in a small tree.
cc=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
mkdir -p runtime ops/kit ops/math docs
failures=0

# finds TEXT COMMAND...: it must fail and say TEXT.
finds() {
  text=$1
  shift
  if "$@" >out 2>&1 || ! grep -qF -- "$text" out; then
    failures=$((failures + 1))
    echo "FAIL: expected '$text' of $*:"
    cat out
  fi
}
python() {
  script=$1
  shift
  python3 -B "$here/$script.py" "$@"
}

cat >runtime/a.h <<'END'
#include "runtime/b.h"
END
cat >runtime/b.h <<'END'
#include "runtime/a.h"
#include <omp.h>
END
cat >ops/math/bad.c <<'END'
#include <stdio.h>
#include "runtime/graph.h"
END
finds 'headers include each other: runtime/a.h runtime/b.h runtime/a.h' python layering .
finds 'runtime/b.h includes <omp.h>' python layering .
finds 'ops/math/bad.c includes <stdio.h>' python layering .
finds 'ops/math/bad.c includes "runtime/graph.h"' python layering .

{
  echo 'int wide(int a, int b, int c, int d, int e, int f, int g);'
  echo 'int wide(int a, int b, int c, int d, int e, int f, int g)'
  echo '{'
  echo '  for (int i = 0; i < a; i++)'
  echo '    while (b--) {'
  echo '      if (c)'
  echo '        d++;'
  echo '      else if (e)'
  echo '        do'
  echo '          f++;'
  echo '        while (f < g);'
  echo '    }'
  i=0
  while [ $i -lt 60 ]; do
    echo '  a++;'
    i=$((i + 1))
  done
  echo '  return d;'
  echo '}'
  printf '/* %0100d */\n' 0
} >runtime/long.c
finds 'function wide: 73, at most 60' python limits .
finds 'parameters wide: 7, at most 6' python limits .
finds 'nesting wide: 4, at most 3' python limits .
finds 'line: 106, at most 100' python limits .

printf '#if 0\n#endif\n/* TO''DO: all of it */\nint x; \n' >runtime/text.c
printf '[here](gone.md) in /ho''me/somebody/x\n' >docs/page.md
finds 'runtime/text.c:1: code that is switched off' python spelling .
finds 'runtime/text.c:3: a task without its issue' python spelling .
finds 'runtime/text.c:4: white space' python spelling .
finds 'docs/page.md:1: a path of a machine' python spelling .
finds "links to 'gone.md'" python spelling .
printf 'OP(math, sub)\nOP(math, add)\n' >ops/ops.def
finds 'OP(math, sub) stands before OP(math, add)' python spelling .

cat >ops/math/bad.c <<'END'
#include <stdio.h>
#include <stdlib.h>
static int calls;
static const char *name = "x";
int onx_op_bad(const float *x, float *y, int n);
int onx_op_bad(const float *x, float *y, int n)
{
  name += n;
  if (calls++ > 3)
    abort();
  printf("%s", name);
  for (int i = 1; i < n; i++)
    y[i] = y[i - 1] + x[i];
  return calls;
}
void sum_f32(const float *x, float *y, int n);
void sum_f32(const float *x, float *y, int n)
{
  for (int i = 1; i < n; i++)
    y[i] = y[i - 1] + x[i];
}
END
"$cc" -O2 -fPIC -fdata-sections -c ops/math/bad.c -o ops/math/bad.c.o || exit 1
echo "base $work/ops/math/bad.c.o" >objects
finds "global 'onx_op_bad' has no suffix __base" python symbols objects none
finds "'calls' can be written" python symbols objects none
finds "'name' can be written" python symbols objects none
finds 'calls abort' python symbols objects none
finds 'an operator calls printf' python symbols objects none
if objdump -f ops/math/bad.c.o | grep -q x86-64; then
  finds 'math/bad:sum_f32 (base): no packed instruction' python packed objects
fi

echo 'int onnxrun_x(void) { return 1; }' >lib.c
echo onnxrun_y >names
"$cc" -shared -fPIC lib.c -o lib.so || exit 1
finds 'the library exports onnxrun_x' python symbols objects names lib.so
finds 'the library does not export onnxrun_y' python symbols objects names lib.so
"$cc" -shared -fPIC lib.c -o lib.so -Wl,--no-as-needed -lgcc_s || exit 1
finds 'the library needs libgcc_s' sh "$here/dependencies.sh" lib.so

mkdir -p include/onnxrun
printf '#ifndef A\n#define A\nsize_t bad(void);\n#endif\n' >include/onnxrun/bad.h
finds 'onnxrun/bad.h does not compile alone' sh "$here/headers.sh" . . "$cc" "$cc"
printf 'int   x;\n' >runtime/text.c
finds 'code should be clang-formatted' sh "$here/format.sh" .
[ "$failures" -eq 0 ]
