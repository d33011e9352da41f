#compdef onnxrun
# Completion of onnxrun for zsh; tests/docs/manual.sh compares it with --help.

# FILE, or the file of NAME=FILE.
_onnxrun_named_file() {
  compset -P '*='
  _files
}

local -a both run tests
local passes='dead fold identity cse batchnorm fuse epilogues'
both=(
  '(-q --quiet)'{-q,--quiet}'[print no outputs; of tests only the totals]'
  '(-t --threads)'{-t+,--threads=}'[most threads of a run]:number'
  '--isa=[instruction set]:instruction set:(base avx2 avx512)'
  '--max-bytes=[most memory of the model and its run]:bytes, with K, M or G'
  "*--no-pass=[leave out a rewrite of the graph]:pass:($passes)"
  '*--plugin=[use the operators of a shared object as well]:shared object:_files -g "*.so(-.)"'
  '(-h --help)'{-h,--help}'[print the options]'
  '--version[print the version]'
)
run=(
  '*--shape=[dims of a .bin input]:NAME=1x3x224x224'
  '*'{-o+,--output=}'[write all outputs to a folder, or NAME=FILE]:folder or NAME=FILE:_onnxrun_named_file'
  '--input-format=[of standard input and other files]:format:(bin pb)'
  '--output-format=[of the files in a folder]:format:(bin pb)'
  '--full[print every element]'
  '--info[say what the model wants and gives]'
  '--profile=-[time of each step, to a file as a trace]::file:_files'
)
tests=(
  '--rtol=[relative tolerance]:number'
  '--atol=[absolute tolerance]:number'
  '*--shapes-only=[compare only types and shapes of such tests]:pattern'
  '--allow-unsupported[exit with 0 though operators are unsupported]'
  '(-v --verbose)'{-v,--verbose}'[a line for each test]'
)
if (( ${words[(I)test]} )); then
  _arguments -s $both $tests '1:command:(test)' '*:folder of tests:_files -/'
else
  _arguments -s $both $run '1:model:_files -g "*.onnx(-.)"' '*:input, FILE or NAME=FILE:_onnxrun_named_file'
fi
