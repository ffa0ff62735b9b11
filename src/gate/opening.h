// The command that a person typed behind `countersign run --`: typing it was the consent to start
// it, so the session's first action passes without a question when it is exactly that start. The
// session-opening request carries it, which only people can send.
//
// It is no grant: what the started program starts in its turn asks for itself, since whoever types
// an agent's name consents to the agent, not to all it will do. It is for once and for the first
// action: whatever a session asks first takes the opening away, so nothing that runs inside, where
// the agent is, can ever meet one. Memory only: after a restart of the gateway the start is held.
//
// Not thread safe.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "crypto/digest.h"
#include "model/action.h"
#include "model/verdict.h"

namespace countersign::gate {

/// How `decided_by` begins of a start that the principal typed; the name follows.
inline constexpr std::string_view kStartedBy = "started by ";

/// Between opening a session and the start of the command that the person typed; the supervisor
/// needs a fraction of a second.
inline constexpr Duration kStartedWithin = std::chrono::seconds(60);

/// Whether typing can be all the consent that this verdict asks for: a question, of a tier that one
/// person may decide. The irreversible needs two, and the forbidden nobody can allow.
bool one_person_may_start(const model::Verdict& verdict);

class Openings {
public:
    /// Expects this start as the first action of the session, within kStartedWithin.
    /// An empty argv expects nothing.
    void expect(std::string_view session, const std::vector<std::string>& argv,
                std::string_view directory, Duration now);
    /// To be told of each action that a session asks for: whether it is the expected start. The
    /// session expects nothing afterwards.
    bool take(const model::ActionRequest& request, Duration now);
    /// The session is over.
    void forget(std::string_view session);

private:
    struct Opening {
        crypto::Digest start;
        Duration until{};  ///< monotonic
    };
    std::map<std::string, Opening, std::less<>> openings_;
};

}  // namespace countersign::gate
