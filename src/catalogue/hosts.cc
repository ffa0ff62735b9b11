#include "catalogue/hosts.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>

#include "catalogue/catalogue.h"

namespace countersign::catalogue {

namespace {

using Class = model::Place;

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    });
    return out;
}

/// One number of an address as inet_aton(3) reads it: decimal, 0octal, 0xhex.
std::optional<std::uint64_t> address_number(std::string_view text) {
    unsigned base = 10;
    if (text.size() > 1 && text[0] == '0') {
        const bool hex = text.size() > 2 && (text[1] == 'x' || text[1] == 'X');
        base = hex ? 16 : 8;
        text.remove_prefix(hex ? 2 : 1);
    }
    if (text.empty() || text.size() > 12) {
        return std::nullopt;
    }
    std::uint64_t value = 0;
    for (const char c : text) {
        unsigned digit = 99;
        if (c >= '0' && c <= '9') {
            digit = static_cast<unsigned>(c - '0');
        } else if (std::isxdigit(static_cast<unsigned char>(c)) != 0) {
            digit = static_cast<unsigned>(std::tolower(static_cast<unsigned char>(c)) - 'a') + 10;
        }
        if (digit >= base) {
            return std::nullopt;
        }
        value = value * base + digit;
    }
    return value;
}

/// An IPv4 address in any spelling that inet_aton(3) takes: 127.1, 0x7f000001, 2130706433.
std::optional<std::uint32_t> ipv4_of(std::string_view text) {
    std::array<std::uint64_t, 4> numbers{};
    std::size_t count = 0;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find('.', at), text.size());
        const auto number = address_number(text.substr(at, end - at));
        if (!number || count == numbers.size()) {
            return std::nullopt;
        }
        numbers[count++] = *number;
        at = end + 1;
    }
    std::uint64_t address = 0;
    for (std::size_t i = 0; i + 1 < count; ++i) {
        if (numbers[i] > 255) {
            return std::nullopt;
        }
        address |= numbers[i] << (24 - 8 * i);
    }
    const std::uint64_t last_max = std::uint64_t{0xFFFFFFFF} >> (8 * (count - 1));
    if (numbers[count - 1] > last_max) {
        return std::nullopt;
    }
    return static_cast<std::uint32_t>(address | numbers[count - 1]);
}

using Ipv6 = std::array<std::uint16_t, 8>;

/// Groups of one side of "::"; an IPv4 tail counts as two.
bool ipv6_groups(std::string_view text, std::array<std::uint16_t, 8>& out, std::size_t& count) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find(':', at), text.size());
        const std::string_view group = text.substr(at, end - at);
        if (group.find('.') != std::string_view::npos) {
            const auto tail = ipv4_of(group);
            if (!tail || count > 6 || end != text.size()) {
                return false;
            }
            out[count++] = static_cast<std::uint16_t>(*tail >> 16);
            out[count++] = static_cast<std::uint16_t>(*tail & 0xFFFF);
        } else {
            const auto value = address_number("0x" + std::string(group));
            if (group.empty() || group.size() > 4 || !value || count == 8) {
                return false;
            }
            out[count++] = static_cast<std::uint16_t>(*value);
        }
        at = end + 1;
    }
    return true;
}

std::optional<Ipv6> ipv6_of(std::string_view text) {
    if (const std::size_t zone = text.find('%'); zone != std::string_view::npos) {
        text = text.substr(0, zone);
    }
    if (text.find(':') == std::string_view::npos) {
        return std::nullopt;
    }
    Ipv6 address{};
    const std::size_t gap = text.find("::");
    std::size_t front = 0;
    if (!ipv6_groups(text.substr(0, gap), address, front)) {
        return std::nullopt;
    }
    if (gap == std::string_view::npos) {
        return front == 8 ? std::optional(address) : std::nullopt;
    }
    Ipv6 tail{};
    std::size_t back = 0;
    if (!ipv6_groups(text.substr(gap + 2), tail, back) || front + back > 7) {
        return std::nullopt;
    }
    std::copy_n(tail.begin(), back, address.end() - static_cast<std::ptrdiff_t>(back));
    return address;
}

struct Network {
    std::uint32_t address;
    unsigned bits;
    Class place;
};
// RFC 6890, and the clouds' metadata services inside it.
constexpr std::array kNetworks = {
    Network{0xA9FEA9FE, 32, Class::MetadataService},  // 169.254.169.254
    Network{0xA9FEAA02, 32, Class::MetadataService},  // 169.254.170.2, ECS task credentials
    Network{0xA9FEA97B, 32, Class::MetadataService},  // 169.254.169.123
    Network{0x646464C8, 32, Class::MetadataService},  // 100.100.100.200
    Network{0xC00000C0, 32, Class::MetadataService},  // 192.0.0.192
    Network{0x00000000, 8, Class::Loopback},         Network{0x7F000000, 8, Class::Loopback},
    Network{0x0A000000, 8, Class::PrivateHost},      Network{0xAC100000, 12, Class::PrivateHost},
    Network{0xC0A80000, 16, Class::PrivateHost},     Network{0xA9FE0000, 16, Class::PrivateHost},
    Network{0x64400000, 10, Class::PrivateHost},
};

