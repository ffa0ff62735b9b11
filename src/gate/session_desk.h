// Sessions as the gate keeps them: session/ with its records in the audit log, and an end that
// really ends: a revoked session's processes are killed.
//
// Not thread safe. Core, sessions and experience must outlive it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gate/core.h"
#include "gate/experience.h"
#include "model/session.h"
#include "session/sessions.h"

namespace countersign::gate {

/// What came of closing a session.
struct Closing {
    std::vector<model::Session> sessions;  ///< that were active, the named one first
    std::vector<int> killed;               ///< process ids
    std::vector<std::string> failures;     ///< what could not be done, for people
};

class SessionDesk {
public:
    SessionDesk(Core& core, session::Sessions& sessions, Experience& experience)
        : core_(core), sessions_(sessions), experience_(experience) {}

    /// Errors: session::Sessions::start's; InvalidArgument: there is no such process; those of the
    /// log (the session is closed again).
    Result<model::SessionGrant> open(const model::SessionRequest& request);
    Result<model::SessionGrant> delegate(const model::Session& parent,
                                         const session::DelegationRequest& request);
    /// Unauthenticated, one message for all reasons.
    Result<model::Session> authenticate(std::string_view token) {
        return sessions_.authenticate(token);
    }

    /// Ends or revokes with all descendants. A revocation kills their processes. The tokens are
    /// dead when this returns, whatever failed besides; NotFound: no such session.
    Result<Closing> close(std::string_view id, model::SessionState how, std::string_view by,
                          std::string_view reason);
    /// What ran out by itself, and what the store could not be told before.
    std::vector<model::Session> expire();
    /// At start: sessions whose end stands in the log though the store, which failed or was killed
    /// just then, still has them active. Their tokens die now.
    Result<void> end_recorded(const std::vector<std::string>& ids);

    Result<std::optional<model::Session>> find(std::string_view id) { return sessions_.find(id); }
    Result<std::vector<model::Session>> list(std::optional<model::SessionState> state,
                                             std::string_view after, std::size_t limit) {
        return sessions_.list(state, after, limit);
    }
    [[nodiscard]] std::size_t active_count() const { return sessions_.active_count(); }
    [[nodiscard]] std::optional<Instant> next_expiry() const { return sessions_.next_expiry(); }
    bool active(std::string_view id) { return sessions_.active(id); }

private:
    Result<model::SessionGrant> admit(model::SessionGrant grant);
    void never_began(const std::string& id);
    Result<void> note_process(const model::Session& session, std::uint64_t started);
    /// The session and its descendants that are active now.
    std::vector<model::Session> family(std::string_view id);
    void kill(const model::Session& session, Closing& closing);
    void record_end(const model::Session& session, std::string_view by, std::string_view reason,
                    Closing& closing);

    /// Ends that are recorded, or have nothing to be recorded, of sessions that the store could not
    /// be told about.
    std::set<std::string, std::less<>> recorded_;
    Core& core_;
    session::Sessions& sessions_;
    Experience& experience_;
};

/// An event of a session for people who watch.
Event session_event(const model::Session& session);

}  // namespace countersign::gate
