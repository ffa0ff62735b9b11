// Where a connection would go, out of a socket address that the agent wrote: family, address, port,
// and what kind of place that is. Pure; thread safe.
#pragma once

#include <array>
#include <cstdint>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>

namespace countersign::jail {

enum class HostClass {
    Inside,    ///< an address that stands for a name inside the jail (names.h)
    Loopback,  ///< 127/8, ::1, and the unspecified address, which means the same to connect(2)
    Private,   ///< RFC 1918, RFC 4193, RFC 6598, link-local
    Metadata,  ///< where clouds hand out credentials: 169.254.169.254 and its kind
    Never,     ///< multicast, broadcast, reserved: no place for a connection
    Public
};
inline constexpr std::array<std::string_view, 6> kHostClassNames = {
    "inside", "loopback", "private", "metadata", "never", "public"};

/// Addresses that stand for names: 198.18.0.0/15 is for tests of network devices (RFC 2544) and is
/// never routed.
inline constexpr std::uint32_t kInsideNetwork = 0xc6120000;  // 198.18.0.0
inline constexpr std::uint32_t kInsideMask = 0xfffe0000;
/// The jail's own address beside 127.0.0.1, so that resolvers see an IPv4 interface.
inline constexpr std::uint32_t kInsideOwn = 0xc6120001;  // 198.18.0.1

/// An internet address in one form: IPv4 also where it came as ::ffff:a.b.c.d (RFC 4291), 6to4 or
/// NAT64, since those reach the IPv4 host.
struct Endpoint {
    bool six = false;
    std::uint32_t four = 0;  ///< host byte order, when !six
    std::array<std::uint8_t, 16> bytes{};
    std::uint16_t port = 0;
    std::uint32_t scope = 0;

    /// "1.2.3.4" or "2001:db8::1".
    [[nodiscard]] std::string address() const;
    /// "1.2.3.4:80", "[2001:db8::1]:80".
    [[nodiscard]] std::string text() const;
    [[nodiscard]] HostClass host_class() const;
};

/// nullopt: not an internet address, or too short to be one.
std::optional<Endpoint> endpoint_of(std::string_view address);
Endpoint endpoint_of(const sockaddr_storage& address);

/// For a socket of `family` (AF_INET or AF_INET6; IPv4 goes mapped into the latter). The length, or
/// 0 when the family cannot reach it.
socklen_t socket_address(const Endpoint& endpoint, int family, sockaddr_storage& out);

}  // namespace countersign::jail
