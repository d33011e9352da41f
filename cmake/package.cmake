# The Debian packages that cpack makes of the three components: libonnxrunN (the shared library),
# libonnxrun-dev and onnxrun (the command). The preset "package" builds for them.
set(ONNXRUN_MAINTAINER "onnxrun packagers <onnxrun@packages.invalid>"
    CACHE STRING "Who packages: the maintainer in Debian packages, a name and an address")
set(library_package libonnxrun${PROJECT_VERSION_MAJOR})

set(CPACK_GENERATOR DEB)
set(CPACK_COMPONENTS_ALL runtime dev command)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PACKAGE_CONTACT "${ONNXRUN_MAINTAINER}")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(package_version ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})
set(CPACK_DEBIAN_PACKAGE_SOURCE onnxrun)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(about "onnxrun runs ONNX models: neural networks and other graphs of operators.")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME ${library_package})
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
if(ONNXRUN_LINKER_PACKS) # dpkg-shlibdeps doesn't see that packed relocations need this loader
  set(CPACK_DEBIAN_RUNTIME_PACKAGE_DEPENDS "libc6 (>= 2.36)")
endif()
file(WRITE ${generated}/triggers "activate-noawait ldconfig\n")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA ${generated}/triggers)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_RUNTIME_DESCRIPTION "library that runs ONNX models\n${about}\n\
This package has the shared library.")

set(CPACK_DEBIAN_DEV_PACKAGE_NAME libonnxrun-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS
    "${library_package} (= ${package_version}), libprotobuf-c-dev")
set(CPACK_DEBIAN_DEV_DESCRIPTION "library that runs ONNX models - development files\n${about}\n\
This package has the headers, the static library, and files for CMake and\npkg-config.")

set(CPACK_DEBIAN_COMMAND_PACKAGE_NAME onnxrun)
set(CPACK_DEBIAN_COMMAND_PACKAGE_SECTION science)
set(CPACK_DEBIAN_COMMAND_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_COMMAND_DESCRIPTION "command that runs ONNX models\n${about}\n\
This package has the command, its manual, and completion for bash and zsh.")

# What Debian wants beside a component's files, added before a package is closed.
configure_file(cmake/debian.cmake.in generated/debian.cmake @ONLY)
set(CPACK_PRE_BUILD_SCRIPTS ${generated}/debian.cmake)
include(CPack)
