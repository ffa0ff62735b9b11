#include "jail/endpoint.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>

namespace countersign::jail {
namespace {

struct Range {
    std::uint32_t network;
    std::uint32_t mask;
    HostClass kind;
};

/// First match counts. RFC 6890 and the clouds' own pages.
constexpr std::array kFour = {
    Range{kInsideOwn, 0xffffffff, HostClass::Loopback},
    Range{kInsideNetwork, kInsideMask, HostClass::Inside},
    Range{0x00000000, 0xffffffff, HostClass::Loopback},  // 0.0.0.0
    Range{0x00000000, 0xff000000, HostClass::Never},
    Range{0x7f000000, 0xff000000, HostClass::Loopback},
    Range{0xa9fea9fe, 0xffffffff, HostClass::Metadata},  // 169.254.169.254: AWS, GCP, Azure
    Range{0xa9feaa02, 0xffffffff, HostClass::Metadata},  // 169.254.170.2: ECS
    Range{0x646464c8, 0xffffffff, HostClass::Metadata},  // 100.100.100.200: Alibaba
    Range{0xc0000000, 0xffffff00, HostClass::Never},     // 192.0.0.0/24, with Oracle's .192
    Range{0xa9fe0000, 0xffff0000, HostClass::Private},   // link-local
    Range{0x0a000000, 0xff000000, HostClass::Private},
    Range{0xac100000, 0xfff00000, HostClass::Private},
    Range{0xc0a80000, 0xffff0000, HostClass::Private},
    Range{0x64400000, 0xffc00000, HostClass::Private},  // RFC 6598
    Range{0xe0000000, 0xe0000000, HostClass::Never},    // multicast, reserved, broadcast
};

HostClass class_of(std::uint32_t address) {
    for (const Range& range : kFour) {
        if ((address & range.mask) == range.network) {
            return range.kind;
        }
    }
    return HostClass::Public;
}

HostClass class_of(const std::array<std::uint8_t, 16>& bytes) {
    static constexpr std::array<std::uint8_t, 16> kMetadata = {
        0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x54};
    const bool zeros =
        std::all_of(bytes.begin(), bytes.end() - 1, [](std::uint8_t byte) { return byte == 0; });
    if (zeros && bytes[15] <= 1) {
        return HostClass::Loopback;
    }
    if (bytes == kMetadata) {
        return HostClass::Metadata;
    }
    if ((bytes[0] & 0xfeU) == 0xfcU || (bytes[0] == 0xfe && (bytes[1] & 0xc0U) == 0x80U)) {
        return HostClass::Private;
    }
    return (bytes[0] & 0xe0U) == 0x20U ? HostClass::Public : HostClass::Never;
}

std::uint32_t four_in(const std::uint8_t* bytes) {
    std::uint32_t value = 0;
    std::memcpy(&value, bytes, sizeof value);
    return ntohl(value);
}

/// Spells an IPv4 address in IPv6 clothes as what it is.
void unwrap(Endpoint& endpoint) {
    static constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0,    0,
                                                             0, 0, 0, 0, 0xff, 0xff};
    static constexpr std::array<std::uint8_t, 12> kNat64 = {0, 0x64, 0xff, 0x9b, 0, 0,
                                                            0, 0,    0,    0,    0, 0};
    const auto& bytes = endpoint.bytes;
    const auto starts = [&](const auto& prefix) {
        return std::equal(prefix.begin(), prefix.end(), bytes.begin());
    };
    if (starts(kMapped) || starts(kNat64)) {
        endpoint.six = false;
        endpoint.four = four_in(bytes.data() + 12);
    } else if (bytes[0] == 0x20 && bytes[1] == 0x02) {
        endpoint.six = false;
        endpoint.four = four_in(bytes.data() + 2);
    }
}

}  // namespace

std::string Endpoint::address() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const std::uint32_t network_order = htonl(four);
    const void* from = six ? static_cast<const void*>(bytes.data()) : &network_order;
    const char* printed = ::inet_ntop(six ? AF_INET6 : AF_INET, from, text.data(), text.size());
    return printed == nullptr ? "" : printed;
}

std::string Endpoint::text() const {
    return (six ? "[" + address() + "]" : address()) + ":" + std::to_string(port);
}

HostClass Endpoint::host_class() const {
    return six ? class_of(bytes) : class_of(four);
}

Endpoint endpoint_of(const sockaddr_storage& address) {
    Endpoint out;
    if (address.ss_family == AF_INET) {
        sockaddr_in in{};
        std::memcpy(&in, &address, sizeof in);
        out.four = ntohl(in.sin_addr.s_addr);
        out.port = ntohs(in.sin_port);
        return out;
    }
    sockaddr_in6 in{};
    std::memcpy(&in, &address, sizeof in);
    out.six = true;
    std::memcpy(out.bytes.data(), &in.sin6_addr, out.bytes.size());
    out.port = ntohs(in.sin6_port);
    out.scope = in.sin6_scope_id;
    unwrap(out);
    return out;
}

std::optional<Endpoint> endpoint_of(std::string_view address) {
    sockaddr_storage storage{};
    std::memcpy(&storage, address.data(), std::min(address.size(), sizeof storage));
    // The kernel takes IPv6 addresses without the scope as well (RFC 2133).
    constexpr std::size_t kSixLeast = offsetof(sockaddr_in6, sin6_scope_id);
    const bool four = storage.ss_family == AF_INET && address.size() >= sizeof(sockaddr_in);
    const bool six = storage.ss_family == AF_INET6 && address.size() >= kSixLeast;
    if (address.size() < sizeof(sa_family_t) || (!four && !six)) {
        return std::nullopt;
    }
    return endpoint_of(storage);
}

socklen_t socket_address(const Endpoint& endpoint, int family, sockaddr_storage& out) {
    out = {};
    if (family == AF_INET && !endpoint.six) {
        sockaddr_in in{};
        in.sin_family = AF_INET;
        in.sin_port = htons(endpoint.port);
        in.sin_addr.s_addr = htonl(endpoint.four);
        std::memcpy(&out, &in, sizeof in);
        return sizeof in;
    }
    if (family != AF_INET6) {
        return 0;
    }
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(endpoint.port);
    in.sin6_scope_id = endpoint.scope;
    if (endpoint.six) {
        std::memcpy(&in.sin6_addr, endpoint.bytes.data(), endpoint.bytes.size());
    } else {
        const std::uint32_t network_order = htonl(endpoint.four);
        in.sin6_addr.s6_addr[10] = 0xff;
        in.sin6_addr.s6_addr[11] = 0xff;
        std::memcpy(&in.sin6_addr.s6_addr[12], &network_order, sizeof network_order);
    }
    std::memcpy(&out, &in, sizeof in);
    return sizeof in;
}

}  // namespace countersign::jail
