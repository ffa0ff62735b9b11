// An owned file descriptor, and the one place that turns errno into an Error.
//
// Every descriptor that this program opens is close-on-exec from its birth; a child gets only what
// SpawnOptions (process.h) or the jail hands to it by name. Values; an Fd is used by one thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace countersign::sys {

/// Owns one descriptor and closes it. An Fd that holds none has get() == -1.
class Fd {
public:
    Fd() = default;
    /// Takes ownership of `descriptor`.
    explicit Fd(int descriptor) : descriptor_(descriptor) {}
    Fd(Fd&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        reset(std::exchange(other.descriptor_, -1));
        return *this;
    }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd() { reset(); }

    [[nodiscard]] int get() const { return descriptor_; }
    [[nodiscard]] bool valid() const { return descriptor_ >= 0; }
    explicit operator bool() const { return valid(); }
    /// Gives the descriptor away; the caller closes it.
    [[nodiscard]] int release() { return std::exchange(descriptor_, -1); }
    /// Closes what is held and takes `descriptor`. The result of close(2) is dropped: whoever needs
    /// the data on disk calls sync() first. errno is kept.
    void reset(int descriptor = -1);

private:
    int descriptor_ = -1;
};

/// The error of the call that just failed, from errno: "what: No such file or directory". ENOENT is
/// NotFound, EACCES and EPERM PermissionDenied, EEXIST AlreadyExists, ENOSYS Unsupported, ETIMEDOUT
/// TimedOut, refused and broken connections Unavailable; everything else Io.
Error system_error(std::string_view what);
/// The same for an error number at hand.
Error system_error(std::string_view what, int error_number);

/// A second descriptor for the same open file, close-on-exec.
Result<Fd> duplicate(const Fd& fd);
/// A pipe: first reads, second writes; both close-on-exec.
Result<std::pair<Fd, Fd>> make_pipe();

}  // namespace countersign::sys
