// The rules that records must satisfy given the records before them: every release has its
// decision, every step_up its valid votes by distinct entitled people, every outcome its release,
// every grant a released action that reaches as far, nothing is released above its session's
// ceiling, during a freeze, or in a session that is not active. Internal to audit/. Knows nothing
// of files and hashes.
//
// Memory: sessions that are active with their released actions that have no outcome yet, approvers,
// and actions that are held. Not thread safe.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "audit/record_facts.h"
#include "audit/records.h"
#include "base/result.h"

namespace countersign::audit {

class RecordRules {
public:
    /// Whether signatures of votes are verified, or taken for good because whoever asks has
    /// verified these very records before.
    enum class Signatures { Verify, Trust };
    void signatures(Signatures signatures) { signatures_ = signatures; }
    /// What is wrong with this record, in one sentence; nullopt: nothing. `body` is its canonical
    /// JSON and `facts` what facts_of() took out of it.
    std::optional<std::string> judge(RecordType type, std::string_view body,
                                     const RecordFacts& facts);
    /// Held actions that were neither released nor refused.
    [[nodiscard]] std::uint64_t open_actions() const { return held_.size(); }

private:
    struct Held {
        std::string digest;
        std::string session;
        bool step_up = false;
        std::int64_t approvals = 0;
        std::set<std::string> excluded;  ///< lower case
        std::set<std::string> for_it;    ///< names whose valid vote approves
        bool denied = false;             ///< a valid vote against it
        model::Tier tier = model::Tier::Forbidden;
        std::string text;
        std::string commands;
    };
    /// A released action whose outcome is not known: what it lets pass.
    struct Released {
        model::Tier tier = model::Tier::Forbidden;
        std::string text;      ///< of a command; empty for what can grant nothing
        std::string commands;  ///< raw JSON
        bool typed = false;    ///< a start that the principal typed: it lets nothing else pass
    };
    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>{}(text);
        }
    };
    template <typename Value>
    using Table = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;
    struct SessionFacts {
        model::Tier ceiling = model::Tier::Irreversible;
        std::string workspace;
        std::string agent_type;
        std::string principal;
        bool typed = false;        ///< it was opened with a command
        std::string first_action;  ///< what was decided first; only that can be the typed start
        Table<Released> released;
    };
    using Finding = std::optional<std::string>;
    using Rule = Finding (RecordRules::*)(std::string_view body, const RecordFacts& facts);
    struct Entry {
        RecordType type;
        Rule rule;
    };
    static const Entry kRules[];

    Finding session_start(std::string_view body, const RecordFacts& facts);
    Finding session_end(std::string_view body, const RecordFacts& facts);
    Finding approver(std::string_view body, const RecordFacts& facts);
    Finding decision(std::string_view body, const RecordFacts& facts);
    Finding vote(std::string_view body, const RecordFacts& facts);
    Finding release(std::string_view body, const RecordFacts& facts);
    Finding refusal(std::string_view body, const RecordFacts& facts);
    Finding outcome(std::string_view body, const RecordFacts& facts);
    Finding freeze(std::string_view body, const RecordFacts& facts);
    Finding thaw(std::string_view body, const RecordFacts& facts);

    Finding release_now(SessionFacts& session, const DecisionFacts& facts);
    Finding hold(const DecisionFacts& facts);
    static Finding check_typed(const SessionFacts& session, const DecisionFacts& facts);
    Finding check_grant(const SessionFacts& session, const DecisionFacts& facts) const;
    [[nodiscard]] Result<void> check_signature(const model::Vote& vote,
                                               const std::string& key_line) const;
    Finding check_quorum(const Held& held, const std::vector<std::string>& approvers);

    std::map<std::string, SessionFacts, std::less<>> sessions_;      ///< active ones
    std::map<std::string, std::string, std::less<>> approver_keys_;  ///< active: name -> key line
    Table<Held> held_;
    bool frozen_ = false;
    Signatures signatures_ = Signatures::Verify;
};

}  // namespace countersign::audit
