# The library: generated format code, reader, runtime and operators, as one set of objects that the
# shared and the static library are made of.

find_package(PkgConfig REQUIRED)
pkg_check_modules(PROTOBUF_C REQUIRED IMPORTED_TARGET libprotobuf-c)
find_program(PROTOC_C protoc-c REQUIRED)

set(generated ${CMAKE_CURRENT_BINARY_DIR}/generated)
file(MAKE_DIRECTORY ${generated})
add_custom_command(
  OUTPUT ${generated}/onnx.pb-c.c ${generated}/onnx.pb-c.h
  COMMAND ${PROTOC_C} --proto_path=${PROJECT_SOURCE_DIR}/proto --c_out=${generated} onnx.proto
  DEPENDS proto/onnx.proto
  VERBATIM)

file(GLOB core_sources CONFIGURE_DEPENDS runtime/*.c runtime/passes/*.c proto/*.c)
add_library(onnxrun_core OBJECT ${core_sources} ${generated}/onnx.pb-c.h)
target_link_libraries(onnxrun_core PRIVATE onnxrun_flags onnxrun_warnings PkgConfig::PROTOBUF_C)
target_include_directories(onnxrun_core PRIVATE ${generated})
# The engine decides and walks lists; what -O3 adds to that is 20 KB. It calls nothing that unwinds,
# and goes without tables for it, as the operators do.
target_compile_options(
  onnxrun_core PRIVATE $<$<CONFIG:Release>:-O2;-fno-asynchronous-unwind-tables>)
# What runs once a model or a value is made for size: a library under a megabyte has room for more
# operators. By -O2 clang made these files a quarter larger.
foreach(name about attrs check cpu error files quota registry value)
  list(APPEND small_sources runtime/${name}.c)
endforeach()
set_source_files_properties(
  ${small_sources} proto/graph.c proto/types.c proto/value.c proto/write.c
  runtime/passes/batchnorm.c runtime/passes/cse.c runtime/passes/identity.c
  runtime/passes/inline.c runtime/passes/passes.c
  PROPERTIES COMPILE_OPTIONS "$<$<CONFIG:Release>:-Os>")
add_library(onnxrun_format OBJECT ${generated}/onnx.pb-c.c)
target_link_libraries(onnxrun_format PRIVATE onnxrun_flags PkgConfig::PROTOBUF_C)
set_target_properties(
  onnxrun_core onnxrun_format PROPERTIES POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden
                                         C_EXTENSIONS OFF)
if(ONNXRUN_OPENMP)
  find_package(OpenMP REQUIRED COMPONENTS C)
  target_compile_definitions(onnxrun_core PRIVATE ONX_OPENMP)
  target_link_libraries(onnxrun_core PRIVATE OpenMP::OpenMP_C)
endif()

if(ONNXRUN_PLUGINS)
  target_compile_definitions(onnxrun_core PRIVATE ONX_PLUGINS)
endif()

set(library_objects $<TARGET_OBJECTS:onnxrun_core> $<TARGET_OBJECTS:onnxrun_format> ${op_objects})
# What the library is linked with, and the static one brings to its programs: installed, OpenMP is
# the library of the compiler that built ours, whatever the program is compiled by; by its path where
# linkers don't look for it by themselves, as for LLVM's in Debian.
set(library_links PkgConfig::PROTOBUF_C $<$<BOOL:${ONNXRUN_PLUGINS}>:${CMAKE_DL_LIBS}> m)
set(openmp_libraries "")
if(ONNXRUN_OPENMP)
  list(APPEND library_links $<BUILD_INTERFACE:OpenMP::OpenMP_C>)
  foreach(name IN LISTS OpenMP_C_LIB_NAMES)
    set(library ${OpenMP_${name}_LIBRARY})
    cmake_path(GET library PARENT_PATH folder)
    if(folder IN_LIST CMAKE_C_IMPLICIT_LINK_DIRECTORIES)
      set(library ${name})
    endif()
    list(APPEND openmp_libraries ${library})
    list(APPEND library_links $<INSTALL_INTERFACE:${library}>)
  endforeach()
endif()

# The operators' tables are full of pointers; packed, their relocations take 140 KB less.
include(CheckLinkerFlag)
check_linker_flag(C -Wl,-z,pack-relative-relocs ONNXRUN_LINKER_PACKS)

add_library(onnxrun SHARED ${library_objects})
target_link_libraries(onnxrun PRIVATE ${library_links})
target_link_options(
  onnxrun PRIVATE -Wl,--version-script=${PROJECT_SOURCE_DIR}/runtime/onnxrun.map -Wl,--gc-sections
  -Wl,--as-needed $<$<BOOL:${ONNXRUN_LINKER_PACKS}>:-Wl,-z,pack-relative-relocs>
  $<$<NOT:$<BOOL:${ONNXRUN_SANITIZED}>>:-Wl,--no-undefined>)
set_target_properties(
  onnxrun PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
                     LINK_DEPENDS ${PROJECT_SOURCE_DIR}/runtime/onnxrun.map LINKER_LANGUAGE C)

add_library(onnxrun_static STATIC ${library_objects})
target_link_libraries(onnxrun_static PRIVATE ${library_links})
set_target_properties(onnxrun_static PROPERTIES OUTPUT_NAME onnxrun LINKER_LANGUAGE C)
add_library(onnxrun::onnxrun ALIAS onnxrun)
add_library(onnxrun::static ALIAS onnxrun_static)

foreach(lib onnxrun onnxrun_static)
  target_include_directories(
    ${lib} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endforeach()
