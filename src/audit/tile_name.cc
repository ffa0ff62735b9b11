#include "audit/tile_name.h"

#include <array>
#include <cstdio>

#include "text/number.h"

namespace countersign::audit {
namespace {

constexpr std::string_view kHashes = "tile/";
constexpr std::string_view kEntries = "tile/entries/";
constexpr std::string_view kPartial = ".p/";
/// 2^53 records, the most that a sequence number counts, fill fewer tiles than this.
constexpr std::uint64_t kNumberMax = std::uint64_t{1} << 45U;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t number = 0;
    for (;;) {
        const bool more = text.starts_with('x');
        text.remove_prefix(more ? 1 : 0);
        if (text.size() < 3 || !is_digit(text[0]) || !is_digit(text[1]) || !is_digit(text[2])) {
            return std::nullopt;
        }
        for (std::size_t i = 0; i < 3; ++i) {
            number = number * 10 + static_cast<std::uint64_t>(text[i] - '0');
        }
        text.remove_prefix(3);
        if (!more) {
            return text.empty() ? std::optional(number) : std::nullopt;
        }
        if (!text.starts_with('/') || number > kNumberMax) {
            return std::nullopt;
        }
        text.remove_prefix(1);
    }
}

}  // namespace

bool TileName::within(std::uint64_t size) const {
    return level < kTileLevels && (size >> (kTileHeight * level)) >= end();
}

std::string tile_number(std::uint64_t number) {
    std::string out;
    for (bool last = true; last || number > 0; last = false) {
        std::array<char, 8> group{};
        std::snprintf(group.data(), group.size(), last ? "%03u" : "x%03u",
                      static_cast<unsigned>(number % 1000));
        out = last ? std::string(group.data()) : std::string(group.data()) + "/" + out;
        number /= 1000;
    }
    return out;
}

std::string print_tile_name(const TileName& name) {
    std::string out = name.kind == TileName::Kind::Entries
                          ? std::string(kEntries)
                          : std::string(kHashes) + std::to_string(name.level) + "/";
    out += tile_number(name.number);
    if (name.width < kTileWidth) {
        out += std::string(kPartial) + std::to_string(name.width);
    }
    return out;
}

std::optional<TileName> parse_tile_name(std::string_view path) {
    const std::string_view whole = path;
    TileName name;
    if (path.starts_with(kEntries)) {
        name.kind = TileName::Kind::Entries;
        path.remove_prefix(kEntries.size());
    } else {
        const std::size_t slash = path.find('/', kHashes.size());
        if (!path.starts_with(kHashes) || slash == std::string_view::npos) {
            return std::nullopt;
        }
        const auto level = text::parse_integer(path.substr(kHashes.size(), slash - kHashes.size()),
                                               0, kTileLevels - 1);
        if (!level) {
            return std::nullopt;
        }
        name.level = static_cast<unsigned>(*level);
        path.remove_prefix(slash + 1);
    }
    const std::size_t partial = path.find(kPartial);
    if (partial != std::string_view::npos) {
        const auto width =
            text::parse_integer(path.substr(partial + kPartial.size()), 1, kTileWidth - 1);
        if (!width) {
            return std::nullopt;
        }
        name.width = static_cast<unsigned>(*width);
        path = path.substr(0, partial);
    }
    const auto number = parse_number(path);
    if (!number || *number > kNumberMax) {
        return std::nullopt;
    }
    name.number = *number;
    // Leading groups of zeros and the like spell the same number another way.
    return print_tile_name(name) == whole ? std::optional(name) : std::nullopt;
}

}  // namespace countersign::audit
