# The house rules are tests.
add_test(NAME tidy/tree COMMAND ${CMAKE_SOURCE_DIR}/tools/tidy)
add_test(NAME tidy/rules_find_their_breach COMMAND ${CMAKE_SOURCE_DIR}/tools/tidy --self-test)
add_test(NAME tidy/format
         COMMAND sh -c "git ls-files -co --exclude-standard '*.cc' '*.h' | xargs clang-format-19 --dry-run -Werror"
         WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
