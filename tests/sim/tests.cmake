# Lives of a gate drawn from a seed, on a fake clock, disk and store, watched by an oracle that
# shares no code with it; and gates with one defect each, which the oracle must notice.
add_executable(sim_test ${CMAKE_CURRENT_LIST_DIR}/sim_test.cc ${CMAKE_CURRENT_LIST_DIR}/simulation.cc
    ${CMAKE_CURRENT_LIST_DIR}/steps.cc ${CMAKE_CURRENT_LIST_DIR}/oracle.cc
    ${CMAKE_CURRENT_LIST_DIR}/subject.cc ${CMAKE_CURRENT_LIST_DIR}/world.cc)
target_link_libraries(sim_test PRIVATE room_gate GTest::gtest GTest::gtest_main)
target_include_directories(sim_test PRIVATE ${CMAKE_CURRENT_LIST_DIR})
countersign_time_limit(limit 600)
gtest_discover_tests(sim_test TEST_PREFIX "sim/" DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT ${limit})
