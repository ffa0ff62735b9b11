// What can stand in the audit log: one struct per record type, and the canonical JSON of its body.
// The schema with examples is docs/formats/record.md, and a test holds the two together.
//
// Records must hold no secret: the gate redacts before it makes one. Values; thread safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/action.h"
#include "model/names.h"
#include "model/rule.h"
#include "model/session.h"
#include "model/verdict.h"
#include "model/vote.h"

namespace countersign::audit {

enum class RecordType {
    GatewayStart,
    GatewayStop,
    Recovery,        ///< written by the log itself: a torn tail was cut at start
    ClockJump,       ///< written by the log itself: the wall clock went backwards
    Configuration,   ///< digest of the configuration or the policy in force
    SessionStart,    ///< also of a delegated session: it names its parent
    SessionEnd,      ///< ended, revoked or expired
    ApproverChange,  ///< enrolled or removed, with the public key
    Decision,        ///< every decision, automatic ones included
    Vote,            ///< an accepted vote with its signature
    Release,         ///< a held action may run now; says which votes or what else let it
    Refusal,         ///< a held action was denied or ran out
    Outcome,         ///< what came of a released action
    Observation,     ///< an agent read something: digest and source, not the content
    RuleChange,      ///< added, changed or retired
    Review,          ///< a person reviewed a rule
    Freeze,
    Thaw,
    Incident,       ///< one step of an incident
    SignInFailure,  ///< a wrong or missing credential of a person, or a refused vote
    Alert,          ///< drift, rate, governance warnings
    Recording       ///< digest of one chunk of a terminal recording
};

inline constexpr std::array<std::string_view, 22> kRecordTypeNames = {
    "gateway_start", "gateway_stop",    "recovery", "clock_jump", "configuration", "session_start",
    "session_end",   "approver",        "decision", "vote",       "release",       "refusal",
    "outcome",       "observation",     "rule",     "review",     "freeze",        "thaw",
    "incident",      "sign_in_failure", "alert",    "recording"};

constexpr std::string_view record_type_name(RecordType type) {
    return model::name_in(kRecordTypeNames, type);
}
constexpr std::optional<RecordType> record_type_from(std::string_view name) {
    return model::value_in<RecordType>(kRecordTypeNames, name);
}

/// A record before it has a place in the log: its type and the canonical JSON of its body.
struct Record {
    RecordType type = RecordType::Alert;
    std::string body;
};

/// A record as Log::read and Log::read_range give it.
struct ReadRecord {
    std::uint64_t seq = 0;
    Instant time;
    std::string type;  ///< may be one that this version does not know
    std::string body;  ///< canonical JSON
};
/// Malformed: not a record's line.
Result<ReadRecord> read_record(std::string_view line);

struct GatewayStart {
    std::string version;
    std::string configuration;  ///< "sha256:<hex>"
    std::string policy;         ///< "sha256:<hex>"
    std::string host;
};
struct GatewayStop {
    std::string reason;
};
struct ConfigurationChange {
    std::string what;    ///< "configuration" or "policy"
    std::string digest;  ///< "sha256:<hex>"
    std::string by;
    std::string previous;  ///< digest of what was in force before; empty: not known
};
struct SessionEnd {
    std::string session;
    model::SessionState state = model::SessionState::Ended;
    std::string by;  ///< a person's name, "agent", "clock", "incident ..."
    std::string reason;
};
struct ApproverChange {
    enum class Change { Enrolled, Removed };
    Change change = Change::Enrolled;
    std::string name;
    std::string public_key;
    std::string by;
};

/// Whether the decision itself lets the action run.
enum class ReleaseMode {
    Now,   ///< allow or modify: the answer releases it
    Held,  ///< step_up or defer: a Release or a Refusal record follows
    Never  ///< deny
};
inline constexpr std::array<std::string_view, 3> kReleaseModeNames = {"now", "held", "never"};

struct DecisionRecord {
    std::string action;                   ///< action id
    std::string digest;                   ///< of the action before redaction
    const model::ActionRequest* request;  ///< redacted; borrowed for the call; never null
    const model::Verdict* verdict;        ///< redacted; borrowed for the call; never null
    ReleaseMode release = ReleaseMode::Never;
    std::string decided_by;  ///< "policy", a rule id, "grant a-...", "freeze"
    /// Names that can never approve it, as the gate gave them to approval/.
    std::vector<std::string> excluded;
    std::int64_t latency_us = 0;
};
struct ReleaseRecord {
    std::string action;
    std::string digest;
    std::string session;
    std::string decided_by;              ///< names of people, or why a deferred action may run
    std::vector<std::string> approvers;  ///< whose votes let it; empty for a deferred action
    std::int64_t waited_us = 0;
};
struct Refusal {
    std::string action;
    std::string digest;
    std::string session;
    std::string state;  ///< "denied" or "expired"
    std::string decided_by;
    std::string reason;
    std::int64_t waited_us = 0;
};
struct OutcomeRecord {
    std::string action;
    std::string session;
    const model::Outcome* outcome;  ///< redacted; borrowed for the call; never null
};
struct Observation {
    std::string session;
    std::string source;
    std::string digest;  ///< "sha256:<hex>" of the content
    std::int64_t bytes = 0;
    std::vector<std::string> findings;  ///< kinds
};
struct RuleChange {
    enum class Change { Added, Changed, Retired };
    Change change = Change::Added;
    model::Rule rule;
    std::string by;
    std::string reason;
};
struct Review {
    std::string rule;
    std::string outcome;                  ///< keep, narrow, retire
    std::optional<std::string> replaced;  ///< id of the narrower rule
    std::string by;
    std::string reason;
};
struct FreezeChange {
    std::string by;
    std::string reason;
};
struct IncidentStep {
    std::string incident;
    std::string session;
    std::string step;  ///< started, revoked, frozen, killed, exported, finished
    std::string by;
    std::string detail;
    std::int64_t elapsed_us = 0;
};
struct SignInFailure {
    std::string door;  ///< operator, console, vote, agent
    std::string who;   ///< as claimed; may be empty
    std::string reason;
};
struct Alert {
    std::string kind;
    std::string subject;  ///< session, rule or person
    std::string message;
};
struct RecordingChunk {
    std::string session;
    std::int64_t chunk = 0;
    std::int64_t bytes = 0;
    std::string digest;
};

Record to_record(const GatewayStart& body);
Record to_record(const GatewayStop& body);
Record to_record(const ConfigurationChange& body);
/// Root and delegated sessions alike. Never holds the token or its digest.
Record session_start_record(const model::Session& session);
Record to_record(const SessionEnd& body);
Record to_record(const ApproverChange& body);
Record to_record(const DecisionRecord& body);
/// `public_key` is the line of the key that the vote was checked with, so that a receipt proves the
/// vote by itself.
Record vote_record(const model::Vote& vote, std::string_view public_key);
Record to_record(const ReleaseRecord& body);
Record to_record(const Refusal& body);
Record to_record(const OutcomeRecord& body);
Record to_record(const Observation& body);
Record to_record(const RuleChange& body);
Record to_record(const Review& body);
Record freeze_record(const FreezeChange& body);
Record thaw_record(const FreezeChange& body);
Record to_record(const IncidentStep& body);
Record to_record(const SignInFailure& body);
Record to_record(const Alert& body);
Record to_record(const RecordingChunk& body);

}  // namespace countersign::audit
