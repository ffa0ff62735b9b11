// The rules that records must satisfy given the records before them: every release has its
// decision, every step_up its valid votes by distinct entitled people, every outcome its release,
// and no session acts after its end. Internal to audit/. Knows nothing of files and hashes.
//
// Memory: sessions that are active, approvers, and actions that are held or released and without
// outcome. Not thread safe.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "audit/records.h"
#include "base/result.h"

namespace countersign::audit {

class RecordRules {
public:
    /// What is wrong with this record, in one sentence; nullopt: nothing. A record of a type that
    /// this version does not know is not judged.
    std::optional<std::string> judge(std::string_view type, const boost::json::value& body);
    /// Held actions that were neither released nor refused.
    [[nodiscard]] std::uint64_t open_actions() const { return held_.size(); }

private:
    struct Held {
        std::string digest;
        std::string session;
        bool step_up = false;
        int approvals = 0;
        std::set<std::string> excluded;  ///< lower case
        std::set<std::string> for_it;    ///< names whose valid vote approves
        bool denied = false;             ///< a valid vote against it
    };
    using Finding = std::optional<std::string>;
    using Rule = Finding (RecordRules::*)(const boost::json::value& body);
    struct Entry {
        RecordType type;
        Rule rule;
    };
    static const Entry kRules[];

    Finding session_start(const boost::json::value& body);
    Finding session_end(const boost::json::value& body);
    Finding approver(const boost::json::value& body);
    Finding decision(const boost::json::value& body);
    Finding vote(const boost::json::value& body);
    Finding release(const boost::json::value& body);
    Finding refusal(const boost::json::value& body);
    Finding outcome(const boost::json::value& body);
    Finding check_quorum(const Held& held, const std::vector<std::string>& approvers);

    struct SessionFacts {
        model::Tier ceiling = model::Tier::Irreversible;
        std::string workspace;
        std::string agent_type;
    };
    std::map<std::string, SessionFacts, std::less<>> sessions_;      ///< active ones
    std::map<std::string, std::string, std::less<>> approver_keys_;  ///< active: name -> key line
    std::map<std::string, Held, std::less<>> held_;
    std::set<std::string, std::less<>> released_;  ///< and without outcome
};

}  // namespace countersign::audit
