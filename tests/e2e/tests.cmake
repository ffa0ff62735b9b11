# The whole product as people and agents meet it: real gateway, real jail, real hook, temporary state.
# A case that cannot have what it needs (namespaces, a terminal) fails; none skips.
function(countersign_e2e script prefix seconds)
    countersign_time_limit(limit ${seconds})
    foreach(case ${ARGN})
        add_test(NAME e2e/${prefix}${case}
                 COMMAND python3 ${CMAKE_SOURCE_DIR}/tests/e2e/${script}.py ${case} ${CMAKE_BINARY_DIR}/bin
                         ${CMAKE_SOURCE_DIR})
        set_tests_properties(e2e/${prefix}${case} PROPERTIES TIMEOUT ${limit})
    endforeach()
endfunction()
countersign_e2e(e2e "" 300 sample_agent hook_contract bad_input canary)
countersign_e2e(bad_input "bad_input_" 300 not_bash nul_bytes megabyte_command hundred_thousand_words
                ten_thousand_levels invalid_utf8 malformed_json wrong_token socket_gone replayed_vote canary)
countersign_e2e(failures "" 400 full_disk full_disk_under_load supervisor_sigkill interrupt_during_question
                gateway_gone_mid_hold)
countersign_e2e(failures "failures_" 300 canary)
countersign_e2e(bypasses "" 300 bypass_09_always_allow_is_narrow bypass_21_sub_agents_inherit_denials
                bypass_22_one_path_every_tool)
countersign_e2e(people "people_" 300 typed_command state_below policy_reload watch_live rules sessions record looks undo)
