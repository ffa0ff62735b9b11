// What is counted per day for governance: how much passed without a person, how much was asked,
// how people voted and how long they took. Values with a JSON form for the store.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace countersign::gate {

/// Decision times kept per person and day for the median; more are counted, not kept.
inline constexpr std::size_t kTimesKeptMax = 200;
/// People counted by name per day; the rest are one.
inline constexpr std::size_t kPeoplePerDayMax = 256;

struct PersonNumbers {
    std::int64_t approved = 0;
    std::int64_t denied = 0;
    std::vector<std::int64_t> times_ms;  ///< from the question to the vote
    bool operator==(const PersonNumbers&) const = default;
};

struct DayNumbers {
    std::int64_t actions = 0;        ///< asked for by themselves (starts inside a grant excluded)
    std::int64_t auto_approved = 0;  ///< let through without a person
    std::int64_t held = 0;           ///< asked a person, or suspended
    std::int64_t denied = 0;         ///< refused at once
    std::int64_t covered = 0;        ///< program starts inside a released action
    std::int64_t released = 0;       ///< held ones that were let through
    std::int64_t refused = 0;        ///< held ones that a person denied
    std::int64_t expired = 0;        ///< held ones that nobody answered
    std::int64_t alerts = 0;
    std::map<std::string, PersonNumbers> people;
    bool operator==(const DayNumbers&) const = default;
};

boost::json::value to_json(const DayNumbers& numbers);
Result<DayNumbers> day_numbers_from(const boost::json::value& value);

}  // namespace countersign::gate
