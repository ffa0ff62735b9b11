// What actions mean, remembered for a while: a build starts the same compiler a hundred times, and
// reading its words again gives what reading them gave before. Only what is a pure function of the
// request and of what the session has read is kept; surprise, tier, score, rules and the ceiling
// are judged anew each time, so a changed policy or baseline counts at once.
//
// Keys are action digests, which cover the action, the session and everything of the context that
// reading looks at. What a session has observed is no part of them: clear() when that changes.
//
// Bounded: kEntriesMax actions of at most kEntryBytesMax; the oldest makes room. Not thread safe.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gate/redaction.h"
#include "model/action.h"
#include "model/verdict.h"
#include "risk/risk.h"

namespace countersign::gate {

/// What reading and inspecting an action gave.
struct Meaning {
    model::Assessment assessment;  ///< without tier, risk and factors
    std::vector<risk::CommandInput> commands;
    bool elsewhere = false;
    bool elevated = false;
    std::string refused;      ///< not empty: to be denied whatever the policy says, and why
    std::string why_unknown;  ///< what was not known, for the hint
    RedactedParts redacted;   ///< of the action and of this assessment
};

class AssessmentMemo {
public:
    static constexpr std::size_t kEntriesMax = 512;
    /// An action that is larger than this, with its environment and with what it means, is not
    /// kept: all of it is the agent's to choose, and a short text can expand to a long one.
    static constexpr std::size_t kEntryBytesMax = 16 * 1024;
    /// `redactor` must outlive it.
    explicit AssessmentMemo(const Redactor& redactor) : redactor_(redactor) {}
    [[nodiscard]] std::size_t size() const { return kept_.size(); }

    /// nullptr: not kept. Valid until the next call of keep() or clear().
    [[nodiscard]] const Meaning* find(std::string_view digest) const;
    /// Fills in what is redacted and gives the entry; a large one is valid for this time only.
    const Meaning* keep(std::string_view digest, const model::ActionRequest& request,
                        Meaning meaning);
    void clear();

private:
    const Redactor& redactor_;
    std::unordered_map<std::string, Meaning> kept_;
    std::deque<std::string> order_;
    Meaning large_;  ///< the last one that was too large to keep
    std::string large_digest_;
};

}  // namespace countersign::gate
