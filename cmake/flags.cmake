# Flags that every target gets. Hardening stands in every build, since what is tested is what ships.
option(COUNTERSIGN_BENCHES "Build what ./dev bench runs" OFF)
option(COUNTERSIGN_FUZZ "Build the fuzz targets (needs clang)" OFF)
set(COUNTERSIGN_SANITIZE "" CACHE STRING "Sanitizers, such as address,undefined or thread")

add_compile_options(
    -Wall -Wextra -Wpedantic -Werror -Wconversion -Wsign-conversion -Wnon-virtual-dtor
    -Wold-style-cast -Woverloaded-virtual -Wformat=2 -Wimplicit-fallthrough
    -fstack-protector-strong -fcf-protection -fno-omit-frame-pointer
    -fvisibility=hidden)
add_compile_definitions(_GLIBCXX_ASSERTIONS)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Statement expressions carry TRY; -Wpedantic knows them by __extension__. g++ 12 reports
    # values inside std::variant and std::optional as maybe uninitialised where they are not.
    add_compile_options(-fstack-clash-protection -Wno-maybe-uninitialized -Wno-restrict
                        -Wno-dangling-pointer)
else()
    # TRY as a statement drops the value of what succeeded, which clang calls an unused result; the
    # results that are dropped without TRY are g++'s to find.
    add_compile_options(-Wthread-safety -Wno-gnu-statement-expression -Wno-unused-result)
endif()
if(COUNTERSIGN_SANITIZE)
    add_compile_options(-fsanitize=${COUNTERSIGN_SANITIZE} -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${COUNTERSIGN_SANITIZE})
    if(COUNTERSIGN_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # Asio counts references with fences, which g++ says ThreadSanitizer does not follow: that may
        # give a report too many, and as an error it kept the whole preset from building.
        add_compile_options(-Wno-tsan)
    endif()
    if(COUNTERSIGN_FUZZ)
        # Coverage of the rooms, not of the target alone, is what guides the fuzzer.
        add_compile_options(-fsanitize=fuzzer-no-link)
    endif()
else()
    add_compile_definitions($<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
endif()
# For programs that stand for an agent's: static ones cannot hold a sanitizer's runtime, and an
# attack is not what is tested for its memory.
function(countersign_unsanitized target)
    if(COUNTERSIGN_SANITIZE)
        target_compile_options(${target} PRIVATE -fno-sanitize=all)
        target_link_options(${target} PRIVATE -fno-sanitize=all)
    endif()
endfunction()

add_link_options(-pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack)

find_program(COUNTERSIGN_MOLD mold)
if(COUNTERSIGN_MOLD AND NOT COUNTERSIGN_FUZZ)
    add_link_options(-fuse-ld=mold)
endif()
find_program(COUNTERSIGN_CCACHE ccache)
if(COUNTERSIGN_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${COUNTERSIGN_CCACHE})
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
