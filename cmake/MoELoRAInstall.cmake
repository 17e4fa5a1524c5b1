# Installation. find_package(MoELoRA) provides the libraries as MoELoRA::NAME,
# and pkg-config provides the runtime as moelora_rt.

include(CMakePackageConfigHelpers)
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/MoELoRA")

# Libraries by their exported name.
set(MOELORA_RUNTIME_LIBRARIES rt models reference cost)
set(MOELORA_COMPILER_LIBRARIES)
foreach(name IN LISTS MOELORA_RUNTIME_LIBRARIES)
  set_target_properties(moelora_${name} PROPERTIES EXPORT_NAME ${name})
  list(APPEND libraries moelora_${name})
endforeach()
if(MOELORA_COMPILER)
  foreach(name Dialect Passes Codegen Import Interpreter InitAll)
    set_target_properties(MoELoRA${name} PROPERTIES EXPORT_NAME ${name})
    list(APPEND libraries MoELoRA${name})
    list(APPEND MOELORA_COMPILER_LIBRARIES ${name})
  endforeach()
  install(TARGETS MoELoRAPlugin LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
endif()
install(TARGETS ${libraries} EXPORT MoELoRATargets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")

# A plug-in that the runtime loads from its own folder.
install(TARGETS moelora_emulator LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")

# Programs find libmoelora_rt relative to their own folder, and the LLVM with
# which they were built, which is not in the loader's path on Debian.
get_property(tools DIRECTORY "${PROJECT_SOURCE_DIR}/tools" PROPERTY
             SUBDIRECTORIES)
foreach(folder IN LISTS tools)
  get_filename_component(tool "${folder}" NAME)
  set_target_properties(${tool} PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
  install(TARGETS ${tool} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endforeach()

# The libraries of the tools are not part of the package.
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/moelora"
        DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
        PATTERN adapters EXCLUDE PATTERN commandline EXCLUDE
        PATTERN host EXCLUDE PATTERN link EXCLUDE)
if(MOELORA_COMPILER)
  install(DIRECTORY "${PROJECT_BINARY_DIR}/include/moelora"
          DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
          FILES_MATCHING PATTERN "*.h.inc" PATTERN CMakeFiles EXCLUDE)
  foreach(component dialect passes codegen)
    install(DIRECTORY "${PROJECT_SOURCE_DIR}/${component}/"
            DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/moelora/${component}"
            FILES_MATCHING PATTERN "*.td")
  endforeach()
endif()

install(EXPORT MoELoRATargets NAMESPACE MoELoRA:: DESTINATION "${package_dir}")
configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/MoELoRAConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/cmake/MoELoRAConfig.cmake"
  INSTALL_DESTINATION "${package_dir}" PATH_VARS CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(
  "${PROJECT_BINARY_DIR}/cmake/MoELoRAConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
# The package may be moved as a whole, so the paths are relative.
file(RELATIVE_PATH pc_to_include "/${CMAKE_INSTALL_LIBDIR}/pkgconfig"
     "/${CMAKE_INSTALL_INCLUDEDIR}")
configure_file("${CMAKE_CURRENT_LIST_DIR}/moelora_rt.pc.in"
               "${PROJECT_BINARY_DIR}/cmake/moelora_rt.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/cmake/MoELoRAConfig.cmake"
              "${PROJECT_BINARY_DIR}/cmake/MoELoRAConfigVersion.cmake"
        DESTINATION "${package_dir}")
install(FILES "${PROJECT_BINARY_DIR}/cmake/moelora_rt.pc"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
