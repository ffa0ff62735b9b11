#include "jail/network_gate.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/openat2.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/limits.h"
#include "jail/tell.h"
#include "sys/files.h"
#include "sys/real_clock.h"
#include "text/number.h"
#include "text/utf8.h"

namespace countersign::jail {
namespace {

/// A refusal holds this long for the same destination: clients try again at once.
constexpr Duration kDenialHolds = std::chrono::seconds(30);
/// Destinations that one run may come to; beyond that each is refused.
constexpr std::size_t kDestinationsMax = 10'000;
/// How often a waiting connection looks whether its caller still lives.
constexpr int kLookMs = 200;
/// A caller that does not want to wait has an event loop that stands still meanwhile.
constexpr Duration kPatienceOfLoops = std::chrono::seconds(10);
constexpr Duration kPatience = std::chrono::seconds(130);  // as tcp_syn_retries gives
constexpr std::size_t kAddressesTried = 4;

Duration monotonic() {
    sys::RealClock clock;
    return clock.monotonic();
}

int option(int socket, int name) {
    int value = 0;
    socklen_t size = sizeof value;
    return ::getsockopt(socket, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

/// Names a network namespace (Linux 5.14); 0: not known.
std::uint64_t network_of(int socket) {
    std::uint64_t cookie = 0;
    socklen_t size = sizeof cookie;
#ifndef SO_NETNS_COOKIE
    constexpr int SO_NETNS_COOKIE = 71;
#endif
    return ::getsockopt(socket, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) == 0 ? cookie : 0;
}

bool waits_not(int socket) {
    const int flags = ::fcntl(socket, F_GETFL);
    return flags >= 0 && (flags & O_NONBLOCK) != 0;
}

void set_waiting(int socket, bool waits) {
    const int flags = ::fcntl(socket, F_GETFL);
    ::fcntl(socket, F_SETFL, waits ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

struct CopiedOption {
    int level;
    int name;
};
/// What programs set before they connect.
constexpr std::array kCopied = {
    CopiedOption{SOL_SOCKET, SO_KEEPALIVE},  CopiedOption{IPPROTO_TCP, TCP_NODELAY},
    CopiedOption{IPPROTO_TCP, TCP_KEEPIDLE}, CopiedOption{IPPROTO_TCP, TCP_KEEPINTVL},
    CopiedOption{IPPROTO_TCP, TCP_KEEPCNT},  CopiedOption{IPPROTO_TCP, TCP_USER_TIMEOUT},
    CopiedOption{SOL_SOCKET, SO_OOBINLINE},
};

void copy_options(int from, int to) {
    for (const CopiedOption& copied : kCopied) {
        int value = 0;
        socklen_t size = sizeof value;
        if (::getsockopt(from, copied.level, copied.name, &value, &size) == 0) {
            ::setsockopt(to, copied.level, copied.name, &value, size);
        }
    }
    for (const int name : {SO_RCVTIMEO, SO_SNDTIMEO, SO_LINGER}) {
        std::array<char, 32> value{};
        socklen_t size = value.size();
        if (::getsockopt(from, SOL_SOCKET, name, value.data(), &size) == 0) {
            ::setsockopt(to, SOL_SOCKET, name, value.data(), size);
        }
    }
}

/// Looks a name up as this machine does. Only after it was decided.
std::vector<Endpoint> look_up(const std::string& name, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    std::vector<Endpoint> out;
    if (::getaddrinfo(name.c_str(), nullptr, &hints, &found) != 0) {
        return out;
    }
    for (const addrinfo* at = found; at != nullptr && out.size() < kAddressesTried;
         at = at->ai_next) {
        sockaddr_storage address{};
        std::memcpy(&address, at->ai_addr, std::min<std::size_t>(at->ai_addrlen, sizeof address));
        Endpoint endpoint = endpoint_of(address);
        endpoint.port = port;
        out.push_back(endpoint);
    }
    ::freeaddrinfo(found);
    return out;
}

bool is_own_socket(const std::vector<Plan::SocketPlace>& places, const std::string& path) {
    const Plan::SocketPlace* best = nullptr;
    for (const Plan::SocketPlace& place : places) {
        if (is_within(path, place.path) &&
            (best == nullptr || place.path.size() >= best->path.size())) {
            best = &place;
        }
    }
    return best != nullptr && best->access == Plan::SocketPlace::Access::Open;
}

std::string line_for_agent(const std::string& destination, std::string_view message) {
    return "countersign: denied: connection to " + text::visible(destination) + ": " +
           text::visible_lines(message) + "\n";
}

}  // namespace

NetworkGate::NetworkGate(Settings settings) : settings_(std::move(settings)) {
    const sys::Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    outer_network_ = network_of(probe.get());
}

bool NetworkGate::still_waits(const Connect& call) const {
    std::uint64_t id = call.notification->id;
    return ::ioctl(settings_.listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

void NetworkGate::answer(const seccomp_notif& notification, int error_number) const {
    seccomp_notif_resp response{};
    response.id = notification.id;
    response.error = -error_number;
    // It fails when the caller is gone.
    ::ioctl(settings_.listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

/// 0, or the error that the call gets.
int NetworkGate::read_connect(const seccomp_notif& notification, Connect& call) const {
    call.notification = &notification;
    const auto length = static_cast<std::int64_t>(static_cast<int>(notification.data.args[2]));
    if (length < 0 || length > static_cast<std::int64_t>(sizeof(sockaddr_storage))) {
        return EINVAL;
    }
    call.address.resize(static_cast<std::size_t>(length));
    iovec local{call.address.data(), call.address.size()};
    // NOLINTNEXTLINE(performance-no-int-to-ptr) an address of the other process
    iovec remote{reinterpret_cast<void*>(notification.data.args[1]), call.address.size()};
    if (::process_vm_readv(static_cast<pid_t>(notification.pid), &local, 1, &remote, 1, 0) !=
        static_cast<ssize_t>(call.address.size())) {
        return EFAULT;
    }
    auto caller = settings_.tree->identify(static_cast<pid_t>(notification.pid));
    if (!caller.ok()) {
        return EACCES;
    }
    call.caller = caller.take();
    const int descriptor = static_cast<int>(notification.data.args[0]);
    call.socket.reset(
        static_cast<int>(::syscall(SYS_pidfd_getfd, call.caller.handle.get(), descriptor, 0)));
    if (!call.socket) {
        return errno == EBADF ? EBADF : EACCES;
    }
    call.type = option(call.socket.get(), SO_TYPE);
    call.protocol = option(call.socket.get(), SO_PROTOCOL);
    call.domain = option(call.socket.get(), SO_DOMAIN);
    if (call.type < 0) {
        return ENOTSOCK;
    }
    // Only now is it certain that what was read belongs to the caller that asked.
    return still_waits(call) ? 0 : ECANCELED;
}

void NetworkGate::handle(const seccomp_notif& notification, Asker& asker, const Ask& ask) {
    Connect call;
    int error = read_connect(notification, call);
    if (error == 0) {
        sa_family_t family = AF_UNSPEC;
        std::memcpy(&family, call.address.data(), std::min(sizeof family, call.address.size()));
        if (network_of(call.socket.get()) == outer_network_) {
            // One that we put there: it is connected, and stays what it is.
            error = EISCONN;
        } else if (call.address.size() < sizeof family) {
            error = EINVAL;
        } else if (call.domain == AF_UNIX) {
            error = to_unix(call);
        } else if (family == AF_INET || family == AF_INET6) {
            error = to_internet(call, asker, ask);
        } else {
            error = inside(call);
        }
    }
    answer(notification, error);
}

/// Waits for a connection that has begun. The socket does not wait by itself.
int NetworkGate::wait_connected(const Connect& call, int socket) const {
    const Duration patience = waits_not(call.socket.get()) ? kPatienceOfLoops : kPatience;
    const Duration end = monotonic() + patience;
    while (monotonic() < end && still_waits(call)) {
        pollfd entry{socket, POLLOUT, 0};
        const int count = ::poll(&entry, 1, kLookMs);
        if (count > 0) {
            return option(socket, SO_ERROR);
        }
    }
    return ETIMEDOUT;
}

/// In the jail's own network, on the caller's own socket.
int NetworkGate::inside(const Connect& call) const {
    const int socket = call.socket.get();
    const bool loops = waits_not(socket);
    set_waiting(socket, false);
    const auto* address = reinterpret_cast<const sockaddr*>(call.address.data());
    int error = 0;
    do {
        error = ::connect(socket, address, static_cast<socklen_t>(call.address.size())) == 0
                    ? 0
                    : errno;
        if (error == EAGAIN && !loops) {
            // The queue of a Unix socket is full; the kernel tells nobody when it no longer is.
            pollfd nothing{-1, 0, 0};
            ::poll(&nothing, 1, kLookMs / 10);
        }
    } while (error == EAGAIN && !loops && still_waits(call));
    if (error == EINPROGRESS) {
        error = wait_connected(call, socket);
    }
    set_waiting(socket, !loops);
    return error;
}

int NetworkGate::to_unix(const Connect& call) const {
    constexpr std::size_t kPathAt = offsetof(sockaddr_un, sun_path);
    if (call.address.size() <= kPathAt || call.address[kPathAt] == '\0') {
        // Abstract names belong to the network namespace, so these are the tree's own.
        return inside(call);
    }
    std::string path = call.address.substr(kPathAt);
    path.resize(std::min(path.find('\0'), path.size()));
    if (path.front() != '/') {
        const std::string link = "/proc/" + std::to_string(call.notification->pid) + "/cwd";
        std::string directory(limits::kPathBytesMax, '\0');
        const ssize_t size = ::readlink(link.c_str(), directory.data(), directory.size());
        if (size <= 0) {
            return ENOENT;
        }
        path = directory.substr(0, static_cast<std::size_t>(size)) + "/" + path;
    }
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    const sys::Fd found(static_cast<int>(
        ::syscall(SYS_openat2, settings_.root.get(), path.c_str(), &how, sizeof how)));
    if (!found) {
        return errno;
    }
    const std::string handle = "/proc/self/fd/" + std::to_string(found.get());
    const auto real = sys::real_path(handle);
    const bool own = real.ok() && is_own_socket(settings_.socket_places, real.value());
    if (!own) {
        tell(call.caller.handle,
             line_for_agent(path, "this run may use sockets of its own places only"));
        return EACCES;
    }
    Connect on_inode;
    on_inode.notification = call.notification;
    on_inode.socket.reset(::fcntl(call.socket.get(), F_DUPFD_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(handle.begin(), handle.end(), std::begin(address.sun_path));
    on_inode.address.assign(reinterpret_cast<const char*>(&address), kPathAt + handle.size() + 1);
    return inside(on_inode);
}

int NetworkGate::to_internet(const Connect& call, Asker& asker, const Ask& ask) {
    const auto endpoint = endpoint_of(call.address);
    const bool stream = call.type == SOCK_STREAM &&
                        (call.protocol == IPPROTO_TCP || call.protocol == IPPROTO_MPTCP);
    if (!endpoint || !stream || settings_.network != Network::Gated ||
        endpoint->host_class() == HostClass::Never) {
        return inside(call);
    }
    if (endpoint->host_class() == HostClass::Loopback) {
        const int error = inside(call);
        if (error != ECONNREFUSED) {
            return error;
        }
        // Nobody in the jail listens there; somebody on the machine may.
    }
    return to_outside(call, *endpoint, asker, ask);
}

int NetworkGate::to_outside(const Connect& call, const Endpoint& endpoint, Asker& asker,
                            const Ask& ask) {
    const Duration begin = monotonic();
    std::vector<Endpoint> endpoints = {endpoint};
    std::string destination = endpoint.text();
    std::optional<std::string> name;
    if (endpoint.host_class() == HostClass::Inside) {
        name = settings_.names->name_of(endpoint.four);
        if (!name) {
            return EHOSTUNREACH;
        }
        destination = *name + ":" + std::to_string(endpoint.port);
    }
    std::string action;
    const Leave given = leave(call, destination, ask, action);
    if (given != Leave::Granted) {
        return given == Leave::Denied ? EACCES : ECANCELED;
    }
    if (name) {
        endpoints = look_up(*name, endpoint.port);
    }
    int error = endpoints.empty() ? EHOSTUNREACH : ECONNREFUSED;
    for (const Endpoint& candidate : endpoints) {
        std::string of_address;
        if (name && candidate.host_class() != HostClass::Public &&
            leave(call, candidate.text(), ask, of_address) != Leave::Granted) {
            error = EACCES;
            continue;
        }
        error = connect_outside(call, candidate);
        if (error == 0 || !still_waits(call)) {
            break;
        }
    }
    if (!action.empty()) {
        model::OutcomeReport report;
        report.action = action;
        report.outcome.started = error == 0;
        report.outcome.error = error == 0 ? "" : sys::system_error("connecting", error).message;
        report.outcome.hosts = {destination};
        report.outcome.duration_us =
            std::chrono::duration_cast<std::chrono::microseconds>(monotonic() - begin).count();
        (void)asker.report(std::span(&report, 1));
    }
    return error;
}

/// `action` gets the id when this call is the one that asked: its outcome is to be reported.
NetworkGate::Leave NetworkGate::leave(const Connect& call, const std::string& destination,
                                      const Ask& ask, std::string& action) {
    Known result;
    {
        const MutexLock guard(lock_);
        while (true) {
            const auto found = known_.find(destination);
            const bool old = found != known_.end() && found->second.state == Known::State::Denied &&
                             found->second.until < monotonic();
            if (found == known_.end() || old) {
                break;
            }
            if (found->second.state != Known::State::Pending) {
                return found->second.state == Known::State::Granted ? Leave::Granted
                                                                    : Leave::Denied;
            }
            decided_.wait_for(lock_, std::chrono::milliseconds(kLookMs));
            if (!still_waits(call)) {
                return Leave::Gone;
            }
        }
        if (known_.size() >= kDestinationsMax) {
            return Leave::Denied;
        }
        known_.insert_or_assign(destination, Known{});
    }
    result = decide(call, destination, ask);
    {
        const MutexLock guard(lock_);
        if (result.state == Known::State::Pending) {
            known_.erase(destination);
        } else {
            known_.insert_or_assign(destination, result);
        }
    }
    decided_.notify_all();
    if (result.state == Known::State::Granted) {
        action = result.action;
        return Leave::Granted;
    }
    if (result.state == Known::State::Denied) {
        tell(call.caller.handle, line_for_agent(destination, result.message));
    }
    return result.state == Known::State::Denied ? Leave::Denied : Leave::Gone;
}

/// Pending: the caller went away before there was an end.
NetworkGate::Known NetworkGate::decide(const Connect& call, const std::string& destination,
                                       const Ask& ask) const {
    model::ActionRequest request;
    request.context = settings_.context;
    request.context.directory = settings_.context.workspace;
    request.context.within = call.caller.within;
    request.action.kind = model::ActionKind::Http;
    request.action.name = "CONNECT";
    request.action.target = "tcp://" + destination;
    const auto answer = ask(request);
    Known known;
    known.state = Known::State::Denied;
    known.until = monotonic() + kDenialHolds;
    if (!answer.ok()) {
        known.message = "the gateway gives no answer (" + answer.error().message + ")";
        known.until = {};
        return known;
    }
    known.action = answer->id;
    known.message = answer->message;
    if (answer->granted()) {
        known.state = Known::State::Granted;
    } else if (answer->open()) {
        known.state = Known::State::Pending;
    }
    return known;
}

int NetworkGate::connect_outside(const Connect& call, const Endpoint& endpoint) const {
    sockaddr_storage address{};
    const socklen_t size = socket_address(endpoint, call.domain, address);
    if (size == 0) {
        return EAFNOSUPPORT;
    }
    const sys::Fd socket(
        ::socket(call.domain, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP));
    if (!socket) {
        return errno;
    }
    copy_options(call.socket.get(), socket.get());
    int error =
        ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
        error = wait_connected(call, socket.get());
    }
    return error != 0 ? error : put_in_place(call, socket);
}

namespace {

/// Whether the caller's descriptor is close-on-exec: "flags:\t02000002" in its fdinfo (proc(5)).
bool closes_on_exec(pid_t thread, int descriptor) {
    const auto info =
        sys::read_file("/proc/" + std::to_string(thread) + "/fdinfo/" + std::to_string(descriptor),
                       limits::kConfigBytesMax);
    const std::size_t at = info.ok() ? info->find("flags:\t") : std::string::npos;
    if (at == std::string::npos) {
        return true;
    }
    unsigned long flags = 0;
    for (std::size_t i = at + 7; i < info->size() && (*info)[i] >= '0' && (*info)[i] <= '7'; ++i) {
        flags = flags * 8 + static_cast<unsigned long>((*info)[i] - '0');
    }
    return (flags & static_cast<unsigned long>(O_CLOEXEC)) != 0;
}

}  // namespace

int NetworkGate::put_in_place(const Connect& call, const sys::Fd& connected) const {
    const int descriptor = static_cast<int>(call.notification->data.args[0]);
    const auto thread = static_cast<pid_t>(call.notification->pid);
    set_waiting(connected.get(), !waits_not(call.socket.get()));
    seccomp_notif_addfd place{};
    place.id = call.notification->id;
    place.flags = SECCOMP_ADDFD_FLAG_SETFD;
    place.srcfd = static_cast<std::uint32_t>(connected.get());
    place.newfd = static_cast<std::uint32_t>(descriptor);
    place.newfd_flags = closes_on_exec(thread, descriptor) ? O_CLOEXEC : 0;
    return ::ioctl(settings_.listener, SECCOMP_IOCTL_NOTIF_ADDFD, &place) < 0 ? EACCES : 0;
}

}  // namespace countersign::jail
