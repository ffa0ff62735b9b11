// Baselines per agent type and the surprise of a new action. A baseline counts what agents of one
// type did: programs, subcommands, directories and hosts of targets, hours, rate. Surprise is a sum
// of explained parts and becomes one factor of the risk score; a type without a history starts
// strict. Pure: built from the record by replaying it. Thread safe as values.
// Source: additive smoothing over counts, after Schonlau et al. 2001 and Maxion & Townsend 2002.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/action.h"
#include "model/verdict.h"

namespace countersign::anomaly {

/// What is counted of one action.
struct Features {
    std::vector<std::string> programs;     ///< "git"
    std::vector<std::string> subcommands;  ///< "git push"
    /// "PLACE:" and the first part of the path below the workspace, or the two leading components
    /// of any other directory.
    std::vector<std::string> directories;
    std::vector<std::string> hosts;    ///< without port; places like loopback by their name
    std::vector<std::string> effects;  ///< "delete@workspace"
    int hour = 0;                      ///< 0..23 UTC, of Context::time
};
/// Each list is sorted and holds nothing twice.

Features features_of(const model::ActionRequest& request, const model::Assessment& assessment);

class Baseline {
public:
    /// Counts one released action. Bounded by limits::kBaselineKeysMax: rarest keys go first.
    void add(const Features& features, Instant time);
    [[nodiscard]] std::int64_t actions() const { return actions_; }
    /// "program:git" -> in how many actions it occurred. The classes: docs/formats/baseline.md.
    [[nodiscard]] const std::map<std::string, std::int64_t>& counts() const { return counts_; }
    [[nodiscard]] boost::json::value to_json() const;
    static Result<Baseline> from_json(const boost::json::value& value);
    bool operator==(const Baseline&) const = default;

private:
    friend struct SurpriseModel;
    void drop_rarest();
    [[nodiscard]] int rate_at(Instant now) const;

    std::int64_t actions_ = 0;
    std::map<std::string, std::int64_t> counts_;
    std::vector<std::int64_t> recent_;  ///< times (us) of the newest actions, oldest first
};

/// How many actions a baseline needs until it is trusted; before that every action is surprising
/// by kStrictPoints.
inline constexpr std::int64_t kTrainedActions = 50;
inline constexpr int kStrictPoints = 10;
inline constexpr int kSurprisePointsMax = 30;
/// From here on an action does not fit what this type of agent does: reports count it as an alarm,
/// and the default policy asks about its side effects even where a rule knows the pattern.
inline constexpr int kAlarmPoints = 12;

struct Surprise {
    int points = 0;   ///< 0..30, a factor of the risk
    std::string why;  ///< one clause: "an agent of type coding has never used kubectl"
    std::vector<std::string> reasons;  ///< all parts, strongest first
};

/// `baseline` may be empty (a new type): then a fixed strict amount with its reason.
Surprise surprise(const Baseline& baseline, const Features& features, Instant now);

}  // namespace countersign::anomaly
