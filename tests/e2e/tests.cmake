# The whole product as people and agents meet it: real gateway, real jail, real hook, temporary state.
foreach(case sample_agent hook_contract bad_input canary)
    add_test(NAME e2e/${case}
             COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/e2e/e2e.py ${case} ${CMAKE_BINARY_DIR}/bin
                     ${CMAKE_SOURCE_DIR})
    set_tests_properties(e2e/${case} PROPERTIES TIMEOUT 300)
endforeach()
