add_executable(cli_cases_test ${CMAKE_CURRENT_LIST_DIR}/cases_test.cc
    ${CMAKE_CURRENT_LIST_DIR}/run_screen_test.cc
    ${CMAKE_CURRENT_LIST_DIR}/case_file.cc ${CMAKE_CURRENT_LIST_DIR}/fake_world.cc)
target_link_libraries(cli_cases_test PRIVATE room_cli room_jail room_doors_sh room_doors_hook
    GTest::gtest GTest::gtest_main)
target_include_directories(cli_cases_test PRIVATE ${CMAKE_CURRENT_LIST_DIR})
target_compile_definitions(cli_cases_test PRIVATE COUNTERSIGN_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
countersign_time_limit(limit 120)
gtest_discover_tests(cli_cases_test TEST_PREFIX "cli/" DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT ${limit})
