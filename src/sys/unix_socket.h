// Unix stream sockets: listen with a mode, connect, and who the peer is. Descriptors are
// close-on-exec and blocking. Thread safe (no state of its own).
#pragma once

#include <string>
#include <string_view>
#include <sys/types.h>

#include "base/result.h"
#include "base/time.h"
#include "sys/fd.h"

namespace countersign::sys {

/// Who was at the other end when it connected (SO_PEERCRED); the kernel vouches for it.
struct PeerCredentials {
    pid_t pid = 0;
    uid_t uid = 0;
    gid_t gid = 0;
};

/// Listens at `path`. A socket file that nobody answers on is replaced; AlreadyExists when somebody
/// does answer or when something other than a socket stands there; LimitExceeded past 107 bytes.
/// The file has `mode` from the moment at which it can be connected to.
Result<Fd> listen_unix(const std::string& path, mode_t mode, int backlog = 128);
/// NotFound or Unavailable when nobody listens. Does not wait for a full backlog (Unavailable).
Result<Fd> connect_unix(const std::string& path);
/// One connection of a listener (blocks). InvalidArgument when `listener` is not one.
Result<Fd> accept_connection(const Fd& listener);
Result<PeerCredentials> peer_credentials(const Fd& connection);
/// A connected pair.
Result<std::pair<Fd, Fd>> make_socket_pair();

/// Sends all bytes, without SIGPIPE. TimedOut when the peer takes nothing for `limit`.
Result<void> send_all(const Fd& connection, std::string_view bytes, Duration limit);
/// Appends what has arrived (at least one byte, at most 64 KiB) to `buffer`; false: the peer
/// closed. TimedOut when nothing arrives within `limit`.
Result<bool> receive_some(const Fd& connection, std::string& buffer, Duration limit);
/// Waits until `fd` has something to read or is closed; false: not within `limit`.
Result<bool> wait_readable(const Fd& fd, Duration limit);
/// The same for a descriptor that the caller does not own.
Result<bool> wait_readable(int descriptor, Duration limit);

}  // namespace countersign::sys
