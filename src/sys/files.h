// Files as a program uses them that must not lose or leak what it writes: bounded reads, atomic
// replacement, appending with fsync, private directories, locks.
//
// No function follows a symbolic link in the last component unless it says so: somebody else may
// have planted it. Errors carry the path. Thread safe (no state of its own).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "base/result.h"
#include "sys/fd.h"

namespace countersign::sys {

enum class Links { Refuse, Follow };

/// The whole file. NotFound, PermissionDenied, LimitExceeded (longer than `bytes_max`; nothing is
/// returned), InvalidArgument (not a regular file), Io.
Result<std::string> read_file(const std::string& path, std::size_t bytes_max,
                              Links links = Links::Follow);
/// Reads `fd` from where it stands to its end. LimitExceeded past `bytes_max`.
Result<std::string> read_to_end(const Fd& fd, std::size_t bytes_max);
/// One read of at most `bytes_max` bytes, repeated after EINTR; empty: the end.
Result<std::string> read_some(int descriptor, std::size_t bytes_max);
/// Exactly `size` bytes at `offset`; Corrupt when the file ends before that.
Result<std::string> read_at(const Fd& fd, std::uint64_t offset, std::size_t size);

/// All bytes or an error; repeats after EINTR and short writes. After an error some may be written.
Result<void> write_all(const Fd& fd, std::string_view bytes);
/// The same for a descriptor that the caller does not own (1, 2).
Result<void> write_all(int descriptor, std::string_view bytes);
/// All bytes at `offset`.
Result<void> write_at(const Fd& fd, std::uint64_t offset, std::string_view bytes);

/// Replaces `path` so that a reader, also after a power cut, finds the old or the new content
/// whole: temporary file in the same directory, fsync, rename, fsync of the directory. A symbolic
/// link at `path` is replaced, not followed. On error the old file stands.
Result<void> write_file_atomic(const std::string& path, std::string_view bytes, mode_t mode = 0600);
/// Creates `path` which must not exist (AlreadyExists), writes and syncs it.
Result<void> write_new_file(const std::string& path, std::string_view bytes, mode_t mode = 0600);

/// Opens for appending (created with `mode` when absent); read access included.
Result<Fd> open_append(const std::string& path, mode_t mode = 0600);
/// Opens for reading and writing (created with `mode` when absent), position 0.
Result<Fd> open_read_write(const std::string& path, mode_t mode = 0600);
Result<Fd> open_read(const std::string& path, Links links = Links::Refuse);
Result<Fd> open_directory(const std::string& path);

Result<std::uint64_t> file_size(const Fd& fd);
Result<void> truncate_file(const Fd& fd, std::uint64_t size);
/// Data and metadata are on the medium when this returns. fdatasync(2): sizes included, times not.
Result<void> sync_data(const Fd& fd);
/// Makes creations and renames in a directory durable.
Result<void> sync_directory(const std::string& path);

/// What stands at a path.
struct FileStatus {
    enum class Type { Regular, Directory, Link, Socket, Other };
    Type type = Type::Other;
    mode_t mode = 0;  ///< permission bits
    uid_t owner = 0;
    std::uint64_t size = 0;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t modified_ns = 0;
    std::int64_t changed_ns = 0;
};
/// nullopt: nothing there. Error: it cannot be known (a directory on the way is closed to us).
Result<std::optional<FileStatus>> file_status(const std::string& path, Links links = Links::Refuse);
/// Absolute path with every link, "." and ".." resolved. NotFound when a component is missing.
Result<std::string> real_path(const std::string& path);

/// Creates missing parents and the directory, all 0700. When it exists it must be a directory (or a
/// link to one), ours, and closed to group and others for writing; else PermissionDenied.
Result<void> make_private_directory(const std::string& path);
/// As mkdir -p with `mode` for the new ones; no check of what exists.
Result<void> make_directories(const std::string& path, mode_t mode = 0755);
/// Names in a directory without "." and "..", sorted. LimitExceeded past `names_max`.
Result<std::vector<std::string>> list_directory(const std::string& path, std::size_t names_max);
/// Success as well when it was not there.
Result<void> remove_file(const std::string& path);
/// Removes a directory and all below it without following links. Stays on its file system.
Result<void> remove_tree(const std::string& path);
/// A fresh directory "<parent>/<prefix>XXXXXX", mode 0700; the caller removes it.
Result<std::string> make_temporary_directory(const std::string& parent, std::string_view prefix);

/// An exclusive flock(2) on a file of its own; dropped with the object or the process.
class FileLock {
public:
    enum class Wait { Try, Block };
    /// nullopt: another holds it (Wait::Try only).
    static Result<std::optional<FileLock>> acquire(const std::string& path, Wait wait);

private:
    explicit FileLock(Fd fd) : fd_(std::move(fd)) {}
    Fd fd_;
};

}  // namespace countersign::sys
