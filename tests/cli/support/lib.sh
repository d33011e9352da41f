# lib.sh: what the scripts of this folder share. A script is called with the program's path and the
# source folder, works in a folder of its own, and ends with `finish`.
#
# Models and tensors are written here, byte by byte: a message is kept as printf escapes, four
# characters a byte, so its length is known.

program=$1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
case $program in
/*) ;;
*) program=$PWD/$program ;;
esac
cd "$work" || exit 1
failures=0

# ---- assertions ----------------------------------------------------------------------------------

fail() {
  failures=$((failures + 1))
  echo "FAIL: $last: $*"
  sed 's/^/  out: /' out
  sed 's/^/  err: /' err
}

# run CODE ARGUMENT...: the program must exit with CODE, and say why in one line if that is not 0.
run() {
  code=$1
  shift
  last="onnxrun $*"
  "$program" "$@" >out 2>err
  found=$?
  [ "$found" -eq "$code" ] || fail "expected exit code $code, found $found"
  if [ "$code" -eq 0 ] || { [ "$1" = test ] && { [ "$code" -eq 7 ] || [ "$code" -eq 4 ]; }; }; then
    [ ! -s err ] || fail "expected nothing on standard error"
  else
    [ "$(wc -l <err)" -eq 1 ] || fail "expected one line on standard error"
    grep -q '^onnxrun: ' err || fail "expected 'onnxrun: ' on standard error"
  fi
}

# says TEXT, complains TEXT: standard output, or standard error, holds this text.
says() {
  grep -qF -- "$1" out || fail "expected '$1' on standard output"
}
complains() {
  grep -qF -- "$1" err || fail "expected '$1' on standard error"
}
is_line() {
  grep -qxF -- "$1" out || fail "expected the line '$1' on standard output"
}
same() {
  cmp -s "$1" "$2" || fail "expected $1 and $2 to be the same"
}

finish() {
  [ "$failures" -eq 0 ] || echo "$failures failed"
  [ "$failures" -eq 0 ]
  exit
}

# ---- messages ------------------------------------------------------------------------------------

escapes() {
  printf '%s' "$1" | od -An -v -to1 | tr -d '\n' | tr ' ' '\\'
}

varint() {
  if [ "$1" -lt 128 ]; then
    printf '\\%03o' "$1"
  else
    printf '\\%03o' $(($1 % 128 + 128))
    varint $(($1 / 128))
  fi
}

# field NUMBER ESCAPES; number NUMBER VALUE; string NUMBER TEXT
field() {
  varint $(($1 * 8 + 2))
  varint $((${#2} / 4))
  printf '%s' "$2"
}
number() {
  varint $(($1 * 8))
  varint "$2"
}
string() {
  field "$1" "$(escapes "$2")"
}

# dims DIM...: a TensorShapeProto; a DIM that is no number is a name.
dims() {
  for dim; do
    case $dim in
    *[!0-9]*) field 1 "$(string 2 "$dim")" ;;
    *) field 1 "$(number 1 "$dim")" ;;
    esac
  done
}

# value NAME TYPE DIM...: a ValueInfoProto; node OP INPUT OUTPUT: a NodeProto
value() {
  name=$1 type=$2
  shift 2
  string 1 "$name"
  field 2 "$(field 1 "$(
    number 1 "$type"
    field 2 "$(dims "$@")"
  )")"
}
node() {
  for input in $2; do
    string 1 "$input"
  done
  string 2 "$3"
  string 4 "$1"
}

# model FILE FIELDS: a ModelProto of opset 13 around a graph's fields
model() {
  graph=$2$(string 2 g)
  printf "$(
    number 1 8
    field 8 "$(number 2 13)"
    field 7 "$graph"
  )" >"$1"
}

# relu FILE DIM...: y = Relu(x), float
relu() {
  file=$1
  shift
  model "$file" "$(field 1 "$(node Relu x y)")$(field 11 "$(value x 1 "$@")")$(
    field 12 "$(value y 1 "$@")"
  )"
}

# add FILE DIM...: y = Add(a, b), float
add() {
  file=$1
  shift
  model "$file" "$(field 1 "$(node Add 'a b' y)")$(field 11 "$(value a 1 "$@")")$(
    field 11 "$(value b 1 "$@")"
  )$(field 12 "$(value y 1 "$@")")"
}

# tensor FILE TYPE BYTES DIM...: a TensorProto with raw data
tensor() {
  file=$1 type=$2 bytes=$3
  shift 3
  printf "$(
    for dim; do
      number 1 "$dim"
    done
    number 2 "$type"
    field 9 "$bytes"
  )" >"$file"
}

# float32 of small whole numbers and halves
f_minus1='\000\000\200\277'
f_0='\000\000\000\000'
f_half='\000\000\000\077'
f_1='\000\000\200\077'
f_2='\000\000\000\100'
f_3='\000\000\100\100'
