// Time as the house speaks it: Duration (a span), Instant (wall clock, UTC) and the Clock through
// which every room that needs the time receives it. Rooms on floor 3 take an Instant as a value.
//
// Thread safety: values; a Clock implementation says its own.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace countersign {

using Duration = std::chrono::nanoseconds;

/// A moment of UTC wall-clock time, microsecond resolution, 1970-01-01 to 9999-12-31.
struct Instant {
    std::int64_t microseconds = 0;  ///< since the Unix epoch

    auto operator<=>(const Instant&) const = default;
    [[nodiscard]] Instant plus(Duration span) const;
    [[nodiscard]] Duration since(Instant earlier) const;
};

/// RFC 3339 in UTC with microseconds: "2026-11-24T05:22:26.000000Z". The one spelling we write.
std::string format_instant(Instant instant);
/// Accepts exactly what format_instant writes (RFC 3339, "Z", six fractional digits); else nullopt.
std::optional<Instant> parse_instant(std::string_view text);

/// "250ms", "60s", "5m", "24h", "7d": one whole number and one unit. Zero and negative: nullopt.
std::optional<Duration> parse_duration(std::string_view text);
/// The shortest exact spelling that parse_duration accepts; below 1 ms it rounds up to "1ms".
std::string format_duration(Duration span);

/// Source of time. sys::RealClock is the real one; tests bring a hostile one that jumps.
class Clock {
public:
    virtual ~Clock() = default;
    /// Wall-clock time. May jump backwards; never use it to measure a span.
    virtual Instant now() = 0;
    /// Monotonic time since an arbitrary origin; for time limits and latency.
    virtual Duration monotonic() = 0;
};

}  // namespace countersign