Class class_of_ipv4(std::uint32_t address) {
    for (const Network& network : kNetworks) {
        if ((address ^ network.address) >> (32 - network.bits) == 0) {
            return network.place;
        }
    }
    return Class::PublicHost;
}

Class class_of_ipv6(const Ipv6& address) {
    const bool high_zero =
        std::all_of(address.begin(), address.begin() + 5, [](auto group) { return group == 0; });
    const std::uint32_t low =
        (static_cast<std::uint32_t>(address[6]) << 16) | static_cast<std::uint32_t>(address[7]);
    if (high_zero && (address[5] == 0xFFFF || address[5] == 0)) {
        return address[5] == 0 && low == 1 ? Class::Loopback : class_of_ipv4(low);
    }
    if (address[0] == 0x64 && address[1] == 0xFF9B) {
        return class_of_ipv4(low);
    }
    if (address[0] == 0xFD00 && address[1] == 0x0EC2 && address[7] == 0x0254) {
        return Class::MetadataService;
    }
    const bool local = (address[0] & 0xFE00) == 0xFC00 || (address[0] & 0xFFC0) == 0xFE80;
    return local ? Class::PrivateHost : Class::PublicHost;
}

struct HostRule {
    std::string_view name;  ///< the host itself or any name below it
    Class place;
};
constexpr std::array kHostRules = {
    HostRule{"localhost", Class::Loopback},
    HostRule{"localhost.localdomain", Class::Loopback},
    HostRule{"ip6-localhost", Class::Loopback},
    HostRule{"metadata.google.internal", Class::MetadataService},
    HostRule{"metadata", Class::MetadataService},
    HostRule{"metadata.azure.com", Class::MetadataService},
    HostRule{"onion", Class::OnionHost},
    HostRule{"i2p", Class::OnionHost},
    HostRule{"local", Class::PrivateHost},
    HostRule{"internal", Class::PrivateHost},
    HostRule{"intranet", Class::PrivateHost},
    HostRule{"lan", Class::PrivateHost},
    HostRule{"home.arpa", Class::PrivateHost},
    HostRule{"corp", Class::PrivateHost},
    HostRule{"svc", Class::PrivateHost},
    HostRule{"test", Class::PrivateHost},
    // Where text or files can be left for anybody, or a tunnel into this machine opened.
    HostRule{"pastebin.com", Class::PasteOrTunnel},
    HostRule{"paste.ee", Class::PasteOrTunnel},
    HostRule{"hastebin.com", Class::PasteOrTunnel},
    HostRule{"dpaste.com", Class::PasteOrTunnel},
    HostRule{"dpaste.org", Class::PasteOrTunnel},
    HostRule{"termbin.com", Class::PasteOrTunnel},
    HostRule{"ix.io", Class::PasteOrTunnel},
    HostRule{"sprunge.us", Class::PasteOrTunnel},
    HostRule{"0x0.st", Class::PasteOrTunnel},
    HostRule{"rentry.co", Class::PasteOrTunnel},
    HostRule{"ghostbin.co", Class::PasteOrTunnel},
    HostRule{"privatebin.net", Class::PasteOrTunnel},
    HostRule{"controlc.com", Class::PasteOrTunnel},
    HostRule{"transfer.sh", Class::PasteOrTunnel},
    HostRule{"file.io", Class::PasteOrTunnel},
    HostRule{"gofile.io", Class::PasteOrTunnel},
    HostRule{"anonfiles.com", Class::PasteOrTunnel},
    HostRule{"catbox.moe", Class::PasteOrTunnel},
    HostRule{"temp.sh", Class::PasteOrTunnel},
    HostRule{"bashupload.com", Class::PasteOrTunnel},
    HostRule{"oshi.at", Class::PasteOrTunnel},
    HostRule{"wetransfer.com", Class::PasteOrTunnel},
    HostRule{"webhook.site", Class::PasteOrTunnel},
    HostRule{"requestbin.com", Class::PasteOrTunnel},
    HostRule{"requestbin.net", Class::PasteOrTunnel},
    HostRule{"pipedream.net", Class::PasteOrTunnel},
    HostRule{"beeceptor.com", Class::PasteOrTunnel},
    HostRule{"hookbin.com", Class::PasteOrTunnel},
    HostRule{"ngrok.io", Class::PasteOrTunnel},
    HostRule{"ngrok.app", Class::PasteOrTunnel},
    HostRule{"ngrok-free.app", Class::PasteOrTunnel},
    HostRule{"ngrok.com", Class::PasteOrTunnel},
    HostRule{"trycloudflare.com", Class::PasteOrTunnel},
    HostRule{"serveo.net", Class::PasteOrTunnel},
    HostRule{"localhost.run", Class::PasteOrTunnel},
    HostRule{"lhr.life", Class::PasteOrTunnel},
    HostRule{"loca.lt", Class::PasteOrTunnel},
    HostRule{"localtunnel.me", Class::PasteOrTunnel},
    HostRule{"pagekite.me", Class::PasteOrTunnel},
    HostRule{"playit.gg", Class::PasteOrTunnel},
    HostRule{"bore.pub", Class::PasteOrTunnel},
    HostRule{"tunnelto.dev", Class::PasteOrTunnel},
    HostRule{"interact.sh", Class::PasteOrTunnel},
    HostRule{"oast.fun", Class::PasteOrTunnel},
    HostRule{"oast.pro", Class::PasteOrTunnel},
    HostRule{"oast.live", Class::PasteOrTunnel},
    HostRule{"oast.site", Class::PasteOrTunnel},
    HostRule{"oast.online", Class::PasteOrTunnel},
    HostRule{"oast.me", Class::PasteOrTunnel},
    HostRule{"oastify.com", Class::PasteOrTunnel},
    HostRule{"burpcollaborator.net", Class::PasteOrTunnel},
    HostRule{"canarytokens.com", Class::PasteOrTunnel},
    HostRule{"dnslog.cn", Class::PasteOrTunnel},
    HostRule{"ceye.io", Class::PasteOrTunnel},
    HostRule{"requestcatcher.com", Class::PasteOrTunnel},
    // Names that resolve to whatever address stands in them.
    HostRule{"nip.io", Class::PasteOrTunnel},
    HostRule{"sslip.io", Class::PasteOrTunnel},
    HostRule{"xip.io", Class::PasteOrTunnel},
    HostRule{"lvh.me", Class::Loopback},
    HostRule{"localtest.me", Class::Loopback},
};

