#include "jail/names.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "jail/endpoint.h"
#include "text/number.h"

namespace countersign::jail {
namespace {

/// First address that is given out: 198.18.1.0; the jail's own is below.
constexpr std::uint32_t kFirst = kInsideNetwork + 0x100;
constexpr std::uint32_t kLoopback = 0x7f000001;
constexpr std::size_t kHeaderBytes = 12;
constexpr std::size_t kNameBytesMax = 253;
constexpr std::size_t kDatagramBytesMax = 4096;

constexpr unsigned kTypeA = 1;
constexpr unsigned kTypePtr = 12;
constexpr unsigned kClassIn = 1;
constexpr unsigned kServFail = 2;
constexpr unsigned kNxDomain = 3;

unsigned number_at(std::string_view bytes, std::size_t at) {
    return static_cast<unsigned>(static_cast<unsigned char>(bytes[at])) << 8U |
           static_cast<unsigned char>(bytes[at + 1]);
}

void put_number(std::string& out, std::uint32_t value, int bytes) {
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
        out += static_cast<char>(value >> static_cast<unsigned>(shift) & 0xffU);
    }
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

struct Question {
    std::string name;
    unsigned type = 0;
    std::size_t end = 0;  ///< behind the question
};

/// RFC 1035 section 4.1.2. Compression has no place in a question.
std::optional<Question> read_question(std::string_view query) {
    Question question;
    std::size_t at = kHeaderBytes;
    while (at < query.size() && query[at] != 0) {
        const auto length = static_cast<std::size_t>(static_cast<unsigned char>(query[at]));
        if (length > 63 || at + 1 + length >= query.size()) {
            return std::nullopt;
        }
        if (!question.name.empty()) {
            question.name += '.';
        }
        for (const char c : query.substr(at + 1, length)) {
            question.name += lower(c);
        }
        at += 1 + length;
    }
    if (at + 5 > query.size() || number_at(query, at + 3) != kClassIn) {
        return std::nullopt;
    }
    question.type = number_at(query, at + 1);
    question.end = at + 5;
    return question;
}

bool is_host_name(std::string_view name) {
    bool letter_before = false;
    for (const char c : name) {
        if (c == '.' ? !letter_before : !is_name_character(c)) {
            return false;
        }
        letter_before = c != '.';
    }
    return letter_before && name.size() <= kNameBytesMax;
}

/// "1.0.18.198.in-addr.arpa" -> 198.18.0.1
std::optional<std::uint32_t> reverse_address(std::string_view name) {
    constexpr std::string_view kSuffix = ".in-addr.arpa";
    if (!name.ends_with(kSuffix)) {
        return std::nullopt;
    }
    name.remove_suffix(kSuffix.size());
    std::uint32_t address = 0;
    for (unsigned shift = 0; shift < 32; shift += 8) {
        const std::size_t dot = std::min(name.find('.'), name.size());
        const auto part = text::parse_integer(name.substr(0, dot), 0, 255);
        if (!part) {
            return std::nullopt;
        }
        address |= static_cast<std::uint32_t>(*part) << shift;
        name.remove_prefix(std::min(dot + 1, name.size()));
    }
    return name.empty() ? std::optional(address) : std::nullopt;
}

std::string encoded_name(std::string_view name) {
    std::string out;
    while (!name.empty()) {
        const std::size_t dot = std::min(name.find('.'), name.size());
        out += static_cast<char>(dot);
        out += name.substr(0, dot);
        name.remove_prefix(std::min(dot + 1, name.size()));
    }
    return out + '\0';
}

/// One resource record about the question's name.
std::string record(unsigned type, std::string_view data) {
    constexpr std::uint32_t kLife = 1;  // short: the table keeps the name anyway
    std::string out = "\xc0\x0c";       // the name at offset 12
    put_number(out, type, 2);
    put_number(out, kClassIn, 2);
    put_number(out, kLife, 4);
    put_number(out, static_cast<std::uint32_t>(data.size()), 2);
    return out + std::string(data);
}

std::string reply(std::string_view query, std::size_t end, unsigned code, std::string_view answer) {
    std::string out(query.substr(0, 2));
    const unsigned recursion = static_cast<unsigned char>(query[2]) & 1U;
    out += static_cast<char>(0x84U | recursion);  // response, authoritative
    out += static_cast<char>(0x80U | code);       // recursion available
    put_number(out, end > kHeaderBytes ? 1 : 0, 2);
    put_number(out, answer.empty() ? 0 : 1, 2);
    put_number(out, 0, 4);
    out += query.substr(kHeaderBytes, end - kHeaderBytes);
    return out + std::string(answer);
}

}  // namespace

std::optional<std::uint32_t> NameTable::address_of(const std::string& name) {
    const MutexLock guard(lock_);
    const auto known = addresses_.find(name);
    if (known != addresses_.end()) {
        return known->second;
    }
    if (addresses_.size() >= kNamesMax) {
        return std::nullopt;
    }
    const std::uint32_t address = kFirst + static_cast<std::uint32_t>(addresses_.size());
    addresses_.emplace(name, address);
    names_.emplace(address, name);
    return address;
}

std::optional<std::string> NameTable::name_of(std::uint32_t address) {
    const MutexLock guard(lock_);
    const auto known = names_.find(address);
    return known == names_.end() ? std::nullopt : std::optional(known->second);
}

std::string answer_query(std::string_view query, NameTable& names) {
    constexpr unsigned kResponseOrOperation = 0xf8;
    if (query.size() < kHeaderBytes || query.size() > kDatagramBytesMax ||
        (static_cast<unsigned char>(query[2]) & kResponseOrOperation) != 0 ||
        number_at(query, 4) != 1) {
        return "";
    }
    const auto question = read_question(query);
    if (!question) {
        return reply(query, kHeaderBytes, 1, "");  // format error
    }
    if (question->type == kTypePtr) {
        const auto address = reverse_address(question->name);
        const auto name = address ? names.name_of(*address) : std::nullopt;
        return name ? reply(query, question->end, 0, record(kTypePtr, encoded_name(*name)))
                    : reply(query, question->end, kNxDomain, "");
    }
    if (!is_host_name(question->name)) {
        return reply(query, question->end, kNxDomain, "");
    }
    if (question->type != kTypeA) {
        return reply(query, question->end, 0, "");
    }
    const bool local = question->name == "localhost" || question->name.ends_with(".localhost");
    const auto address = local ? std::optional(kLoopback) : names.address_of(question->name);
    if (!address) {
        return reply(query, question->end, kServFail, "");
    }
    std::string data;
    put_number(data, *address, 4);
    return reply(query, question->end, 0, record(kTypeA, data));
}

Result<std::unique_ptr<NameServer>> NameServer::create(sys::Fd socket, NameTable& names) {
    sys::Fd stop(::eventfd(0, EFD_CLOEXEC));
    if (!stop) {
        return sys::system_error("making an event descriptor");
    }
    return std::make_unique<NameServer>(std::move(socket), std::move(stop), names);
}

NameServer::NameServer(sys::Fd socket, sys::Fd stop, NameTable& names)
    : socket_(std::move(socket)),
      stop_(std::move(stop)),
      names_(names),
      thread_([this] { serve(); }) {}

NameServer::~NameServer() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(stop_.get(), &one, sizeof one);
    thread_.join();
}

void NameServer::serve() {
    std::array<char, kDatagramBytesMax> buffer{};
    while (true) {
        std::array<pollfd, 2> entries = {pollfd{socket_.get(), POLLIN, 0},
                                         pollfd{stop_.get(), POLLIN, 0}};
        if (::poll(entries.data(), entries.size(), -1) < 0 && errno != EINTR) {
            return;
        }
        if (entries[1].revents != 0) {
            return;
        }
        sockaddr_storage from{};
        socklen_t size = sizeof from;
        const ssize_t count = ::recvfrom(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT,
                                         reinterpret_cast<sockaddr*>(&from), &size);
        if (count < 0) {
            continue;
        }
        const std::string answer =
            answer_query({buffer.data(), static_cast<std::size_t>(count)}, names_);
        if (!answer.empty()) {
            ::sendto(socket_.get(), answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                     reinterpret_cast<const sockaddr*>(&from), size);
        }
    }
}

}  // namespace countersign::jail
