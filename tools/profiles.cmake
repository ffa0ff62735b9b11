# profiles/*.profile go into room_jail as strings, so that the program needs no file to run and nobody
# can weaken a jail by replacing one. Done while configuring; a changed file configures again.
file(GLOB profile_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/profiles/*.profile)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${profile_sources})
set(COUNTERSIGN_PROFILES "")
foreach(source IN LISTS profile_sources)
    get_filename_component(name ${source} NAME_WE)
    file(READ ${source} text)
    string(APPEND COUNTERSIGN_PROFILES "        {\"${name}\", R\"countersign(${text})countersign\"},\n")
endforeach()
configure_file(${CMAKE_CURRENT_LIST_DIR}/profile_texts.cc.in
               ${CMAKE_BINARY_DIR}/generated/profile_texts.cc @ONLY)
target_sources(room_jail PRIVATE ${CMAKE_BINARY_DIR}/generated/profile_texts.cc)