bool is_at_or_below(std::string_view host, std::string_view name) {
    return host.ends_with(name) &&
           (host.size() == name.size() || host[host.size() - name.size() - 1] == '.');
}

bool is_host_byte(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
}

/// The authority part of a URL or the word itself, and whether something follows it.
struct Authority {
    std::string_view text;
    bool ended = false;
};

Authority authority_of(std::string_view text) {
    if (const std::size_t scheme = text.find("://"); scheme != std::string_view::npos) {
        text.remove_prefix(scheme + 3);
    } else if (text.starts_with("//") || text.starts_with("\\\\")) {
        text.remove_prefix(2);
    }
    // Programs differ on "\" in a URL: WHATWG ends the authority there, RFC 3986 does not. Ending
    // it names the host that a browser would contact.
    const std::size_t end = text.find_first_of("/?#\\");
    const bool ended = end != std::string_view::npos;
    text = text.substr(0, end);
    if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
        text.remove_prefix(at + 1);
    }
    return {text, ended};
}

}  // namespace

std::optional<Destination> destination_of(std::string_view text, Extent extent) {
    const Authority authority = authority_of(text);
    std::string_view host = authority.text;
    std::string_view port;
    if (host.starts_with('[')) {
        const std::size_t close = host.find(']');
        if (close == std::string_view::npos) {
            return std::nullopt;
        }
        if (close + 1 < host.size() && host[close + 1] == ':') {
            port = host.substr(close + 2);
        }
        host = host.substr(1, close - 1);
    } else if (std::count(host.begin(), host.end(), ':') > 1 && ipv6_of(host)) {
        // A bare IPv6 address has no port.
    } else if (const std::size_t colon = host.find(':'); colon != std::string_view::npos) {
        port = host.substr(colon + 1);
        host = host.substr(0, colon);
    }
    if (!std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; })) {
        port = {};
    }
    const bool complete = extent == Extent::Whole || authority.ended || !port.empty();
    const bool plausible =
        ipv6_of(host).has_value() || std::all_of(host.begin(), host.end(), is_host_byte);
    if (host.empty() || !complete || !plausible) {
        return std::nullopt;
    }
    return Destination{lower(host), std::string(port)};
}

bool is_remote(std::string_view text) {
    if (text.find("://") != std::string_view::npos) {
        return !text.starts_with("file://");
    }
    const std::size_t colon = text.find(':');
    return colon != std::string_view::npos && colon > 0 && text.find('/') > colon;
}

model::Place class_of_host(std::string_view host) {
    std::string name = lower(host);
    if (name.starts_with('[') && name.ends_with(']')) {
        name = name.substr(1, name.size() - 2);
    }
    while (name.ends_with('.')) {
        name.pop_back();
    }
    if (name.empty()) {
        return Class::Unknown;
    }
    if (const auto address = ipv6_of(name)) {
        return class_of_ipv6(*address);
    }
    if (const auto address = ipv4_of(name)) {
        return class_of_ipv4(*address);
    }
    for (const HostRule& rule : kHostRules) {
        if (is_at_or_below(name, rule.name)) {
            return rule.place;
        }
    }
    // A name without a dot is resolved inside the own network (a container's neighbour, a host of
    // /etc/hosts).
    return name.find('.') == std::string::npos ? Class::PrivateHost : Class::PublicHost;
}

}  // namespace countersign::catalogue
