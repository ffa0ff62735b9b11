# A real gateway in a directory of its own, driven from outside: its contract, attacks on it, and
# SIGKILL under load. Python's standard library and PyYAML.
add_executable(api_verify_log ${CMAKE_CURRENT_LIST_DIR}/verify_log.cc)
target_link_libraries(api_verify_log PRIVATE room_audit)
foreach(test contract attack crash)
    add_test(NAME api/${test} COMMAND python3 -W error::SyntaxWarning ${CMAKE_CURRENT_LIST_DIR}/${test}_test.py)
    set_tests_properties(api/${test} PROPERTIES TIMEOUT 300 ENVIRONMENT
        "COUNTERSIGN_TEST_GATEWAY=$<TARGET_FILE:countersignd>;COUNTERSIGN_TEST_VERIFY=$<TARGET_FILE:api_verify_log>;COUNTERSIGN_SOURCE=${CMAKE_SOURCE_DIR}")
endforeach()
