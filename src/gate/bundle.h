// The evidence of one incident in one directory: the sessions' records as they stand in the log,
// each decision's receipt, the actions, what was affected, the policy, a signed checkpoint and the
// key that verifies it. Layout: docs/formats/incident-bundle.md.
//
//   incident.json  sessions.json  actions.jsonl  affected.json  records.jsonl
//   receipts/<action id>.json  policy.json  checkpoint  log.key
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "gate/core.h"
#include "gate/entry.h"
#include "gate/incident.h"
#include "gate/rulebook.h"

namespace countersign::gate {

/// Receipts that one bundle holds at most: the newest decisions of tier 2 and above first. Making
/// one costs a proof; the records of all others are in records.jsonl all the same.
inline constexpr std::size_t kBundleReceiptsMax = 200;
/// Actions that one bundle lists at most, the newest first.
inline constexpr std::size_t kBundleActionsMax = 20'000;

/// All actions of these sessions, newest first, at most kBundleActionsMax.
Result<std::vector<ActionEntry>> actions_of(ActionDesk& actions,
                                            const std::vector<std::string>& sessions);

Affected affected_by(const std::vector<ActionEntry>& actions);

struct BundleContent {
    const Incident* incident = nullptr;
    const std::vector<model::Session>* sessions = nullptr;
    const std::vector<ActionEntry>* actions = nullptr;
};

/// Writes the bundle and gives its directory. Errors: Io and those of the log; what was written so
/// far stays.
Result<std::string> write_bundle(Core& core, ActionDesk& desk, const BundleContent& content);

}  // namespace countersign::gate
