// Containing one session by command, with a stop-watch: revoke it and its descendants, kill their
// processes, deny what they have open, and put everything that an investigator needs into one
// directory. A drill does the same to a throwaway session.
//
// Each step is recorded. A step that fails is named and the next ones go on: containment must not
// stop at the first full disk.
#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "gate/action_desk.h"
#include "gate/session_desk.h"

namespace countersign::gate {

struct IncidentStep {
    std::string name;  ///< revoke, kill, deny, export
    std::string detail;
    Duration took{};
    bool ok = true;
};

/// What the session touched, told from effects of what was released and from reported outcomes.
struct Affected {
    std::vector<std::string> files;
    std::vector<std::string> hosts;
    std::vector<std::string> databases;
};

struct Incident {
    std::string id;  ///< "i-" and 12 hex digits
    std::string session;
    bool drill = false;
    std::string by;
    std::string reason;
    Instant started;
    Duration total{};
    std::vector<IncidentStep> steps;
    std::string bundle;  ///< directory; empty when it could not be written
    Affected affected;
    std::vector<std::string> revoked;  ///< session ids
    std::vector<int> killed;           ///< process ids
    std::vector<std::string> denied;   ///< action ids
};

boost::json::value to_json(const Incident& incident);

struct IncidentRequest {
    std::string session;  ///< empty only for a drill: one is opened for it
    bool drill = false;
    std::string by;
    std::string reason;
};

class IncidentDesk {
public:
    IncidentDesk(Core& core, SessionDesk& sessions, ActionDesk& actions)
        : core_(core), sessions_(sessions), actions_(actions) {}

    /// NotFound: no such session. Other failures stand in the steps.
    Result<Incident> start(const IncidentRequest& request);
    /// The stored document of an earlier incident; nullopt: none of that id.
    Result<std::optional<boost::json::value>> find(std::string_view id);

private:
    Result<std::vector<model::Session>> revoke(Incident& incident, std::string_view why);
    void export_evidence(Incident& incident, const std::vector<model::Session>& sessions);
    void keep(const Incident& incident);
    Result<std::string> open_drill_session(const IncidentRequest& request);
    void step(Incident& incident, std::string_view name, Duration began, std::string detail,
              bool ok);

    Core& core_;
    SessionDesk& sessions_;
    ActionDesk& actions_;
};

}  // namespace countersign::gate
