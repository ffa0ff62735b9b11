// One thing in a directory (file, directory, link, other), looked at, copied, compared and removed
// relative to an open directory. What undo and keep of a run's changes are made of.
//
// The trees belong to the agent, so nothing here follows a symbolic link or crosses "..": every
// step opens one name with O_NOFOLLOW below a directory that is already open. A name that changes
// its nature meanwhile gives an Error, never a step outside.
//
// Bounded: kTreeDepthMax levels, and a Budget where bytes are copied. Thread safe (no state).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <sys/types.h>
#include <vector>

#include "base/result.h"
#include "sys/fd.h"

namespace countersign::jail {

/// Levels of directories that are walked. Each holds a descriptor or two while it is open.
inline constexpr int kTreeDepthMax = 200;

enum class EntryType { None, File, Directory, Link, Other };

/// What stands under a name; type None: nothing.
struct Entry {
    EntryType type = EntryType::None;
    bool whiteout = false;  ///< overlayfs: "removed here" (character device 0:0); type is None then
    mode_t mode = 0;        ///< permission bits, set-id and sticky bits included
    uid_t owner = 0;
    std::uint64_t size = 0;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t names = 0;  ///< hard links
    std::int64_t modified_ns = 0;
    std::int64_t changed_ns = 0;

    [[nodiscard]] bool exists() const { return type != EntryType::None; }
};

/// Nothing there is an Entry of type None, not an error.
Result<Entry> entry_at(const sys::Fd& directory, const std::string& name);
/// The same for an open file or directory.
Result<Entry> entry_of(const sys::Fd& fd);
/// Opens a directory for reading; NotFound when `name` is absent or no directory.
Result<sys::Fd> open_directory_at(const sys::Fd& directory, const std::string& name);
/// The directory that holds the last component of `path`, a relative path without "." and "..";
/// `name` gets that component. NotFound when a directory on the way is missing or is a link.
Result<sys::Fd> open_parent(const sys::Fd& root, const std::string& path, std::string& name);
/// Names without "." and "..", sorted bytewise.
Result<std::vector<std::string>> names_in(const sys::Fd& directory);
/// Whether an overlay directory hides what the lower one has (user.overlay.opaque is "y").
bool is_opaque(const sys::Fd& directory);

/// What a copy may still take. LimitExceeded once it is used up; what was copied stays.
struct Budget {
    std::uint64_t bytes = 0;
    std::uint64_t entries = 0;
};

/// LimitExceeded when a copy of `name` and all below it would take more: found out by looking only.
Result<void> check_fits(const sys::Fd& directory, const std::string& name, Budget budget);

/// Copies trees with content (reflink where the file system can), modes, times, extended attributes
/// but those of overlayfs, and, where we may, owners. Names of one file stay names of one file as
/// long as they are copied by one Copier. Devices are left out; sockets and pipes become pipes and
/// sockets of nobody, so they are left out as well.
class Copier {
public:
    explicit Copier(Budget budget) : budget_(budget) {}

    /// `to_name` must not exist. On error a part may stand there: remove it.
    Result<void> copy(const sys::Fd& from, const std::string& from_name, const sys::Fd& to,
                      const std::string& to_name);
    [[nodiscard]] const Budget& left() const { return budget_; }

private:
    Result<void> copy_at(const sys::Fd& from, const std::string& from_name, const sys::Fd& to,
                         const std::string& to_name, int depth);
    Result<void> copy_file(const sys::Fd& from, const std::string& from_name, const sys::Fd& to,
                           const std::string& to_name, const Entry& entry);
    Result<void> copy_link(const sys::Fd& from, const std::string& from_name, const sys::Fd& to,
                           const std::string& to_name, const Entry& entry);
    Result<void> copy_directory(const sys::Fd& from, const std::string& from_name,
                                const sys::Fd& to, const std::string& to_name, int depth);

    Budget budget_;
    /// device and inode of the source -> the copy (O_PATH), for files with several names.
    std::map<std::pair<std::uint64_t, std::uint64_t>, sys::Fd> linked_;
};

/// Mode, times, extended attributes and owner of `from` onto `to` (both open; the entry of `from`).
Result<void> copy_attributes(const sys::Fd& from, const Entry& entry, const sys::Fd& to);
/// Times of a name, links included.
Result<void> set_times(const sys::Fd& directory, const std::string& name, const Entry& entry);
/// Removes overlayfs' own attributes, so that what was staged can stand in an ordinary directory.
Result<void> drop_overlay_attributes(const sys::Fd& directory, const std::string& name);

/// Removes `name` and all below it; success when it is not there. Whatever its depth, and also when
/// directories in it were closed by their owner.
Result<void> remove_entry(const sys::Fd& directory, const std::string& name);

/// Whether two files have the same bytes, or two links the same target. False for other types.
Result<bool> same_content(const sys::Fd& a_directory, const std::string& a_name, const Entry& a,
                          const sys::Fd& b_directory, const std::string& b_name, const Entry& b);
/// Whether the extended attributes (but overlayfs' own) of two files or directories are the same.
bool same_attributes(const sys::Fd& a_directory, const std::string& a_name,
                     const sys::Fd& b_directory, const std::string& b_name);

/// Target of a symbolic link.
Result<std::string> link_target(const sys::Fd& directory, const std::string& name);

}  // namespace countersign::jail
