# A real gateway in a directory of its own, driven from outside: its contract, attacks on it, and
# SIGKILL under load. Python's standard library and PyYAML.
add_executable(api_verify_log ${CMAKE_CURRENT_LIST_DIR}/verify_log.cc)
target_link_libraries(api_verify_log PRIVATE room_audit)
countersign_time_limit(limit 300)
foreach(test contract attack crash)
    add_test(NAME api/${test} COMMAND python3 -W error::SyntaxWarning ${CMAKE_CURRENT_LIST_DIR}/${test}_test.py)
    set_tests_properties(api/${test} PROPERTIES TIMEOUT ${limit} ENVIRONMENT
        "COUNTERSIGN_TEST_GATEWAY=$<TARGET_FILE:countersignd>;COUNTERSIGN_TEST_VERIFY=$<TARGET_FILE:api_verify_log>;COUNTERSIGN_SOURCE=${CMAKE_SOURCE_DIR}")
endforeach()

# The whole gateway in the test's own process, for what can only be seen from inside: lost memory.
set(parts ${CMAKE_SOURCE_DIR}/src/bin/countersignd)
add_executable(api_whole_gateway_test ${CMAKE_CURRENT_LIST_DIR}/whole_gateway_test.cc
    ${parts}/house.cc ${parts}/configuration.cc)
target_compile_definitions(api_whole_gateway_test PRIVATE COUNTERSIGN_VERSION="${PROJECT_VERSION}")
target_link_libraries(api_whole_gateway_test PRIVATE ${COUNTERSIGN_PROGRAM_countersignd} room_client
    GTest::gtest GTest::gtest_main)
gtest_discover_tests(api_whole_gateway_test TEST_PREFIX "api/" DISCOVERY_TIMEOUT 60
                     PROPERTIES TIMEOUT ${limit})
