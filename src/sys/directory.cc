// The half of files.h that is about names: status, directories, removal.
#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/files.h"

namespace countersign::sys {
namespace {

FileStatus::Type type_of(mode_t mode) {
    if (S_ISREG(mode)) {
        return FileStatus::Type::Regular;
    }
    if (S_ISDIR(mode)) {
        return FileStatus::Type::Directory;
    }
    if (S_ISLNK(mode)) {
        return FileStatus::Type::Link;
    }
    return S_ISSOCK(mode) ? FileStatus::Type::Socket : FileStatus::Type::Other;
}

std::int64_t nanoseconds(const timespec& time) {
    return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};

}  // namespace

Result<std::optional<FileStatus>> file_status(const std::string& path, Links links) {
    struct stat status{};
    const int flags = links == Links::Refuse ? AT_SYMLINK_NOFOLLOW : 0;
    if (::fstatat(AT_FDCWD, path.c_str(), &status, flags) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) {
            return std::optional<FileStatus>();
        }
        return system_error(path);
    }
    FileStatus out;
    out.type = type_of(status.st_mode);
    out.mode = status.st_mode & 07777;
    out.owner = status.st_uid;
    out.size = static_cast<std::uint64_t>(status.st_size);
    out.device = status.st_dev;
    out.inode = status.st_ino;
    out.modified_ns = nanoseconds(status.st_mtim);
    out.changed_ns = nanoseconds(status.st_ctim);
    return std::optional<FileStatus>(out);
}

Result<std::string> real_path(const std::string& path) {
    std::array<char, PATH_MAX> buffer{};
    if (::realpath(path.c_str(), buffer.data()) == nullptr) {
        return system_error(path);
    }
    return std::string(buffer.data());
}

Result<void> make_directories(const std::string& path, mode_t mode) {
    for (std::size_t at = 1; at <= path.size(); ++at) {
        if (at < path.size() && path[at] != '/') {
            continue;
        }
        const std::string part = path.substr(0, at);
        if (::mkdir(part.c_str(), mode) == 0 || errno == EEXIST) {
            continue;
        }
        const int number = errno;
        struct stat status{};
        // A read-only or closed parent answers EROFS or EACCES for directories that exist.
        if (::stat(part.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
            return system_error(part, number);
        }
    }
    return {};
}

Result<void> make_private_directory(const std::string& path) {
    TRY(make_directories(path, 0700));
    const auto status = TRY(file_status(path, Links::Follow));
    if (!status || status->type != FileStatus::Type::Directory) {
        return Error(ErrorCode::PermissionDenied, path + ": not a directory");
    }
    if (status->owner != ::geteuid() || (status->mode & 022) != 0) {
        return Error(ErrorCode::PermissionDenied, path + ": belongs to or can be written by others",
                     "make it yours with mode 0700");
    }
    return {};
}

Result<std::vector<std::string>> list_directory(const std::string& path, std::size_t names_max) {
    const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(path.c_str()));
    if (!directory) {
        return system_error(path);
    }
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(directory.get())) {
        std::string name(static_cast<const char*>(entry->d_name));
        if (name == "." || name == "..") {
            continue;
        }
        if (names.size() == names_max) {
            return Error(ErrorCode::LimitExceeded, path + ": too many entries");
        }
        names.push_back(std::move(name));
        errno = 0;
    }
    if (errno != 0) {
        return system_error(path);
    }
    std::sort(names.begin(), names.end());
    return names;
}

Result<void> remove_file(const std::string& path) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
        return system_error(path);
    }
    return {};
}

Result<void> remove_tree(const std::string& path) {
    std::error_code code;
    std::filesystem::remove_all(path, code);
    if (code) {
        return system_error(path, code.value());
    }
    return {};
}

Result<std::string> make_temporary_directory(const std::string& parent, std::string_view prefix) {
    std::string name = parent + "/" + std::string(prefix) + "XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) {
        return system_error(name);
    }
    return name;
}

}  // namespace countersign::sys
