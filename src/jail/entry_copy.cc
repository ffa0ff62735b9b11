// Copying and comparing entries (entry.h): content, attributes, trees.
#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/limits.h"
#include "jail/entry.h"
#include "text/utf8.h"

namespace countersign::jail {
namespace {

constexpr std::size_t kBufferBytes = 256 * 1024;
/// Files with several names that one copy keeps together; each holds a descriptor.
constexpr std::size_t kLinkedMax = 512;
constexpr std::string_view kOverlayPrefix = "user.overlay.";

struct Attribute {
    std::string name;
    std::string value;
    bool operator==(const Attribute&) const = default;
};

/// Extended attributes that a user can set, without overlayfs' own. What cannot be read is not ours
/// to keep.
std::vector<Attribute> attributes_of(int fd) {
    std::vector<Attribute> out;
    const ssize_t needed = ::flistxattr(fd, nullptr, 0);
    if (needed <= 0) {
        return out;
    }
    std::string names(static_cast<std::size_t>(needed), '\0');
    const ssize_t length = ::flistxattr(fd, names.data(), names.size());
    if (length <= 0) {
        return out;
    }
    names.resize(static_cast<std::size_t>(length));
    for (std::size_t at = 0; at < names.size();) {
        const std::string name = names.c_str() + at;
        at += name.size() + 1;
        if (!name.starts_with("user.") || name.starts_with(kOverlayPrefix)) {
            continue;
        }
        const ssize_t size = ::fgetxattr(fd, name.c_str(), nullptr, 0);
        if (size < 0) {
            continue;
        }
        std::string value(static_cast<std::size_t>(size), '\0');
        if (::fgetxattr(fd, name.c_str(), value.data(), value.size()) == size) {
            out.push_back({name, std::move(value)});
        }
    }
    std::sort(out.begin(), out.end(),
              [](const Attribute& a, const Attribute& b) { return a.name < b.name; });
    return out;
}

Result<void> copy_bytes(const sys::Fd& from, const sys::Fd& to, std::uint64_t& budget) {
    std::vector<char> buffer;
    while (true) {
        ssize_t count = ::copy_file_range(from.get(), nullptr, to.get(), nullptr,
                                          static_cast<std::size_t>(1) << 30U, 0);
        if (count < 0 && (errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP)) {
            buffer.resize(kBufferBytes);
            count = ::read(from.get(), buffer.data(), buffer.size());
            if (count > 0) {
                const std::string_view part(buffer.data(), static_cast<std::size_t>(count));
                for (std::size_t at = 0; at < part.size();) {
                    const ssize_t put = ::write(to.get(), part.data() + at, part.size() - at);
                    if (put < 0 && errno != EINTR) {
                        return sys::system_error("copying");
                    }
                    at += put > 0 ? static_cast<std::size_t>(put) : 0;
                }
            }
        }
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return sys::system_error("copying");
        }
        if (count == 0) {
            return {};
        }
        if (static_cast<std::uint64_t>(count) > budget) {
            // A file that grows under our hands.
            return Error(ErrorCode::LimitExceeded, "too many bytes to copy");
        }
        budget -= static_cast<std::uint64_t>(count);
    }
}

Result<sys::Fd> open_file(const sys::Fd& directory, const std::string& name, int flags,
                          mode_t mode = 0) {
    sys::Fd fd(
        ::openat(directory.get(), name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, mode));
    if (!fd) {
        return sys::system_error(text::visible(name));
    }
    return fd;
}

}  // namespace

Result<void> copy_attributes(const sys::Fd& from, const Entry& entry, const sys::Fd& to) {
    for (const Attribute& attribute : attributes_of(from.get())) {
        if (::fsetxattr(to.get(), attribute.name.c_str(), attribute.value.data(),
                        attribute.value.size(), 0) != 0 &&
            errno != EOPNOTSUPP) {
            return sys::system_error("setting " + text::visible(attribute.name));
        }
    }
    if (entry.owner != ::geteuid()) {
        // Only root can give files away; others keep a copy of their own.
        [[maybe_unused]] const int given = ::fchown(to.get(), entry.owner, static_cast<gid_t>(-1));
    }
    if (::fchmod(to.get(), entry.mode) != 0) {
        return sys::system_error("setting a mode");
    }
    return {};
}

