# The command's manual and completion. The manual is written once, in docs/onnxrun.1; the
# HTML, and docs/CLI.md by scripts/manual, are made from it.
install(FILES docs/onnxrun.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT command)
install(FILES cli/completion/onnxrun.bash RENAME onnxrun COMPONENT command
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES cli/completion/onnxrun.zsh RENAME _onnxrun COMPONENT command
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
find_program(MANDOC mandoc)
if(MANDOC)
  set(manual ${PROJECT_SOURCE_DIR}/docs/onnxrun.1)
  add_custom_command(
    OUTPUT ${generated}/onnxrun.1.html
    COMMAND ${MANDOC} -Ios=onnxrun -T html ${manual} > ${generated}/onnxrun.1.html
    DEPENDS ${manual} VERBATIM)
  add_custom_target(onnxrun_html ALL DEPENDS ${generated}/onnxrun.1.html)
  install(FILES ${generated}/onnxrun.1.html TYPE DOC COMPONENT command)
else()
  message(STATUS "The manual is installed as a man page alone: mandoc, which makes HTML, is missing")
endif()
