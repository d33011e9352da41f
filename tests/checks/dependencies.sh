#!/bin/sh
# dependencies.sh LIBRARY STRIP: libonnxrun.so needs the C library, math, protobuf-c and OpenMP alone, has no
# executable stack and no text to relocate, and stays under a megabyte stripped.
library=$1
most=1000000
failures=0

for name in $(readelf -dW "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p'); do
  case $name in
  libc.so.* | libm.so.* | libprotobuf-c.so.* | libgomp.so.* | libomp.so.*) echo "needs $name" ;;
  ld-linux*.so.*) ;; # the loader: thread-local storage is looked up there
  *)
    failures=$((failures + 1))
    echo "FAIL: the library needs $name"
    ;;
  esac
done

if readelf -lW "$library" | grep -q 'GNU_STACK.*RWE'; then
  failures=$((failures + 1))
  echo "FAIL: the stack is executable"
fi
if readelf -dW "$library" | grep -q TEXTREL; then
  failures=$((failures + 1))
  echo "FAIL: text is relocated"
fi

stripped=$(mktemp) || exit 1
trap 'rm -f "$stripped"' EXIT
"$2" -o "$stripped" "$library" || exit 1
size=$(wc -c <"$stripped")
echo "stripped: $size bytes"
if [ "$size" -ge "$most" ]; then
  failures=$((failures + 1))
  echo "FAIL: expected less than $most bytes"
fi
[ "$failures" -eq 0 ]
