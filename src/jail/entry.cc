#include "jail/entry.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <memory>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/limits.h"
#include "text/utf8.h"

namespace countersign::jail {
namespace {

constexpr int kWalk = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
/// Names in one directory; more than this and the whole request is refused.
constexpr std::size_t kNamesMax = 1'000'000;

std::int64_t nanoseconds(const timespec& time) {
    return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

EntryType type_of(mode_t mode) {
    switch (mode & S_IFMT) {
        case S_IFREG:
            return EntryType::File;
        case S_IFDIR:
            return EntryType::Directory;
        case S_IFLNK:
            return EntryType::Link;
        default:
            return EntryType::Other;
    }
}

Entry entry_from(const struct stat& status) {
    Entry entry;
    entry.whiteout = S_ISCHR(status.st_mode) && status.st_rdev == 0;
    entry.type = entry.whiteout ? EntryType::None : type_of(status.st_mode);
    entry.mode = status.st_mode & 07777U;
    entry.owner = status.st_uid;
    entry.size = static_cast<std::uint64_t>(status.st_size);
    entry.device = status.st_dev;
    entry.inode = status.st_ino;
    entry.names = status.st_nlink;
    entry.modified_ns = nanoseconds(status.st_mtim);
    entry.changed_ns = nanoseconds(status.st_ctim);
    return entry;
}

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};

}  // namespace

Result<Entry> entry_at(const sys::Fd& directory, const std::string& name) {
    struct stat status{};
    if (::fstatat(directory.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) {
            return Entry{};
        }
        return sys::system_error(text::visible(name));
    }
    return entry_from(status);
}

Result<Entry> entry_of(const sys::Fd& fd) {
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) {
        return sys::system_error("looking at an open file");
    }
    return entry_from(status);
}

Result<sys::Fd> open_directory_at(const sys::Fd& directory, const std::string& name) {
    sys::Fd fd(::openat(directory.get(), name.c_str(), kWalk));
    if (!fd && (errno == ENOTDIR || errno == ELOOP)) {
        return Error(ErrorCode::NotFound, text::visible(name) + ": not a directory");
    }
    if (!fd) {
        return sys::system_error(text::visible(name));
    }
    return fd;
}

Result<sys::Fd> open_parent(const sys::Fd& root, const std::string& path, std::string& name) {
    const std::size_t slash = path.rfind('/');
    name = slash == std::string::npos ? path : path.substr(slash + 1);
    const std::string parent = slash == std::string::npos ? "." : path.substr(0, slash);
    open_how how{};
    how.flags = static_cast<std::uint64_t>(kWalk);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    sys::Fd fd(
        static_cast<int>(::syscall(SYS_openat2, root.get(), parent.c_str(), &how, sizeof how)));
    if (!fd) {
        return sys::system_error(text::visible(parent));
    }
    return fd;
}

Result<std::vector<std::string>> names_in(const sys::Fd& directory) {
    // A descriptor of its own: reading moves the position that duplicates share.
    sys::Fd own(::openat(directory.get(), ".", kWalk));
    std::unique_ptr<DIR, CloseDirectory> listing(own ? ::fdopendir(own.get()) : nullptr);
    if (!listing) {
        return sys::system_error("listing a directory");
    }
    [[maybe_unused]] const int taken = own.release();
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(listing.get())) {
        std::string name(entry->d_name);
        if (name != "." && name != "..") {
            names.push_back(std::move(name));
        }
        if (names.size() > kNamesMax) {
            return Error(ErrorCode::LimitExceeded, "too many names in one directory");
        }
        errno = 0;
    }
    if (errno != 0) {
        return sys::system_error("listing a directory");
    }
    std::sort(names.begin(), names.end());
    return names;
}

bool is_opaque(const sys::Fd& directory) {
    char value = 0;
    return ::fgetxattr(directory.get(), "user.overlay.opaque", &value, 1) == 1 && value == 'y';
}

