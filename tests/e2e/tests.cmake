# The whole program on real input: examples/ under `run`, the hook contract, and a canary which shows
# that a wrong expectation is reported.
set(E2E_DIR ${CMAKE_CURRENT_LIST_DIR})
set(E2E_OUT ${CMAKE_BINARY_DIR}/e2e)
add_test(NAME e2e/demo COMMAND ${E2E_DIR}/run_demo.sh ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/bin ${E2E_OUT}/demo.screen)
add_test(NAME e2e/demo_decisions COMMAND ${E2E_DIR}/expect.sh ${E2E_OUT}/demo.screen ${E2E_DIR}/demo.expect)
add_test(NAME e2e/canary COMMAND ${E2E_DIR}/expect.sh ${E2E_OUT}/demo.screen ${E2E_DIR}/canary.expect)
add_test(NAME e2e/hook_claude_code COMMAND ${E2E_DIR}/hook.sh ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/bin)
set_tests_properties(e2e/demo PROPERTIES FIXTURES_SETUP e2e_screen TIMEOUT 150)
set_tests_properties(e2e/demo_decisions e2e/canary PROPERTIES FIXTURES_REQUIRED e2e_screen TIMEOUT 30)
set_tests_properties(e2e/canary PROPERTIES PASS_REGULAR_EXPRESSION "^missing: ")
set_tests_properties(e2e/hook_claude_code PROPERTIES TIMEOUT 150)
