#include "base/time.h"

#include <array>
#include <cstdio>
#include <limits>

namespace countersign {
namespace {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::size_t kInstantLength = 27;

struct Unit {
    std::string_view suffix;
    std::int64_t nanoseconds;
};
// Longest unit first, so that formatting picks the shortest spelling.
constexpr std::array<Unit, 5> kUnits = {{{"d", 86'400'000'000'000},
                                         {"h", 3'600'000'000'000},
                                         {"m", 60'000'000'000},
                                         {"s", 1'000'000'000},
                                         {"ms", 1'000'000}}};

std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
    int value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
        if (text[i] < '0' || text[i] > '9') {
            return std::nullopt;
        }
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

}  // namespace

Instant Instant::plus(Duration span) const {
    return {microseconds + std::chrono::duration_cast<std::chrono::microseconds>(span).count()};
}

Duration Instant::since(Instant earlier) const {
    return std::chrono::microseconds(microseconds - earlier.microseconds);
}

std::string format_instant(Instant instant) {
    using namespace std::chrono;
    const sys_time<microseconds> point{microseconds(instant.microseconds)};
    const auto day = floor<days>(point);
    const year_month_day date{day};
    const hh_mm_ss time{floor<seconds>(point - day)};
    const auto fraction = (point - floor<seconds>(point)).count();
    std::array<char, 48> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%06lldZ",
                  static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                  static_cast<int>(time.minutes().count()),
                  static_cast<int>(time.seconds().count()), static_cast<long long>(fraction));
    return buffer.data();
}

std::optional<Instant> parse_instant(std::string_view text) {
    using namespace std::chrono;
    if (text.size() != kInstantLength || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
        text[13] != ':' || text[16] != ':' || text[19] != '.' || text[26] != 'Z') {
        return std::nullopt;
    }
    const auto year_number = digits(text, 0, 4);
    const auto month_number = digits(text, 5, 2);
    const auto day_number = digits(text, 8, 2);
    const auto hour = digits(text, 11, 2);
    const auto minute = digits(text, 14, 2);
    const auto second = digits(text, 17, 2);
    const auto fraction = digits(text, 20, 6);
    if (!year_number || !month_number || !day_number || !hour || !minute || !second || !fraction) {
        return std::nullopt;
    }
    const year_month_day date{year(*year_number), month(static_cast<unsigned>(*month_number)),
                              day(static_cast<unsigned>(*day_number))};
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 59 || *year_number < 1970) {
        return std::nullopt;
    }
    const auto point = sys_days(date) + hours(*hour) + minutes(*minute) + seconds(*second);
    return Instant{duration_cast<seconds>(point.time_since_epoch()).count() * kMicrosPerSecond +
                   *fraction};
}

std::optional<Duration> parse_duration(std::string_view text) {
    std::int64_t count = 0;
    std::size_t at = 0;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
        if (count > 1'000'000'000) {
            return std::nullopt;
        }
        count = count * 10 + (text[at] - '0');
        ++at;
    }
    if (at == 0 || count == 0) {
        return std::nullopt;
    }
    for (const Unit& unit : kUnits) {
        if (text.substr(at) == unit.suffix) {
            if (count > std::numeric_limits<std::int64_t>::max() / unit.nanoseconds) {
                return std::nullopt;
            }
            return Duration(count * unit.nanoseconds);
        }
    }
    return std::nullopt;
}

std::string format_duration(Duration span) {
    for (const Unit& unit : kUnits) {
        if (span.count() >= unit.nanoseconds && span.count() % unit.nanoseconds == 0) {
            return std::to_string(span.count() / unit.nanoseconds) + std::string(unit.suffix);
        }
    }
    const std::int64_t millisecond = kUnits.back().nanoseconds;
    const std::int64_t rounded = (span.count() + millisecond - 1) / millisecond;
    return std::to_string(rounded > 0 ? rounded : 1) + "ms";
}

}  // namespace countersign
