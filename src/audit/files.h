// The few file operations that the log needs, behind an interface, so that tests can fail each of
// them (short writes, full disk, failed fsync). real_files() goes through sys/.
//
// Errors: Io with the system's reason (a full disk says so), NotFound, Conflict (lock held).
// Not thread safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace countersign::audit {

/// A file that is only appended to and cut. Closed on destruction.
class AppendFile {
public:
    virtual ~AppendFile() = default;
    /// Writes all bytes at the end. After an error any part of them may have been written.
    virtual Result<void> append(std::string_view bytes) = 0;
    /// Makes what was appended durable. After an error nothing is known about it (the kernel may
    /// have dropped the dirty pages: "fsyncgate"), so it must be written again.
    virtual Result<void> sync() = 0;
    /// sync() of what was appended so far, beside the caller, who may append() and truncate()
    /// meanwhile. Conflict: one is under way, or its result was not taken.
    virtual Result<void> start_sync() = 0;
    /// How start_sync() ended, once; nullopt: it is under way, or none was started.
    virtual std::optional<Result<void>> synced() = 0;
    /// Until the one under way, if any, has ended; synced() then tells how.
    virtual void wait_synced() = 0;
    virtual Result<void> truncate(std::uint64_t bytes) = 0;
};

/// Held until destruction, or until the process dies.
class LockFile {
public:
    virtual ~LockFile() = default;
};

class Files {
public:
    virtual ~Files() = default;
    /// Creates the directory and missing parents (mode 0700) unless they are there.
    virtual Result<void> create_directory(const std::string& path) = 0;
    /// Names in a directory, sorted, without "." and "..".
    virtual Result<std::vector<std::string>> list(const std::string& path) = 0;
    /// Opens for appending, creating it with mode 0600.
    virtual Result<std::unique_ptr<AppendFile>> open_append(const std::string& path) = 0;
    /// NotFound; LimitExceeded when longer than `bytes_max`.
    virtual Result<std::string> read(const std::string& path, std::uint64_t bytes_max) = 0;
    /// Up to `count` bytes from `offset`; fewer only at the end of the file.
    virtual Result<std::string> read_at(const std::string& path, std::uint64_t offset,
                                        std::size_t count) = 0;
    virtual Result<std::uint64_t> size(const std::string& path) = 0;
    /// Replaces the file by a temporary one and rename(2); durable when it returns.
    virtual Result<void> replace(const std::string& path, std::string_view bytes) = 0;
    /// As replace(), but nothing is synced: for what can be derived again.
    virtual Result<void> write(const std::string& path, std::string_view bytes) = 0;
    /// Success as well when there is no such file.
    virtual Result<void> remove(const std::string& path) = 0;
    /// Makes created and removed names of the directory durable.
    virtual Result<void> sync_directory(const std::string& path) = 0;
    /// An exclusive lock that dies with the process. Conflict: someone else holds it.
    virtual Result<std::unique_ptr<LockFile>> lock(const std::string& path) = 0;
};

/// The real disk.
std::unique_ptr<Files> real_files();

}  // namespace countersign::audit
