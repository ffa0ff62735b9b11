// What the log tells a start about the run before it. The store may lag behind the log, by what a
// kill or a failing disk kept from it; the log is right. What the index holds already is looked up
// there, and only the rest of the log is read, once for everybody who must know: a start does not
// grow with the log.
//
// Not thread safe; for the time of a start. Search and log must outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log.h"
#include "audit/records.h"
#include "gate/audit_search.h"
#include "model/vote.h"

namespace countersign::gate {

/// What the log says about one action that the store has open.
struct RecordedAction {
    /// Its release or refusal.
    struct End {
        bool released = false;
        std::string decided_by;
        std::uint64_t seq = 0;
    };
    struct Outcome {
        model::Outcome outcome;
        std::uint64_t seq = 0;
    };
    std::vector<model::Vote> votes;  ///< in order
    std::optional<End> end;
    std::optional<Outcome> outcome;
};

class EarlierRun {
public:
    struct Wanted {
        std::vector<std::string> open_actions;  ///< as the store has them
        /// The store knows all outcomes that stand before this record.
        std::uint64_t stored_through = 0;
        /// An outcome that it may not know, of an action that is not among the open ones.
        std::function<Result<void>(const std::string& action, const RecordedAction::Outcome&)>
            outcome;
    };

    /// Reads what is neither indexed nor stored. Errors: those of log and store, the visitor's;
    /// Malformed: a record is not what its type says.
    static Result<EarlierRun> read(AuditSearch& search, audit::Log& log, const Wanted& wanted);

    /// Whether the log holds the session's start, and its end. Errors: as read().
    Result<bool> began(const std::string& session) const;
    Result<bool> ended(const std::string& session) const;
    /// Approvers by the log's word: name -> public key. Errors: as read().
    [[nodiscard]] Result<std::map<std::string, std::string>> enrolled() const;
    /// One of the open actions that were asked for; nothing in it: the log says nothing about it.
    [[nodiscard]] const RecordedAction& action(std::string_view id) const;

private:
    explicit EarlierRun(AuditSearch& search) : search_(&search) {}
    Result<void> look_up(const std::string& action);
    Result<void> take(const audit::ReadRecord& record, const Wanted& wanted);
    Result<void> take_about_action(const audit::ReadRecord& record, const Wanted& wanted);
    Result<bool> has_record(audit::RecordType type, const std::string& session) const;

    AuditSearch* search_;
    std::uint64_t indexed_ = 0;
    std::set<std::string, std::less<>> started_;  ///< sessions, of what is not indexed
    std::set<std::string, std::less<>> ended_;
    std::vector<audit::ReadRecord> approver_changes_;
    std::map<std::string, RecordedAction, std::less<>> actions_;  ///< the open ones
};

}  // namespace countersign::gate
