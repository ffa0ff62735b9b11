add_executable(policy_cases ${CMAKE_CURRENT_LIST_DIR}/cases_test.cc
    ${CMAKE_CURRENT_LIST_DIR}/case_file.cc ${CMAKE_CURRENT_LIST_DIR}/anomaly_cases.cc)
target_link_libraries(policy_cases PRIVATE room_gate GTest::gtest)
target_include_directories(policy_cases PRIVATE ${CMAKE_CURRENT_LIST_DIR})
target_compile_definitions(policy_cases PRIVATE COUNTERSIGN_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
    COUNTERSIGN_DATA_DIR="${CMAKE_SOURCE_DIR}/../shared")
# One ctest entry per file: a case is a millisecond, a process start is not.
countersign_time_limit(limit 300)
file(GLOB cases CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.test)
foreach(file IN LISTS cases)
    get_filename_component(name ${file} NAME_WE)
    add_test(NAME policy/${name} COMMAND policy_cases --gtest_filter=${name}.*)
    set_tests_properties(policy/${name} PROPERTIES TIMEOUT ${limit})
endforeach()
add_test(NAME policy/runner COMMAND policy_cases --gtest_filter=Runner.*)
add_test(NAME policy/anomaly COMMAND policy_cases --gtest_filter=Anomaly.*)
set_tests_properties(policy/runner policy/anomaly PROPERTIES TIMEOUT ${limit})
