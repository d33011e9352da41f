# Completion of onnxrun for bash. It needs bash alone; tests/docs/manual.sh compares it with --help.

# _onnxrun_files PATTERN...: files of these names, and folders; all files without a pattern.
_onnxrun_files()
{
  local pattern
  compgen -d -- "$word"
  [ $# -gt 0 ] || compgen -f -- "$word"
  for pattern; do
    compgen -f -X "!$pattern" -- "$word"
  done
}

# _onnxrun_value OPTION: what may follow it; fails for an option without a value.
_onnxrun_value()
{
  case $1 in
  --isa) compgen -W 'base avx2 avx512' -- "$word" ;;
  --no-pass)
    compgen -W 'dead fold identity cse batchnorm fuse epilogues' -- "$word"
    ;;
  --input-format | --output-format) compgen -W 'bin pb' -- "$word" ;;
  -o | --output) _onnxrun_files ;;
  --plugin) _onnxrun_files '*.so' ;;
  -t | --threads | --max-bytes | --shape | --rtol | --atol | --shapes-only) ;;
  *) return 1 ;;
  esac
}

# What may stand at the cursor, one a line. bash parts NAME=FILE into three words.
_onnxrun_words()
{
  local at=$COMP_CWORD i command='' operand='' word=${COMP_WORDS[COMP_CWORD]}
  local both='-q --quiet -t --threads --isa --max-bytes --no-pass --plugin -h --help --version'
  local run='--shape -o --output --input-format --output-format --full --info --profile'
  local test='--rtol --atol --shapes-only --allow-unsupported -v --verbose'
  if [ "$word" = = ]; then
    at=$((at + 1)) word=
  fi
  if [ "${COMP_WORDS[at - 1]}" = = ]; then
    _onnxrun_value "${COMP_WORDS[at - 2]}" || _onnxrun_files
    return
  fi
  _onnxrun_value "${COMP_WORDS[at - 1]}" && return
  for ((i = 1; i < at; i++)); do
    if [ "${COMP_WORDS[i]}" = = ] || _onnxrun_value "${COMP_WORDS[i]}" >/dev/null; then
      [ "${COMP_WORDS[i + 1]}" = = ] || i=$((i + 1))
    elif [[ ${COMP_WORDS[i]} != -?* ]]; then
      [ -n "$operand" ] || command=${COMP_WORDS[i]}
      operand=yes
    fi
  done
  case $command:$word in
  test:-*) compgen -W "$both $test" -- "$word" ;;
  :-*) compgen -W "$both $run $test" -- "$word" ;;
  *:-*) compgen -W "$both $run" -- "$word" ;;
  test:*) compgen -d -- "$word" ;;
  :*)
    compgen -W test -- "$word"
    _onnxrun_files '*.onnx'
    ;;
  *) _onnxrun_files '*.bin' '*.pb' ;;
  esac
}

_onnxrun()
{
  mapfile -t COMPREPLY < <(_onnxrun_words | sort -u)
}
complete -o filenames -F _onnxrun onnxrun
