# policies/default.toml goes into room_policy as one string, so that the program needs no file to
# judge and nobody can weaken it by replacing one. Done while configuring; a changed file
# configures again.
set(policy_source ${CMAKE_SOURCE_DIR}/policies/default.toml)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${policy_source})
file(READ ${policy_source} COUNTERSIGN_DEFAULT_POLICY)
configure_file(${CMAKE_CURRENT_LIST_DIR}/policy_text.cc.in
               ${CMAKE_BINARY_DIR}/generated/policy_text.cc @ONLY)
target_sources(room_policy PRIVATE ${CMAKE_BINARY_DIR}/generated/policy_text.cc)
