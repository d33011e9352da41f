#!/bin/sh
# contributing.sh SOURCE CC: the worked example of CONTRIBUTING.md, taken word by word, is an operator
# that passes its row and ONNX's own cases. Works in a copy of the tree, for one instruction set.
source=$1 cc=$2
here=$source/tests/docs
suite=${ONNXRUN_SHARED:-$source/../shared}/conformance/node
[ -d "$suite" ] || suite=/usr/share/libonnx-testdata/data/node
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

die() {
  echo "FAIL: $*"
  exit 1
}

cp -r "$source/CMakeLists.txt" "$source/cmake" "$source/include" "$source/runtime" "$source/proto" \
  "$source/ops" "$source/cli" "$source/tests" "$source/models" "$source/docs" "$work" || exit 1
grep -qi thresholdedrelu "$work/ops/ops.def" && die "the example is built in: choose another"

# The first block after a file's name goes to its end; all but the operator's are one line.
for file in ops/activation/thresholdedrelu.c ops/ops.def tests/ops/cases.def tests/ops/references.def; do
  awk -v "after=\`$file\`" -f "$here/block.awk" "$source/CONTRIBUTING.md" >"$work/block"
  [ -s "$work/block" ] || die "CONTRIBUTING.md has no block for $file"
  case $file in
  *.def) [ "$(wc -l <"$work/block")" -eq 1 ] || die "the block for $file is not one line" ;;
  esac
  cat "$work/block" >>"$work/$file"
done

cmake -S "$work" -B "$work/build" -G Ninja "-DCMAKE_C_COMPILER=$cc" -DONNXRUN_ISAS=base \
  -DONNXRUN_WERROR=ON -DONNXRUN_BENCH=OFF >"$work/log" || {
  cat "$work/log"
  exit 1
}
ninja -C "$work/build" --quiet onnxrun-cli test_ops || die "the example does not build"
"$work/build/tests/test_ops" --filter 'ThresholdedRelu/*' || die "its row does not pass"
[ -d "$suite" ] || exit 0
"$work/build/onnxrun" test --verbose "$suite"/test_thresholdedrelu "$suite"/test_thresholdedrelu_default \
  "$suite"/test_thresholdedrelu_example || die "ONNX's cases do not pass"
