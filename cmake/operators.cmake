# The operators: ops/ops.def says which, and each is compiled once for every instruction set.

set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/ops/ops.def)
file(STRINGS ops/ops.def op_lines REGEX "^OP\\(")
set(op_sources ops/kit/kit.c ops/kit/gemm.c ops/table.c)
foreach(line IN LISTS op_lines)
  if(NOT line MATCHES "^OP\\(([a-z_]+), *([a-z0-9_]+)\\)")
    message(FATAL_ERROR "ops/ops.def: not of the form OP(folder, file): ${line}")
  endif()
  list(APPEND op_sources ops/${CMAKE_MATCH_1}/${CMAKE_MATCH_2}.c)
endforeach()

set(isa_flags_base "")
set(isa_flags_avx2 -mavx2 -mfma -mf16c)
set(isa_flags_avx512 ${isa_flags_avx2} -mavx512f -mavx512vl -mavx512dq -mavx512bw
                     -mprefer-vector-width=512)

add_library(onnxrun_warnings INTERFACE)
# What is ours may use what may still change.
target_compile_definitions(onnxrun_warnings INTERFACE ONNXRUN_EXPERIMENTAL)
target_compile_options(
  onnxrun_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes
                             -Wmissing-prototypes -Wvla -Wwrite-strings
                             $<$<BOOL:${ONNXRUN_WERROR}>:-Werror>)

# What every C file of the library is compiled with.
add_library(onnxrun_flags INTERFACE)
target_compile_features(onnxrun_flags INTERFACE c_std_11)
target_include_directories(onnxrun_flags INTERFACE ${PROJECT_SOURCE_DIR}
                                                   ${PROJECT_SOURCE_DIR}/include)
target_compile_definitions(onnxrun_flags INTERFACE _POSIX_C_SOURCE=200809L ONNXRUN_BUILDING)
target_compile_options(onnxrun_flags INTERFACE -ffunction-sections -fdata-sections)

# NaN, infinities and -0 are specified, so never -ffast-math; gcc vectorises a loop with a choice in
# it only without traps. Contraction is off: a fused multiply-add is written as MADD. Loops are
# vectorised, but not unrolled as -O3 does, which makes a third of the size and no speed; operators
# call nothing that unwinds, so they carry no tables for it. gcc's alignment of code would be 60 KB
# and no speed, clang's vectors for the remainders of long loops 30 KB.
set(op_flags
    -O2 -ftree-vectorize -fno-math-errno -fno-trapping-math -ffp-contract=off -fopenmp-simd
    -fno-asynchronous-unwind-tables
    $<$<C_COMPILER_ID:GNU>:-fvect-cost-model=dynamic;-falign-functions=1>
    $<$<C_COMPILER_ID:GNU>:-falign-jumps=1;-falign-loops=1>
    $<$<C_COMPILER_ID:Clang>:-fno-unroll-loops;-mllvm;-enable-epilogue-vectorization=false>)

# Descriptors stand in the objects of the first instruction set; the others give code alone.
set(op_objects "")
set(first_isa "")
set(other_isas "")
foreach(isa IN LISTS ONNXRUN_ISAS)
  add_library(onnxrun_ops_${isa} OBJECT ${op_sources})
  target_link_libraries(onnxrun_ops_${isa} PRIVATE onnxrun_flags onnxrun_warnings)
  target_compile_definitions(onnxrun_ops_${isa} PRIVATE ONX_ISA=${isa} ONX_ISA_${isa}=1)
  target_compile_options(onnxrun_ops_${isa} PRIVATE ${op_flags} ${isa_flags_${isa}})
  set_target_properties(onnxrun_ops_${isa} PROPERTIES POSITION_INDEPENDENT_CODE ON
                                                      C_VISIBILITY_PRESET hidden C_EXTENSIONS OFF)
  list(APPEND op_objects $<TARGET_OBJECTS:onnxrun_ops_${isa}>)
  if(first_isa)
    target_compile_definitions(onnxrun_ops_${isa} PRIVATE ONX_CODE_ONLY)
    string(APPEND other_isas " X(${isa})")
  else()
    set(first_isa "X(${isa})")
  endif()
endforeach()
file(CONFIGURE OUTPUT generated/onx_isas.h CONTENT
     "/* Made by CMake: the instruction sets of this build, the best last. */
#define ONX_FIRST_ISA(X) @first_isa@
#define ONX_OTHER_ISAS(X)@other_isas@
#define ONX_ISAS(X) ONX_FIRST_ISA(X) ONX_OTHER_ISAS(X)
" @ONLY)
