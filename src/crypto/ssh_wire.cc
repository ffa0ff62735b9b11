#include "crypto/ssh_wire.h"

#include "text/encoding.h"

namespace countersign::crypto {
namespace {

constexpr std::size_t kArmorColumns = 70;
constexpr std::size_t kArmorColumnsMax = 76;

std::string edge(std::string_view word, std::string_view label) {
    return "-----" + std::string(word) + " " + std::string(label) + "-----";
}

}  // namespace

void put_u32(std::string& out, std::uint32_t number) {
    for (const unsigned shift : {24U, 16U, 8U, 0U}) {
        out += static_cast<char>((number >> shift) & 0xFFU);
    }
}

void put_string(std::string& out, std::string_view bytes) {
    put_u32(out, static_cast<std::uint32_t>(bytes.size()));
    out += bytes;
}

std::uint32_t WireReader::u32() {
    if (!ok_ || rest_.size() < 4) {
        ok_ = false;
        return 0;
    }
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        number = (number << 8U) | static_cast<unsigned char>(rest_[i]);
    }
    rest_.remove_prefix(4);
    return number;
}

std::string_view WireReader::string() {
    const std::uint32_t length = u32();
    if (!ok_ || rest_.size() < length) {
        ok_ = false;
        return {};
    }
    const std::string_view bytes = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return bytes;
}

bool WireReader::literal(std::string_view expected) {
    if (!ok_ || !rest_.starts_with(expected)) {
        ok_ = false;
        return false;
    }
    rest_.remove_prefix(expected.size());
    return true;
}

std::string armor(std::string_view label, std::string_view bytes) {
    const std::string base64 = text::to_base64(text::bytes_of(bytes));
    std::string out = edge("BEGIN", label) + "\n";
    for (std::size_t at = 0; at < base64.size(); at += kArmorColumns) {
        out += base64.substr(at, kArmorColumns) + "\n";
    }
    return out + edge("END", label) + "\n";
}

std::optional<std::string> unarmor(std::string_view label, std::string_view text) {
    const std::string begin = edge("BEGIN", label) + "\n";
    const std::string end = edge("END", label);
    if (text.ends_with('\n')) {
        text.remove_suffix(1);
    }
    if (!text.starts_with(begin) || !text.ends_with(end) ||
        text.size() < begin.size() + end.size()) {
        return std::nullopt;
    }
    text.remove_prefix(begin.size());
    text.remove_suffix(end.size());
    std::string base64;
    while (!text.empty()) {
        const std::size_t length = text.find('\n');
        if (length == std::string_view::npos || length == 0 || length > kArmorColumnsMax) {
            return std::nullopt;
        }
        base64 += text.substr(0, length);
        text.remove_prefix(length + 1);
    }
    return text::from_base64(base64);
}

}  // namespace countersign::crypto
