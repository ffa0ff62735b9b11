// What the network victims share: addresses, and a question to the resolver of the jail.
#pragma once

#include <arpa/inet.h>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include "victim.h"

namespace net {

inline sockaddr_in at(const char* address, int port) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(static_cast<std::uint16_t>(port));
    ::inet_pton(AF_INET, address, &out.sin_addr);
    return out;
}

inline int port(const char* text) {
    return static_cast<int>(std::strtol(text, nullptr, 10));
}

inline bool dial(int fd, const sockaddr_in& address) {
    return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

inline int stream() {
    return ::socket(AF_INET, SOCK_STREAM, 0);
}

/// The answer section's first address, or 0; `type` is 1 for A.
inline std::uint32_t resolve(const std::string& name, int type = 1) {
    std::string query("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12);
    for (std::size_t begin = 0; begin < name.size();) {
        const std::size_t dot = std::min(name.find('.', begin), name.size());
        query += static_cast<char>(dot - begin);
        query += name.substr(begin, dot - begin);
        begin = dot + 1;
    }
    query += '\0';
    query += '\0';
    query += static_cast<char>(type);
    query += std::string("\x00\x01", 2);
    const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
    const sockaddr_in server = at("127.0.0.1", 53);
    char answer[512] = {};
    if (::sendto(fd, query.data(), query.size(), 0, reinterpret_cast<const sockaddr*>(&server),
                 sizeof server) < 0) {
        victim::broken("asking the resolver");
    }
    const ssize_t count = ::recv(fd, answer, sizeof answer, 0);
    ::close(fd);
    if (count < 12 || answer[7] == 0 || count < 4) {
        return 0;
    }
    std::uint32_t address = 0;
    std::memcpy(&address, answer + count - 4, 4);
    return ntohl(address);
}

}  // namespace net
