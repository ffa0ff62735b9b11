// Names of the files that a C2SP tlog-tiles log consists of, below its prefix:
//
//   checkpoint
//   tile/<level>/<number>[.p/<width>]       hashes: `width` of 32 bytes each
//   tile/entries/<number>[.p/<width>]       entry bundle: 16-bit big-endian length and bytes, each
//
// <number> is in groups of three digits, all but the last with an "x" in front (x001/x234/067). A
// full tile has 256 entries and no ".p" part; a partial one says how many (1 to 255). One spelling
// only. Pure; thread safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace countersign::audit {

inline constexpr unsigned kTileHeight = 8;
inline constexpr unsigned kTileWidth = 1U << kTileHeight;
/// Levels of tiles of a tree of 2^64 leaves.
inline constexpr unsigned kTileLevels = 64 / kTileHeight;

struct TileName {
    enum class Kind { Hashes, Entries };
    Kind kind = Kind::Hashes;
    unsigned level = 0;  ///< 0: leaf hashes; always 0 for entries
    std::uint64_t number = 0;
    unsigned width = kTileWidth;  ///< 1 to 256

    bool operator==(const TileName&) const = default;
    /// Entries of the level below that exist once the tile does.
    [[nodiscard]] std::uint64_t end() const { return number * kTileWidth + width; }
    /// Whether a tree of `size` leaves has all of it.
    [[nodiscard]] bool within(std::uint64_t size) const;
};

/// "tile/0/x001/067.p/8".
std::string print_tile_name(const TileName& name);
/// nullopt: not exactly what print_tile_name writes.
std::optional<TileName> parse_tile_name(std::string_view path);

/// "000", "x001/234": a tile's number alone.
std::string tile_number(std::uint64_t number);

}  // namespace countersign::audit
