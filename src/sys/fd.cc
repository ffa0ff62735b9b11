#include "sys/fd.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

namespace countersign::sys {
namespace {

struct ErrorNumber {
    int number;
    ErrorCode code;
};

constexpr std::array kErrorNumbers = {
    ErrorNumber{ENOENT, ErrorCode::NotFound},
    ErrorNumber{ENOTDIR, ErrorCode::NotFound},
    ErrorNumber{ESRCH, ErrorCode::NotFound},
    ErrorNumber{EACCES, ErrorCode::PermissionDenied},
    ErrorNumber{EPERM, ErrorCode::PermissionDenied},
    ErrorNumber{ELOOP, ErrorCode::PermissionDenied},
    ErrorNumber{EEXIST, ErrorCode::AlreadyExists},
    ErrorNumber{ENOSYS, ErrorCode::Unsupported},
    ErrorNumber{EOPNOTSUPP, ErrorCode::Unsupported},
    ErrorNumber{ETIMEDOUT, ErrorCode::TimedOut},
    ErrorNumber{ECONNREFUSED, ErrorCode::Unavailable},
    ErrorNumber{ECONNRESET, ErrorCode::Unavailable},
    ErrorNumber{EPIPE, ErrorCode::Unavailable},
    ErrorNumber{EINVAL, ErrorCode::InvalidArgument},
    ErrorNumber{ENAMETOOLONG, ErrorCode::LimitExceeded},
};

ErrorCode code_of(int number) {
    for (const ErrorNumber& known : kErrorNumbers) {
        if (known.number == number) {
            return known.code;
        }
    }
    return ErrorCode::Io;
}

}  // namespace

void Fd::reset(int descriptor) {
    if (descriptor_ >= 0) {
        const int saved = errno;
        // Linux frees the number even when close fails with EINTR; a repeat could close the
        // descriptor of another thread.
        ::close(descriptor_);
        errno = saved;
    }
    descriptor_ = descriptor;
}

Error system_error(std::string_view what) {
    return system_error(what, errno);
}

Error system_error(std::string_view what, int error_number) {
    std::string message(what);
    message += ": ";
    message += std::generic_category().message(error_number);
    return {code_of(error_number), std::move(message)};
}

Result<Fd> duplicate(const Fd& fd) {
    Fd copy(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3));
    if (!copy) {
        return system_error("duplicating a descriptor");
    }
    return copy;
}

Result<std::pair<Fd, Fd>> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return system_error("making a pipe");
    }
    return std::pair(Fd(ends[0]), Fd(ends[1]));
}

}  // namespace countersign::sys
