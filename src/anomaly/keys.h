// The classes of what a baseline counts: one table. Private to anomaly/.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "anomaly/anomaly.h"

namespace countersign::anomaly {

/// One list of Features: how its keys begin, what an unseen key weighs, and how it is told.
struct KeyClass {
    std::string_view prefix;
    std::vector<std::string> Features::* list;
    int points;             ///< for a key never seen
    std::string_view deed;  ///< "agents of this type have never ... X"
};

/// The weights: what an action does (effects) tells most, since agents of one type keep using new
/// programs for the same ends. Measured in tests/policy/anomaly_cases.cc.
inline constexpr std::array<KeyClass, 5> kKeyClasses = {
    {{"effect:", &Features::effects, 11, "done"},
     {"program:", &Features::programs, 8, "used"},
     {"subcommand:", &Features::subcommands, 4, "run"},
     {"host:", &Features::hosts, 5, "talked to"},
     {"directory:", &Features::directories, 3, "touched"}}};

inline constexpr std::string_view kHourPrefix = "hour:";
inline constexpr std::string_view kRatePrefix = "rate:";

}  // namespace countersign::anomaly
