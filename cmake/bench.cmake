# The benchmarks: programs that use the library as any program does.

add_library(onnxrun_bench_node OBJECT bench/node.c ${generated}/onnx.pb-c.h)
target_include_directories(onnxrun_bench_node PRIVATE ${PROJECT_SOURCE_DIR}/include ${generated})
target_link_libraries(onnxrun_bench_node PRIVATE onnxrun_warnings PkgConfig::PROTOBUF_C)
set(bench_objects onnxrun_bench_node)

function(onnxrun_bench name)
  add_executable(bench_${name} ${ARGN} $<TARGET_OBJECTS:onnxrun_bench_node>)
  target_link_libraries(bench_${name} PRIVATE onnxrun_static onnxrun_warnings)
endfunction()

onnxrun_bench(run bench/run.c)
onnxrun_bench(process bench/process.c)
onnxrun_bench(gemm bench/gemm.c)

foreach(target ${bench_objects})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_definitions(${target} PRIVATE _POSIX_C_SOURCE=200809L)
endforeach()
get_directory_property(targets BUILDSYSTEM_TARGETS)
foreach(target ${targets})
  if(target MATCHES "^bench_")
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
    target_compile_definitions(${target} PRIVATE _POSIX_C_SOURCE=200809L)
  endif()
endforeach()
