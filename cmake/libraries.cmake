# Every library of docs/dependencies.md, found once. countersign_library(room ...) says which room
# names which; the static archives are taken where Debian ships them, since start-up time of
# `countersign` is felt at each tool call.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(GTest REQUIRED)

function(countersign_archive target archive)
    find_library(${target}_ARCHIVE NAMES ${archive} REQUIRED)
    add_library(${target} INTERFACE IMPORTED GLOBAL)
    target_link_libraries(${target} INTERFACE ${${target}_ARCHIVE})
endfunction()

countersign_archive(lib_json libboost_json.a)
countersign_archive(lib_sodium libsodium.a)
countersign_archive(lib_nettle libnettle.a)
countersign_archive(lib_sqlite libsqlite3.a)
countersign_archive(lib_re2 libre2.a)
countersign_archive(lib_seccomp libseccomp.a)
countersign_archive(lib_pg_query libpg_query.a)
countersign_archive(lib_protobuf_c libprotobuf-c.a)
countersign_archive(lib_xxhash libxxhash.a)

# spdlog and fmt header-only and in one file, so that no program loads a shared library for its log.
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/base/log.cc PROPERTIES
    COMPILE_DEFINITIONS "SPDLOG_HEADER_ONLY;SPDLOG_FMT_EXTERNAL;FMT_HEADER_ONLY")
set(COUNTERSIGN_LIBRARIES_base Threads::Threads)
set(COUNTERSIGN_LIBRARIES_text lib_json)
set(COUNTERSIGN_LIBRARIES_crypto lib_sodium lib_nettle)
set(COUNTERSIGN_LIBRARIES_sys lib_seccomp)
set(COUNTERSIGN_LIBRARIES_sql lib_pg_query lib_protobuf_c lib_xxhash)
set(COUNTERSIGN_LIBRARIES_inspect lib_re2)
set(COUNTERSIGN_LIBRARIES_policy lib_re2)
set(COUNTERSIGN_LIBRARIES_store lib_sqlite)
set(COUNTERSIGN_LIBRARIES_jail lib_seccomp)
