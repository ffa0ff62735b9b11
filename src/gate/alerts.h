// What somebody should look at though nothing asks for it: an agent that is denied again and again,
// that suddenly does what its kind does not do, callers with wrong credentials, approvers whose
// votes do not verify, and a day on which next to nothing needed a person. Each becomes a record of
// type "alert" and an event; nothing is decided by it.
//
// Counts in memory, per subject and within a sliding window; after an alert the same subject is
// quiet for one window. A restart forgets the counts, never a record. Not thread safe.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/records.h"
#include "base/time.h"
#include "gate/entry.h"

namespace countersign::gate {

struct Core;

enum class AlertKind {
    RepeatedDenials,
    Surprise,
    BadTokens,
    BadVotes,
    AutoApproval,
    PolicyRefused
};

inline constexpr std::array<std::string_view, 6> kAlertKindNames = {
    "repeated_denials", "surprise_spike", "bad_tokens",
    "bad_votes",        "auto_approval",  "policy_refused"};

/// From these points on an action is one that agents of its type do not usually do; as the default
/// policy's condition "unusual".
inline constexpr int kSurprisingPoints = 12;
/// A day with so many actions, and this share of them without a person, is implicit trust.
inline constexpr std::int64_t kActionsForAlert = 200;
inline constexpr double kAutoApprovalAlert = 0.99;

class Alerts {
public:
    /// Subjects counted at once; an agent can make up any number. Past it they share one count.
    static constexpr std::size_t kSubjectsMax = 1024;

    /// To be told of each action when it is decided, and again when a held one ends.
    std::vector<audit::Alert> decided(const ActionEntry& entry, Duration now);
    /// A refused credential (door agent, operator, console) or vote (door vote, `who` claimed).
    std::optional<audit::Alert> refused(std::string_view door, std::string_view who, Duration now);

private:
    struct Strikes {
        std::deque<Duration> times;
        Duration quiet_until{};
    };
    std::optional<audit::Alert> strike(AlertKind kind, std::string_view subject, Duration now);
    std::optional<audit::Alert> count_for_rate(const ActionEntry& entry, Duration now);
    void forget_old(Duration now);

    std::map<std::pair<AlertKind, std::string>, Strikes> strikes_;
    std::int64_t actions_ = 0;
    std::int64_t automatic_ = 0;
    bool rate_told_ = false;
    Duration day_began_{};
};

/// Records the alert, tells whoever watches and the program's own log.
void raise(Core& core, const audit::Alert& alert);
/// decided() and refused(), each alert raised.
void watch_action(Core& core, const ActionEntry& entry);
void watch_refusal(Core& core, std::string_view door, std::string_view who);

}  // namespace countersign::gate
