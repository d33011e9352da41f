# What `cmake --install` gives, in three components: runtime (the shared library), dev (what programs
# are built with) and command. Nothing in it holds an absolute path, so the folder can be moved.
include(CMakePackageConfigHelpers)
set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/onnxrun)

install(TARGETS onnxrun EXPORT onnxrun-shared
        LIBRARY COMPONENT runtime NAMELINK_COMPONENT dev)
install(TARGETS onnxrun_static EXPORT onnxrun-static COMPONENT dev)
install(TARGETS onnxrun-cli COMPONENT command)
install(DIRECTORY include/onnxrun TYPE INCLUDE COMPONENT dev FILES_MATCHING PATTERN *.h)

# For find_package: onnxrun::onnxrun and onnxrun::static.
set_target_properties(onnxrun_static PROPERTIES EXPORT_NAME static)
foreach(kind shared static)
  install(EXPORT onnxrun-${kind} NAMESPACE onnxrun:: DESTINATION ${config_dir} COMPONENT dev)
endforeach()
configure_package_config_file(cmake/onnxrunConfig.cmake.in generated/onnxrunConfig.cmake
                              INSTALL_DESTINATION ${config_dir})
write_basic_package_version_file(${generated}/onnxrunConfigVersion.cmake
                                 COMPATIBILITY SameMajorVersion)
install(FILES ${generated}/onnxrunConfig.cmake ${generated}/onnxrunConfigVersion.cmake
        DESTINATION ${config_dir} COMPONENT dev)

# For pkg-config, with the way from its file to the folder of the whole.
file(RELATIVE_PATH pc_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" pc_prefix "${pc_prefix}")
list(TRANSFORM openmp_libraries PREPEND -l REGEX "^[^/]" OUTPUT_VARIABLE pc_private)
list(JOIN pc_private " " pc_private)
configure_file(cmake/onnxrun.pc.in generated/onnxrun.pc @ONLY)
install(FILES ${generated}/onnxrun.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)
