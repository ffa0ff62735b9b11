// The governance report: whether people still decide. An auto-approval rate near 100 % and votes
// within a second are implicit trust with extra steps, and are said so. Pure; thread safe.
#pragma once

#include <boost/json/fwd.hpp>
#include <map>
#include <string>
#include <vector>

#include "gate/day_numbers.h"

namespace countersign::gate {

/// From this share of actions without a person on, with at least kActionsForWarning of them, the
/// report warns.
inline constexpr double kAutoApprovalWarning = 0.98;
inline constexpr std::int64_t kActionsForWarning = 100;
/// A median below this is no reading; with at least kVotesForWarning votes the report warns.
inline constexpr std::int64_t kFastVoteMs = 2000;
inline constexpr std::int64_t kVotesForWarning = 5;
/// More approvals than this per person and day tire people.
inline constexpr double kApprovalsPerDayWarning = 50;

/// {"days", "actions", "auto_approved", "auto_approval_rate", "held", "denied", "covered",
/// "alerts", "prompts_per_100", "by_day": [...], "approvers": [...], "warnings": [...]}.
boost::json::value governance_report(int days, const std::map<std::string, DayNumbers>& numbers);

}  // namespace countersign::gate
