# The record as a program sees it that nobody here wrote: Go's x/mod/sumdb note and tlog packages
# (Debian: golang-1.19-go, golang-golang-x-mod-dev).
find_program(COUNTERSIGN_GO go PATHS /usr/lib/go-1.19/bin)
if(NOT COUNTERSIGN_GO)
    # ./dev test installs it; a build for other ends goes without, and a test run then says so.
    add_test(NAME record/go_is_missing COMMAND ${CMAKE_COMMAND} -E false)
    return()
endif()
set(COUNTERSIGN_GO_VERIFY ${CMAKE_CURRENT_BINARY_DIR}/record/go_verify)
add_custom_command(OUTPUT ${COUNTERSIGN_GO_VERIFY}
    COMMAND ${CMAKE_COMMAND} -E env GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS= GOPROXY=off
        CGO_ENABLED=0 GOCACHE=${CMAKE_CURRENT_BINARY_DIR}/record/go_cache
        ${COUNTERSIGN_GO} build -o ${COUNTERSIGN_GO_VERIFY} ${CMAKE_CURRENT_LIST_DIR}/go/verify.go
    DEPENDS ${CMAKE_CURRENT_LIST_DIR}/go/verify.go VERBATIM)
add_custom_target(record_go_verify ALL DEPENDS ${COUNTERSIGN_GO_VERIFY})
add_executable(record_go_test ${CMAKE_CURRENT_LIST_DIR}/go_test.cc)
add_dependencies(record_go_test record_go_verify)
target_link_libraries(record_go_test PRIVATE room_audit GTest::gtest GTest::gtest_main)
target_compile_definitions(record_go_test PRIVATE COUNTERSIGN_GO_VERIFY="${COUNTERSIGN_GO_VERIFY}")
countersign_time_limit(limit 120)
gtest_discover_tests(record_go_test TEST_PREFIX "record/" DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT ${limit})

countersign_time_limit(limit 300)
add_test(NAME record/evidence COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/evidence_test.py)
set_tests_properties(record/evidence PROPERTIES TIMEOUT ${limit} ENVIRONMENT
    "COUNTERSIGN_TEST_GATEWAY=$<TARGET_FILE:countersignd>;COUNTERSIGN_TEST_CLIENT=$<TARGET_FILE:countersign>;COUNTERSIGN_GO_VERIFY=${COUNTERSIGN_GO_VERIFY};COUNTERSIGN_SOURCE=${CMAKE_SOURCE_DIR}")
