# CMake does not search the folder of Debian's LLVM 22 by default. MLIR_DIR
# overrides the hint. Only the two shared libraries `MLIR` and `LLVM` are
# linked, because linking component archives as well would duplicate their
# state.

find_package(MLIR 22.1 REQUIRED CONFIG
             HINTS /usr/lib/llvm-22/lib/cmake/mlir)
if(NOT LLVM_VERSION_MAJOR EQUAL 22)
  message(FATAL_ERROR "moelora needs LLVM 22, found ${LLVM_PACKAGE_VERSION} "
                      "in ${LLVM_DIR}; install llvm-22-dev libmlir-22-dev "
                      "mlir-22-tools, or set MLIR_DIR")
endif()
message(STATUS "MLIR ${LLVM_PACKAGE_VERSION} in ${MLIR_DIR}")
list(APPEND CMAKE_MODULE_PATH "${MLIR_CMAKE_DIR}" "${LLVM_CMAKE_DIR}")
include(TableGen)
include(AddLLVM)
include(AddMLIR)
separate_arguments(llvm_definitions NATIVE_COMMAND "${LLVM_DEFINITIONS}")

# moelora_library(NAME source... LINK library...): a library of the compiler.
function(moelora_library name)
  cmake_parse_arguments(ARG "" "" "LINK;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_include_directories(${name} SYSTEM PUBLIC
    "$<BUILD_INTERFACE:${MLIR_INCLUDE_DIRS};${LLVM_INCLUDE_DIRS}>")
  target_compile_definitions(${name} PUBLIC ${llvm_definitions})
  target_compile_options(${name} PRIVATE -fno-exceptions -Wno-unused-parameter)
  target_link_libraries(${name} PUBLIC ${ARG_LINK} MLIR LLVM)
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
endfunction()
