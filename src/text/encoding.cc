#include "text/encoding.h"

#include <cstdint>

namespace countersign::text {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string encode(std::span<const std::byte> bytes, std::string_view alphabet, bool pad) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t have = bytes.size() - i < 3 ? bytes.size() - i : 3;
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            group = (group << 8U) | (k < have ? std::to_integer<std::uint32_t>(bytes[i + k]) : 0U);
        }
        for (std::size_t k = 0; k < 4; ++k) {
            if (k <= have) {
                out += alphabet[(group >> (18U - 6U * k)) & 0x3FU];
            } else if (pad) {
                out += '=';
            }
        }
    }
    return out;
}

}  // namespace

std::string to_hex(std::span<const std::byte> bytes) {
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const std::byte byte : bytes) {
        const auto value = std::to_integer<unsigned>(byte);
        out += kHex[value >> 4U];
        out += kHex[value & 0xFU];
    }
    return out;
}

std::optional<std::string> from_hex(std::string_view hex) {
    if (hex.size() % 2 != 0) {
        return std::nullopt;
    }
    std::string out;
    out.reserve(hex.size() / 2);
    for (std::size_t i = 0; i < hex.size(); i += 2) {
        const auto high = kHex.find(hex[i]);
        const auto low = kHex.find(hex[i + 1]);
        if (high == std::string_view::npos || low == std::string_view::npos) {
            return std::nullopt;
        }
        out += static_cast<char>(high * 16 + low);
    }
    return out;
}

std::string to_base64(std::span<const std::byte> bytes) {
    return encode(bytes, kStandard, true);
}
std::string to_base64url(std::span<const std::byte> bytes) {
    return encode(bytes, kUrl, false);
}

std::optional<std::string> from_base64(std::string_view base64) {
    if (base64.size() % 4 != 0) {
        return std::nullopt;
    }
    std::string out;
    out.reserve(base64.size() / 4 * 3);
    for (std::size_t i = 0; i < base64.size(); i += 4) {
        std::uint32_t group = 0;
        std::size_t padding = 0;
        for (std::size_t k = 0; k < 4; ++k) {
            const char c = base64[i + k];
            if (c == '=' && i + 4 == base64.size() && k >= 2) {
                ++padding;
                group <<= 6U;
                continue;
            }
            const auto value = kStandard.find(c);
            if (value == std::string_view::npos || padding > 0) {
                return std::nullopt;
            }
            group = (group << 6U) | static_cast<std::uint32_t>(value);
        }
        if ((padding == 1 && (group & 0xFFU) != 0) || (padding == 2 && (group & 0xFFFFU) != 0)) {
            return std::nullopt;
        }
        for (std::size_t k = 0; k < 3 - padding; ++k) {
            out += static_cast<char>((group >> (16U - 8U * k)) & 0xFFU);
        }
    }
    return out;
}

}  // namespace countersign::text