Result<void> drop_overlay_attributes(const sys::Fd& directory, const std::string& name) {
    const sys::Fd path(::openat(directory.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!path) {
        return sys::system_error(text::visible(name));
    }
    const std::string handle = "/proc/self/fd/" + std::to_string(path.get());
    for (const char* attribute :
         {"user.overlay.origin", "user.overlay.impure", "user.overlay.opaque", "user.overlay.nlink",
          "user.overlay.uuid", "user.overlay.whiteout"}) {
        if (::removexattr(handle.c_str(), attribute) != 0 && errno != ENODATA &&
            errno != EOPNOTSUPP && errno != EPERM) {
            return sys::system_error("removing " + std::string(attribute));
        }
    }
    return {};
}

Result<void> Copier::copy(const sys::Fd& from, const std::string& from_name, const sys::Fd& to,
                          const std::string& to_name) {
    return copy_at(from, from_name, to, to_name, 0);
}

Result<void> Copier::copy_at(const sys::Fd& from, const std::string& from_name, const sys::Fd& to,
                             const std::string& to_name, int depth) {
    if (depth > kTreeDepthMax) {
        return Error(ErrorCode::LimitExceeded, "directories are nested too deeply to be copied");
    }
    if (budget_.entries == 0) {
        return Error(ErrorCode::LimitExceeded, "too many files to copy");
    }
    --budget_.entries;
    const Entry entry = TRY(entry_at(from, from_name));
    switch (entry.type) {
        case EntryType::File:
            return copy_file(from, from_name, to, to_name, entry);
        case EntryType::Link:
            return copy_link(from, from_name, to, to_name, entry);
        case EntryType::Directory:
            return copy_directory(from, from_name, to, to_name, depth);
        case EntryType::None:
        case EntryType::Other:
            return {};
    }
    return {};
}

Result<void> Copier::copy_file(const sys::Fd& from, const std::string& from_name, const sys::Fd& to,
                               const std::string& to_name, const Entry& entry) {
    const auto key = std::pair(entry.device, entry.inode);
    if (const auto known = linked_.find(key); entry.names > 1 && known != linked_.end()) {
        const std::string handle = "/proc/self/fd/" + std::to_string(known->second.get());
        if (::linkat(AT_FDCWD, handle.c_str(), to.get(), to_name.c_str(), AT_SYMLINK_FOLLOW) != 0) {
            return sys::system_error("linking " + text::visible(to_name));
        }
        return {};
    }
    const sys::Fd source = TRY(open_file(from, from_name, O_RDONLY));
    const Entry opened = TRY(entry_of(source));
    if (opened.type != EntryType::File) {
        return Error(ErrorCode::Conflict,
                     text::visible(from_name) + " changed while it was copied");
    }
    if (opened.size > budget_.bytes) {
        return Error(ErrorCode::LimitExceeded, "too many bytes to copy");
    }
    const sys::Fd target = TRY(open_file(to, to_name, O_WRONLY | O_CREAT | O_EXCL, 0600));
    if (::ioctl(target.get(), FICLONE, source.get()) != 0) {
        TRY(copy_bytes(source, target, budget_.bytes));
    }
    TRY(copy_attributes(source, opened, target));
    TRY(set_times(to, to_name, opened));
    if (entry.names > 1 && linked_.size() < kLinkedMax) {
        sys::Fd path(::openat(to.get(), to_name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
        if (path) {
            linked_.emplace(key, std::move(path));
        }
    }
    return {};
}

Result<void> Copier::copy_link(const sys::Fd& from, const std::string& from_name, const sys::Fd& to,
                               const std::string& to_name, const Entry& entry) {
    const std::string target = TRY(link_target(from, from_name));
    if (::symlinkat(target.c_str(), to.get(), to_name.c_str()) != 0) {
        return sys::system_error("linking " + text::visible(to_name));
    }
    return set_times(to, to_name, entry);
}

Result<void> Copier::copy_directory(const sys::Fd& from, const std::string& from_name,
                                    const sys::Fd& to, const std::string& to_name, int depth) {
    const sys::Fd source = TRY(open_directory_at(from, from_name));
    const Entry entry = TRY(entry_of(source));
    if (::mkdirat(to.get(), to_name.c_str(), 0700) != 0) {
        return sys::system_error("making " + text::visible(to_name));
    }
    const sys::Fd target = TRY(open_directory_at(to, to_name));
    for (const std::string& name : TRY(names_in(source))) {
        TRY(copy_at(source, name, target, name, depth + 1));
    }
    TRY(copy_attributes(source, entry, target));
    return set_times(to, to_name, entry);
}

namespace {

Result<void> take_from(const sys::Fd& directory, const std::string& name, int depth,
                       Budget& budget) {
    const Entry entry = TRY(entry_at(directory, name));
    if (depth > kTreeDepthMax || budget.entries == 0) {
        return Error(ErrorCode::LimitExceeded, "it has too many files to be copied");
    }
    budget.entries -= 1;
    if (entry.type == EntryType::File) {
        if (entry.size > budget.bytes) {
            return Error(ErrorCode::LimitExceeded, "it is too large to be copied");
        }
        budget.bytes -= entry.size;
    }
    if (entry.type == EntryType::Directory) {
        const sys::Fd inner = TRY(open_directory_at(directory, name));
        for (const std::string& below : TRY(names_in(inner))) {
            TRY(take_from(inner, below, depth + 1, budget));
        }
    }
    return {};
}

}  // namespace

Result<void> check_fits(const sys::Fd& directory, const std::string& name, Budget budget) {
    return take_from(directory, name, 0, budget);
}

namespace {

Result<bool> same_bytes(const sys::Fd& a, const sys::Fd& b, std::uint64_t size) {
    const std::size_t bytes = std::min<std::uint64_t>(kBufferBytes, size + 1);
    std::vector<char> left(bytes);
    std::vector<char> right(bytes);
    for (off_t at = 0;;) {
        const ssize_t count = ::pread(a.get(), left.data(), left.size(), at);
        const ssize_t other = ::pread(b.get(), right.data(), right.size(), at);
        if (count < 0 || other < 0) {
            return sys::system_error("comparing");
        }
        if (count != other || !std::equal(left.begin(), left.begin() + count, right.begin())) {
            return false;
        }
        if (count == 0) {
            return true;
        }
        at += count;
    }
}

}  // namespace

Result<bool> same_content(const sys::Fd& a_directory, const std::string& a_name, const Entry& a,
                          const sys::Fd& b_directory, const std::string& b_name, const Entry& b) {
    if (a.type != b.type) {
        return false;
    }
    if (a.type == EntryType::Link) {
        const std::string left = TRY(link_target(a_directory, a_name));
        const std::string right = TRY(link_target(b_directory, b_name));
        return left == right;
    }
    if (a.type != EntryType::File || a.size != b.size) {
        return false;
    }
    if (a.device == b.device && a.inode == b.inode) {
        return true;
    }
    const sys::Fd left = TRY(open_file(a_directory, a_name, O_RDONLY));
    const sys::Fd right = TRY(open_file(b_directory, b_name, O_RDONLY));
    return same_bytes(left, right, a.size);
}

bool same_attributes(const sys::Fd& a_directory, const std::string& a_name,
                     const sys::Fd& b_directory, const std::string& b_name) {
    const auto left = open_file(a_directory, a_name, O_RDONLY);
    const auto right = open_file(b_directory, b_name, O_RDONLY);
    return left.ok() && right.ok() && attributes_of(left->get()) == attributes_of(right->get());
}

}  // namespace countersign::jail
