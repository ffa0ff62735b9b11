# The jail against a gateway inside the test. Kernel features are needed and nothing skips.
add_executable(jail_run_test ${CMAKE_CURRENT_LIST_DIR}/run_test.cc)
target_link_libraries(jail_run_test PRIVATE room_jail GTest::gtest)
target_include_directories(jail_run_test PRIVATE ${CMAKE_CURRENT_LIST_DIR})
gtest_discover_tests(jail_run_test TEST_PREFIX "jail/" DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 120)
