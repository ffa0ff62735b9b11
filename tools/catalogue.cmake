# Compiles catalogue/*.toml into constant tables of room_catalogue. The compiler runs on the build
# machine; a malformed entry stops the build with file and line.
add_executable(catalogue_compile
    ${CMAKE_CURRENT_LIST_DIR}/catalogue_compile/main.cc
    ${CMAKE_CURRENT_LIST_DIR}/catalogue_compile/language.cc
    ${CMAKE_CURRENT_LIST_DIR}/catalogue_compile/builder.cc
    ${CMAKE_CURRENT_LIST_DIR}/catalogue_compile/print.cc)
target_include_directories(catalogue_compile PRIVATE ${CMAKE_SOURCE_DIR}/src)

file(GLOB COUNTERSIGN_CATALOGUE CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/catalogue/*.toml)
set(generated ${CMAKE_BINARY_DIR}/catalogue)
file(MAKE_DIRECTORY ${generated})
add_custom_command(
    OUTPUT ${generated}/tables.cc ${generated}/examples.cc
    COMMAND catalogue_compile ${generated}/tables.cc ${generated}/examples.cc ${COUNTERSIGN_CATALOGUE}
    DEPENDS catalogue_compile ${COUNTERSIGN_CATALOGUE}
    COMMENT "Compiling the catalogue"
    VERBATIM)
# A custom command belongs to the directory that declares it, so a target carries the files over.
add_custom_target(catalogue_tables DEPENDS ${generated}/tables.cc ${generated}/examples.cc)
add_library(catalogue_data OBJECT ${generated}/tables.cc ${generated}/examples.cc)
target_include_directories(catalogue_data PRIVATE ${CMAKE_SOURCE_DIR}/src)
# The text blob is one literal, longer than the standard asks compilers to take.
target_compile_options(catalogue_data PRIVATE -Wno-overlength-strings)
add_dependencies(catalogue_data catalogue_tables)
if(TARGET room_catalogue)
    add_library(catalogue_tables_archive STATIC $<TARGET_OBJECTS:catalogue_data>)
    target_link_libraries(room_catalogue PUBLIC catalogue_tables_archive)
endif()

# A malformed catalogue is refused with file and line.
foreach(case "flag 3" "effect 6" "syntax 4" "example 2" "key 5" "twice 6")
    separate_arguments(case UNIX_COMMAND "${case}")
    list(GET case 0 name)
    list(GET case 1 line)
    add_test(NAME catalogue_compile/refuses_${name}
        COMMAND catalogue_compile ${generated}/bad.cc ${generated}/bad_examples.cc
                ${CMAKE_CURRENT_LIST_DIR}/catalogue_compile/bad/${name}.toml)
    set_tests_properties(catalogue_compile/refuses_${name} PROPERTIES
        PASS_REGULAR_EXPRESSION "bad/${name}\\.toml:${line}: ")
endforeach()
