#include "sys/unix_socket.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sys/files.h"

namespace countersign::sys {
namespace {

constexpr std::size_t kReceiveBytes = 16 * 1024;

Result<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) {
        return Error(ErrorCode::LimitExceeded, path + ": not usable as a socket path",
                     "use a path of 1 to 107 bytes");
    }
    std::copy(path.begin(), path.end(), std::begin(address.sun_path));
    return address;
}

const sockaddr* generic(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

Result<Fd> stream_socket(int flags) {
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
    if (!fd) {
        return system_error("making a socket");
    }
    return fd;
}

/// Removes a socket file whose owner is gone.
Result<void> clear_stale(const std::string& path) {
    const auto status = TRY(file_status(path));
    if (!status) {
        return {};
    }
    if (status->type != FileStatus::Type::Socket) {
        return Error(ErrorCode::AlreadyExists, path + ": exists and is not a socket");
    }
    if (connect_unix(path).ok()) {
        return Error(ErrorCode::AlreadyExists, path + ": somebody listens there already");
    }
    return remove_file(path);
}

/// Waits for `events` on fd; false: not within `limit`.
Result<bool> wait_for(int fd, short events, Duration limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    while (true) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        pollfd entry{fd, events, 0};
        const auto wait_ms = std::clamp<std::int64_t>(left.count(), 0, INT_MAX);
        const int ready = ::poll(&entry, 1, static_cast<int>(wait_ms));
        if (ready >= 0) {
            return ready > 0;
        }
        if (errno != EINTR) {
            return system_error("waiting for a descriptor");
        }
    }
}

}  // namespace

Result<Fd> listen_unix(const std::string& path, mode_t mode, int backlog) {
    const sockaddr_un address = TRY(address_of(path));
    TRY(clear_stale(path));
    Fd fd = TRY(stream_socket(0));
    // The file gets the socket's own mode (less the umask), so no moment of wider access exists.
    ::fchmod(fd.get(), mode);
    if (::bind(fd.get(), generic(address), sizeof address) != 0) {
        return system_error(path);
    }
    if (::chmod(path.c_str(), mode) != 0 || ::listen(fd.get(), backlog) != 0) {
        return system_error(path);
    }
    return fd;
}

Result<Fd> connect_unix(const std::string& path) {
    const sockaddr_un address = TRY(address_of(path));
    Fd fd = TRY(stream_socket(SOCK_NONBLOCK));
    if (::connect(fd.get(), generic(address), sizeof address) != 0) {
        if (errno == EAGAIN) {
            return Error(ErrorCode::Unavailable, path + ": too many wait for a connection");
        }
        return system_error(path);
    }
    if (::fcntl(fd.get(), F_SETFL, 0) != 0) {
        return system_error(path);
    }
    return fd;
}

Result<Fd> accept_connection(const Fd& listener) {
    while (true) {
        Fd fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (fd) {
            return fd;
        }
        if (errno != EINTR && errno != ECONNABORTED) {
            return system_error("accepting a connection");
        }
    }
}

Result<PeerCredentials> peer_credentials(const Fd& connection) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
        return system_error("reading a peer's credentials");
    }
    return PeerCredentials{credentials.pid, credentials.uid, credentials.gid};
}

Result<std::pair<Fd, Fd>> make_socket_pair() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return system_error("making a socket pair");
    }
    return std::pair(Fd(ends[0]), Fd(ends[1]));
}

Result<void> send_all(const Fd& connection, std::string_view bytes, Duration limit) {
    while (!bytes.empty()) {
        const ssize_t count =
            ::send(connection.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(count));
            continue;
        }
        if (errno == EINTR) {
            continue;
        }
        if (errno != EAGAIN) {
            return system_error("sending");
        }
        const bool ready = TRY(wait_for(connection.get(), POLLOUT, limit));
        if (!ready) {
            return Error(ErrorCode::TimedOut, "the peer takes nothing");
        }
    }
    return {};
}

Result<bool> receive_some(const Fd& connection, std::string& buffer, Duration limit) {
    const bool ready = TRY(wait_for(connection.get(), POLLIN, limit));
    if (!ready) {
        return Error(ErrorCode::TimedOut, "the peer does not answer");
    }
    // Left as it is: clearing it would cost more than most answers take to read.
    std::array<char, kReceiveBytes> bytes;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    ssize_t count = 0;
    do {
        count = ::recv(connection.get(), bytes.data(), bytes.size(), 0);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        return system_error("receiving");
    }
    buffer.append(bytes.data(), static_cast<std::size_t>(count));
    return count > 0;
}

Result<bool> wait_readable(int descriptor, Duration limit) {
    return wait_for(descriptor, POLLIN, limit);
}

Result<bool> wait_readable(const Fd& fd, Duration limit) {
    return wait_for(fd.get(), POLLIN, limit);
}

}  // namespace countersign::sys