Result<std::string> link_target(const sys::Fd& directory, const std::string& name) {
    std::string target(limits::kPathBytesMax, '\0');  // PATH_MAX: longer ones do not exist
    const ssize_t length =
        ::readlinkat(directory.get(), name.c_str(), target.data(), target.size());
    if (length < 0) {
        return sys::system_error(text::visible(name));
    }
    target.resize(static_cast<std::size_t>(length));
    return target;
}

namespace {

/// Gives the owner of a closed directory way into it.
Result<sys::Fd> open_for_removal(const sys::Fd& directory, const std::string& name) {
    auto opened = open_directory_at(directory, name);
    if (opened.ok() || opened.error().code != ErrorCode::PermissionDenied) {
        return opened;
    }
    // fchmodat(2) would follow a link that took the place; an O_PATH descriptor cannot be
    // exchanged.
    const sys::Fd path(
        ::openat(directory.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    const std::string handle = "/proc/self/fd/" + std::to_string(path.get());
    if (!path || ::chmod(handle.c_str(), 0700) != 0) {
        return opened;
    }
    return open_directory_at(directory, name);
}

bool unlink_one(const sys::Fd& directory, const std::string& name, int flags) {
    return ::unlinkat(directory.get(), name.c_str(), flags) == 0 || errno == ENOENT;
}

/// Deep trees are made flat: what lies deeper than this is moved up beside the top first.
constexpr int kRemovalDepthMax = 64;

struct Removal {
    const sys::Fd& top;
    std::vector<std::string> moved;
    unsigned serial = 0;
};

Result<void> remove_at(Removal& removal, const sys::Fd& directory, const std::string& name,
                       int depth);

Result<void> empty_directory(Removal& removal, const sys::Fd& directory, int depth) {
    for (const std::string& inner : TRY(names_in(directory))) {
        TRY(remove_at(removal, directory, inner, depth + 1));
    }
    return {};
}

Result<void> remove_at(Removal& removal, const sys::Fd& directory, const std::string& name,
                       int depth) {
    const Entry entry = TRY(entry_at(directory, name));
    if (entry.type != EntryType::Directory) {
        if (!unlink_one(directory, name, 0)) {
            return sys::system_error("removing " + text::visible(name));
        }
        return {};
    }
    if (depth > kRemovalDepthMax) {
        std::string aside = ".countersign-removed-" + std::to_string(::getpid()) + "-" +
                            std::to_string(removal.serial++);
        if (::renameat(directory.get(), name.c_str(), removal.top.get(), aside.c_str()) != 0) {
            return sys::system_error("removing " + text::visible(name));
        }
        removal.moved.push_back(std::move(aside));
        return {};
    }
    const sys::Fd inner = TRY(open_for_removal(directory, name));
    ::fchmod(inner.get(), 0700);
    TRY(empty_directory(removal, inner, depth));
    if (!unlink_one(directory, name, AT_REMOVEDIR)) {
        return sys::system_error("removing " + text::visible(name));
    }
    return {};
}

}  // namespace

Result<void> remove_entry(const sys::Fd& directory, const std::string& name) {
    Removal removal{directory, {name}, 0};
    while (!removal.moved.empty()) {
        const std::string next = std::move(removal.moved.back());
        removal.moved.pop_back();
        TRY(remove_at(removal, directory, next, 0));
    }
    return {};
}

Result<void> set_times(const sys::Fd& directory, const std::string& name, const Entry& entry) {
    timespec modified{};
    modified.tv_sec = entry.modified_ns / 1'000'000'000;
    modified.tv_nsec = entry.modified_ns % 1'000'000'000;
    if (modified.tv_nsec < 0) {
        modified.tv_nsec += 1'000'000'000;
        --modified.tv_sec;
    }
    const std::array<timespec, 2> times = {timespec{0, UTIME_OMIT}, modified};
    if (::utimensat(directory.get(), name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0) {
        return sys::system_error("setting the times of " + text::visible(name));
    }
    return {};
}

}  // namespace countersign::jail
