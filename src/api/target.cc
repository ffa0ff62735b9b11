#include "api/target.h"

#include <optional>

namespace countersign::api {
namespace {

constexpr std::size_t kTargetBytesMax = 8192;
constexpr std::size_t kSegmentsMax = 8;
constexpr std::size_t kQueryMax = 16;

Error malformed(std::string_view what) {
    return {ErrorCode::Malformed, "the request target " + std::string(what)};
}

std::optional<int> hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return std::nullopt;
}

Result<std::string> decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            const auto high = i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
            const auto low = i + 2 < text.size() ? hex_digit(text[i + 2]) : std::nullopt;
            if (!high || !low) {
                return malformed("holds an ill-formed escape");
            }
            c = static_cast<char>(*high * 16 + *low);
            i += 2;
        }
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7F) {
            return malformed("holds a control character");
        }
        out += c;
    }
    return out;
}

Result<void> read_query(std::string_view query, Target& target) {
    while (!query.empty()) {
        const std::size_t end = query.find('&');
        const std::string_view pair = query.substr(0, end);
        query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
        const std::size_t equals = pair.find('=');
        if (pair.empty() || equals == std::string_view::npos || equals == 0) {
            return malformed("has a query that is not name=value");
        }
        std::string name = TRY(decode(pair.substr(0, equals)));
        std::string value = TRY(decode(pair.substr(equals + 1)));
        if (target.query.size() >= kQueryMax ||
            !target.query.emplace(std::move(name), std::move(value)).second) {
            return malformed("names a query member twice");
        }
    }
    return {};
}

}  // namespace

Result<Target> parse_target(std::string_view text) {
    if (text.size() > kTargetBytesMax) {
        return Error(ErrorCode::LimitExceeded, "the request target is too long");
    }
    if (!text.starts_with('/')) {
        return malformed("does not start with a slash");
    }
    Target target;
    const std::size_t question = text.find('?');
    std::string_view path =
        text.substr(1, question == std::string_view::npos ? question : question - 1);
    while (true) {
        const std::size_t slash = path.find('/');
        std::string segment = TRY(decode(path.substr(0, slash)));
        if (segment.empty() || segment == "." || segment == ".." ||
            target.segments.size() >= kSegmentsMax) {
            return malformed("has an empty, dotted or surplus segment");
        }
        target.segments.push_back(std::move(segment));
        if (slash == std::string_view::npos) {
            break;
        }
        path = path.substr(slash + 1);
    }
    if (question != std::string_view::npos) {
        TRY(read_query(text.substr(question + 1), target));
    }
    return target;
}

}  // namespace countersign::api
