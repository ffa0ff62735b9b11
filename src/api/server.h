// The API's sockets: two Unix listeners and one on loopback TCP, one event-loop thread.
//
// Requests that are ready together are handled together: each is given to the gate, the gate
// settles once (one fsync for all), then all are answered. A slow or silent peer holds up nobody:
// each connection has its own time limits, the header and body are bounded, and each door has its
// own share of the connections, so agents cannot shut people out.
//
// Not thread safe, but for stop(). Api must outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/api.h"
#include "base/result.h"

namespace countersign::api {

/// Connections at once, per door; together within limits::kConnectionsMax.
inline constexpr std::size_t kAgentConnectionsMax = 384;
inline constexpr std::size_t kPeopleConnectionsMax = 96;
inline constexpr std::size_t kBrowserConnectionsMax = 32;
/// People who watch events at once.
inline constexpr std::size_t kStreamsMax = 32;

struct ServerOptions {
    std::string agent_socket;
    std::string operator_socket;
    /// Loopback port for people's browsers; 0: any free one; nullopt: none. A taken port is logged
    /// and done without: the gateway must not fail to start since something else listens there.
    std::optional<std::uint16_t> port;
    /// Only this user (and root) may connect to the Unix sockets, whatever their mode says.
    unsigned user_id = 0;
};

class Server {
    class Impl;
    struct Private {
        explicit Private() = default;
    };

public:
    /// Use open().
    Server(Private, std::unique_ptr<Impl> impl);
    /// Binds everything. AlreadyExists: another gateway serves these sockets; Io and others as sys/
    /// gives them.
    static Result<std::unique_ptr<Server>> open(ServerOptions options);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// The TCP port that is bound; nullopt: none.
    [[nodiscard]] std::optional<std::uint16_t> port() const;
    /// Names under which a browser may address the TCP listener.
    [[nodiscard]] std::vector<std::string> browser_hosts() const;

    /// Serves until SIGTERM, SIGINT or stop(); gives the reason. Open waits are answered as they
    /// stand; the socket files are removed.
    std::string run(Api& api);
    /// From any thread.
    void stop();

private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace countersign::api
