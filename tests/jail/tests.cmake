# The jail against a gateway inside the test. It needs the kernel's features; nothing skips. Each
# test runs as the present user and, when that is root, as an ordinary user as well.
set(COUNTERSIGN_VICTIMS_DIR ${CMAKE_CURRENT_BINARY_DIR}/victims)
file(GLOB victims CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/victims/*.cc)
set(victim_targets "")
foreach(source IN LISTS victims)
    get_filename_component(name ${source} NAME_WE)
    add_executable(victim_${name} ${source})
    target_link_options(victim_${name} PRIVATE -static -no-pie)
    target_compile_options(victim_${name} PRIVATE -fno-pie)
    countersign_unsanitized(victim_${name})
    set_target_properties(victim_${name} PROPERTIES OUTPUT_NAME ${name} POSITION_INDEPENDENT_CODE OFF
        RUNTIME_OUTPUT_DIRECTORY ${COUNTERSIGN_VICTIMS_DIR})
    list(APPEND victim_targets victim_${name})
endforeach()
add_executable(victim_forbidden_dynamic ${CMAKE_CURRENT_LIST_DIR}/victims/forbidden.cc)
set_target_properties(victim_forbidden_dynamic PROPERTIES OUTPUT_NAME forbidden_dynamic
    RUNTIME_OUTPUT_DIRECTORY ${COUNTERSIGN_VICTIMS_DIR})
countersign_unsanitized(victim_forbidden_dynamic)

countersign_time_limit(limit 120)
countersign_time_limit(limit_of_all 300)
foreach(test run victims stage network saver profile)
    add_executable(jail_${test}_test ${CMAKE_CURRENT_LIST_DIR}/${test}_test.cc)
    target_link_libraries(jail_${test}_test PRIVATE room_jail GTest::gtest)
    target_include_directories(jail_${test}_test PRIVATE ${CMAKE_CURRENT_LIST_DIR})
    target_compile_definitions(jail_${test}_test PRIVATE
        COUNTERSIGN_VICTIMS_DIR="${COUNTERSIGN_VICTIMS_DIR}")
    gtest_discover_tests(jail_${test}_test TEST_PREFIX "jail/" DISCOVERY_TIMEOUT 60
                         PROPERTIES TIMEOUT ${limit})
    add_test(NAME jail/${test}_as_nobody COMMAND jail_${test}_test --as-nobody)
    set_tests_properties(jail/${test}_as_nobody PROPERTIES TIMEOUT ${limit_of_all})
endforeach()
add_dependencies(jail_victims_test ${victim_targets} victim_forbidden_dynamic)
add_dependencies(jail_network_test ${victim_targets})

# What ./dev bench jail runs (bench/jail.sh).
foreach(name nothing spawn_loop)
    add_executable(cost_${name} ${CMAKE_CURRENT_LIST_DIR}/cost/${name}.cc)
    target_link_options(cost_${name} PRIVATE -static -no-pie)
    target_compile_options(cost_${name} PRIVATE -fno-pie)
    countersign_unsanitized(cost_${name})
    set_target_properties(cost_${name} PROPERTIES OUTPUT_NAME ${name} POSITION_INDEPENDENT_CODE OFF
        RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/cost)
endforeach()
add_executable(jail_cost ${CMAKE_CURRENT_LIST_DIR}/cost/jail_cost.cc)
target_link_libraries(jail_cost PRIVATE room_jail)
target_include_directories(jail_cost PRIVATE ${CMAKE_CURRENT_LIST_DIR})
add_dependencies(jail_cost cost_nothing cost_spawn_loop)
