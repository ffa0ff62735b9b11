#include "sys/files.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace countersign::sys {
namespace {

/// Reads begin small, since most files are, and grow.
constexpr std::size_t kReadBlockBytesLeast = 4 * 1024;
constexpr std::size_t kReadBlockBytesMost = 256 * 1024;

int link_flag(Links links) {
    return links == Links::Refuse ? O_NOFOLLOW : 0;
}

Result<Fd> open_file(const std::string& path, int flags, mode_t mode = 0) {
    Fd fd(::open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY, mode));
    if (!fd) {
        return system_error(path);
    }
    return fd;
}

std::string parent_of(const std::string& path) {
    const auto slash = path.find_last_of('/');
    if (slash == std::string::npos) {
        return ".";
    }
    return slash == 0 ? "/" : path.substr(0, slash);
}

/// Writes and syncs a file that must be new.
Result<void> fill_new_file(const std::string& path, std::string_view bytes, mode_t mode) {
    const Fd fd = TRY(open_file(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode));
    Result<void> written = write_all(fd, bytes);
    if (written.ok()) {
        written = sync_data(fd);
    }
    if (!written.ok()) {
        ::unlink(path.c_str());
        return written.take_error().with_context(path);
    }
    return {};
}

/// `expected`: how long it probably is; room for that is made at once.
Result<std::string> read_expecting(const Fd& fd, std::size_t bytes_max, std::size_t expected) {
    std::string content;
    std::size_t used = 0;
    content.reserve(std::min(expected, bytes_max) + kReadBlockBytesLeast);
    while (true) {
        const std::size_t free = content.capacity() - used;
        const std::size_t block =
            std::clamp(std::max(used, free), kReadBlockBytesLeast, kReadBlockBytesMost);
        content.resize(used + block);
        const ssize_t count = ::read(fd.get(), content.data() + used, block);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return system_error("reading");
        }
        used += static_cast<std::size_t>(count);
        if (used > bytes_max) {
            return Error(ErrorCode::LimitExceeded,
                         "longer than " + std::to_string(bytes_max) + " bytes");
        }
        if (count == 0) {
            content.resize(used);
            return content;
        }
    }
}

}  // namespace

Result<std::string> read_to_end(const Fd& fd, std::size_t bytes_max) {
    return read_expecting(fd, bytes_max, 0);
}

Result<std::string> read_some(int descriptor, std::size_t bytes_max) {
    std::string bytes(bytes_max, '\0');
    ssize_t count = 0;
    do {
        count = ::read(descriptor, bytes.data(), bytes.size());
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        return system_error("reading");
    }
    bytes.resize(static_cast<std::size_t>(count));
    return bytes;
}

Result<std::string> read_file(const std::string& path, std::size_t bytes_max, Links links) {
    // O_NONBLOCK: a fifo that somebody planted must not hold us.
    const Fd fd = TRY(open_file(path, O_RDONLY | O_NONBLOCK | link_flag(links)));
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) {
        return system_error(path);
    }
    if (!S_ISREG(status.st_mode)) {
        return Error(ErrorCode::InvalidArgument, path + ": not a regular file");
    }
    auto content = read_expecting(fd, bytes_max, static_cast<std::size_t>(status.st_size));
    if (!content.ok()) {
        return content.take_error().with_context(path);
    }
    return content;
}

Result<std::string> read_at(const Fd& fd, std::uint64_t offset, std::size_t size) {
    std::string bytes(size, '\0');
    std::size_t done = 0;
    while (done < size) {
        const ssize_t count =
            ::pread(fd.get(), bytes.data() + done, size - done, static_cast<off_t>(offset + done));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return system_error("reading");
        }
        if (count == 0) {
            return Error(ErrorCode::Corrupt, "the file ends too early");
        }
        done += static_cast<std::size_t>(count);
    }
    return bytes;
}

Result<void> write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return system_error("writing");
        }
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

Result<void> write_all(const Fd& fd, std::string_view bytes) {
    return write_all(fd.get(), bytes);
}

Result<void> write_at(const Fd& fd, std::uint64_t offset, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count =
            ::pwrite(fd.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return system_error("writing");
        }
        bytes.remove_prefix(static_cast<std::size_t>(count));
        offset += static_cast<std::uint64_t>(count);
    }
    return {};
}

Result<void> write_file_atomic(const std::string& path, std::string_view bytes, mode_t mode) {
    // The process id keeps two writers apart; one left over by a crash is replaced.
    const std::string temporary = path + ".new" + std::to_string(::getpid());
    TRY(remove_file(temporary));
    TRY(fill_new_file(temporary, bytes, mode));
    if (::rename(temporary.c_str(), path.c_str()) != 0) {
        Error error = system_error(path);
        ::unlink(temporary.c_str());
        return error;
    }
    return sync_directory(parent_of(path));
}

Result<void> write_new_file(const std::string& path, std::string_view bytes, mode_t mode) {
    TRY(fill_new_file(path, bytes, mode));
    return sync_directory(parent_of(path));
}

Result<Fd> open_append(const std::string& path, mode_t mode) {
    return open_file(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, mode);
}

Result<Fd> open_read_write(const std::string& path, mode_t mode) {
    return open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode);
}

Result<Fd> open_read(const std::string& path, Links links) {
    return open_file(path, O_RDONLY | link_flag(links));
}

Result<Fd> open_directory(const std::string& path) {
    return open_file(path, O_RDONLY | O_DIRECTORY);
}

Result<std::uint64_t> file_size(const Fd& fd) {
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) {
        return system_error("reading a file's size");
    }
    return static_cast<std::uint64_t>(status.st_size);
}

Result<void> truncate_file(const Fd& fd, std::uint64_t size) {
    if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0) {
        return system_error("truncating");
    }
    return {};
}

Result<void> sync_data(const Fd& fd) {
    if (::fdatasync(fd.get()) != 0) {
        return system_error("syncing");
    }
    return {};
}

Result<void> sync_directory(const std::string& path) {
    const Fd fd = TRY(open_directory(path));
    if (::fsync(fd.get()) != 0) {
        return system_error(path);
    }
    return {};
}

Result<std::optional<FileLock>> FileLock::acquire(const std::string& path, Wait wait) {
    Fd fd = TRY(open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600));
    while (::flock(fd.get(), LOCK_EX | (wait == Wait::Try ? LOCK_NB : 0)) != 0) {
        if (errno == EWOULDBLOCK) {
            return std::optional<FileLock>();
        }
        if (errno != EINTR) {
            return system_error(path);
        }
    }
    return std::optional<FileLock>(FileLock(std::move(fd)));
}

}  // namespace countersign::sys
