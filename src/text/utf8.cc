#include "text/utf8.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

namespace countersign::text {
namespace {

struct Range {
    std::uint32_t first;
    std::uint32_t last;
};

constexpr std::array<Range, 18> kDeceptive = {{{0x00, 0x08},
                                               {0x0B, 0x1F},
                                               {0x7F, 0xA0},
                                               {0xAD, 0xAD},
                                               {0x034F, 0x034F},
                                               {0x061C, 0x061C},
                                               {0x115F, 0x1160},
                                               {0x17B4, 0x17B5},
                                               {0x180B, 0x180F},
                                               {0x2000, 0x200F},
                                               {0x2028, 0x202F},
                                               {0x205F, 0x206F},
                                               {0x3000, 0x3000},
                                               {0x3164, 0x3164},
                                               {0xFE00, 0xFE0F},
                                               {0xFEFF, 0xFEFF},
                                               {0xFFA0, 0xFFA0},
                                               {0xE0000, 0xE0FFF}}};

void append_byte_escape(std::string& out, unsigned char byte) {
    std::array<char, 8> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "\\x%02X", byte);
    out += buffer.data();
}

void append_code_point_escape(std::string& out, std::uint32_t code_point) {
    std::array<char, 16> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "\\u{%X}", code_point);
    out += buffer.data();
}

/// How many bytes at the front are printable ASCII, which is shown as it is.
std::size_t printable_run(std::string_view text) {
    const auto* const end =
        std::find_if(text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; });
    return static_cast<std::size_t>(end - text.begin());
}

std::string show(std::string_view text, std::size_t bytes_max, bool keep_newlines) {
    std::string out;
    std::size_t at = 0;
    while (at < text.size()) {
        if (out.size() >= bytes_max) {
            return out + "...";
        }
        const std::size_t plain = printable_run(text.substr(at, bytes_max - out.size()));
        if (plain > 0) {
            out.append(text.substr(at, plain));
            at += plain;
            continue;
        }
        const auto point = decode_utf8(text, at);
        if (!point) {
            append_byte_escape(out, static_cast<unsigned char>(text[at]));
            ++at;
            continue;
        }
        if (point->value == '\n') {
            out += keep_newlines ? "\n" : "\\n";
        } else if (point->value == '\t') {
            out += keep_newlines ? "\t" : "\\t";
        } else if (is_deceptive(point->value)) {
            append_code_point_escape(out, point->value);
        } else {
            out.append(text.substr(at, point->length));
        }
        at += point->length;
    }
    return out;
}

/// How many bytes at the front are ASCII.
std::size_t ascii_prefix(std::string_view text) {
    constexpr std::uint64_t kTopBits = 0x8080808080808080U;
    std::size_t at = 0;
    for (std::uint64_t block = 0; at + sizeof block <= text.size(); at += sizeof block) {
        std::memcpy(&block, text.data() + at, sizeof block);
        if ((block & kTopBits) != 0) {
            break;
        }
    }
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0x80U) == 0) {
        ++at;
    }
    return at;
}

}  // namespace

std::optional<CodePoint> decode_utf8(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(at);
    if (lead < 0x80) {
        return CodePoint{lead, 1};
    }
    std::size_t length = 0;
    std::uint32_t value = 0;
    std::uint32_t least = 0;
    if (lead >= 0xC2 && lead <= 0xDF) {
        length = 2, value = lead & 0x1FU, least = 0x80;
    } else if ((lead & 0xF0U) == 0xE0) {
        length = 3, value = lead & 0x0FU, least = 0x800;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        length = 4, value = lead & 0x07U, least = 0x10000;
    } else {
        return std::nullopt;
    }
    if (at + length > text.size()) {
        return std::nullopt;
    }
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(at + i) & 0xC0U) != 0x80) {
            return std::nullopt;
        }
        value = (value << 6U) | (byte(at + i) & 0x3FU);
    }
    if (value < least || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
        return std::nullopt;
    }
    return CodePoint{value, length};
}

std::optional<std::size_t> invalid_utf8_at(std::string_view text) {
    std::size_t at = 0;
    while (true) {
        // Nearly everything is ASCII: eight bytes at a time while no top bit is set.
        at += ascii_prefix(text.substr(at));
        if (at == text.size()) {
            return std::nullopt;
        }
        const auto point = decode_utf8(text, at);
        if (!point) {
            return at;
        }
        at += point->length;
    }
}

void append_utf8(std::string& out, std::uint32_t code_point) {
    const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (code_point < 0x80) {
        put(code_point);
    } else if (code_point < 0x800) {
        put(0xC0U | (code_point >> 6U));
        put(0x80U | (code_point & 0x3FU));
    } else if (code_point < 0x10000) {
        put(0xE0U | (code_point >> 12U));
        put(0x80U | ((code_point >> 6U) & 0x3FU));
        put(0x80U | (code_point & 0x3FU));
    } else {
        put(0xF0U | (code_point >> 18U));
        put(0x80U | ((code_point >> 12U) & 0x3FU));
        put(0x80U | ((code_point >> 6U) & 0x3FU));
        put(0x80U | (code_point & 0x3FU));
    }
}

bool is_deceptive(std::uint32_t code_point) {
    if (code_point == '\t' || code_point == '\n') {
        return false;
    }
    for (const Range& range : kDeceptive) {
        if (code_point >= range.first && code_point <= range.last) {
            return true;
        }
    }
    return false;
}

std::string visible(std::string_view text, std::size_t bytes_max) {
    return show(text, bytes_max, false);
}

std::string visible_lines(std::string_view text, std::size_t bytes_max) {
    return show(text, bytes_max, true);
}

std::string to_valid_utf8(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size());
    std::size_t at = 0;
    while (at < bytes.size()) {
        const auto point = decode_utf8(bytes, at);
        if (point) {
            out.append(bytes.substr(at, point->length));
            at += point->length;
        } else {
            append_utf8(out, 0xFFFD);
            ++at;
        }
    }
    return out;
}

}  // namespace countersign::text
