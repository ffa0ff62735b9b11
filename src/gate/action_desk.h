// The life of actions: judge, hold, ask people, release, hear what came of it; the only code that
// turns an error into a denial. Everything it decides is in the audit log before anybody is told.
//
// How an answer becomes true: submit() decides and appends the record; the caller gathers more
// requests, calls Recorder::settle() and then settled(); only then entry() may be shown. When
// settling failed, settled() has turned what was decided into denials. What people do (vote,
// freeze, thaw) is durable when the call returns.
//
// Not thread safe. Everything in Rooms must outlive it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "approval/approvals.h"
#include "approval/approvers.h"
#include "gate/actions.h"
#include "gate/assessment_memo.h"
#include "gate/core.h"
#include "gate/earlier_run.h"
#include "gate/experience.h"
#include "gate/grant.h"
#include "gate/judge.h"
#include "gate/rulebook.h"
#include "model/session.h"
#include "session/sessions.h"

namespace countersign::gate {

/// Whether everything is held.
struct Freeze {
    bool frozen = false;
    std::string by;
    std::string reason;
    std::optional<Instant> since;
};

/// A rule for "approve and remember".
struct Proposal {
    std::optional<model::Rule> rule;
    std::string why;  ///< why there is none, or what it would let pass
};

/// An outcome that was not taken: NotFound, or Conflict (not released, or reported already).
struct RefusedReport {
    std::string action;
    Error error;
};

class ActionDesk {
    struct Private {
        explicit Private() = default;
    };

public:
    struct Rooms {
        Core& core;
        Rulebook& rules;
        Experience& experience;
        session::Sessions& sessions;
        approval::Approvals& approvals;
        approval::Approvers& approvers;
    };

    /// Use open().
    ActionDesk(Private, const Rooms& rooms)
        : rooms_(rooms), actions_(rooms.core.store), memo_(rooms.core.redactor) {}

    /// Reads what an earlier run left; decides nothing before resume(). Errors: the store's;
    /// Corrupt.
    static Result<std::unique_ptr<ActionDesk>> open(const Rooms& rooms);
    /// What the earlier run left open, by the store's word.
    [[nodiscard]] std::vector<std::string> left_open() const;
    /// An outcome that it recorded and was killed before it stored it: a release that was used up
    /// stays so. Not for what is left_open(). Errors: the store's.
    Result<void> take_up_outcome(const std::string& id, const RecordedAction::Outcome& outcome);
    /// Takes up what is left_open(): what waits for votes goes on waiting; what was suspended is
    /// denied, since its text with its secrets was only in memory; what ended by the log's word has
    /// ended. Errors: the store's.
    Result<void> resume(const EarlierRun& earlier);

    // --- Agents -------------------------------------------------------------------------------
    /// Decides; gives the action's id. The context's identity members are overwritten from the
    /// session. InvalidArgument or LimitExceeded: not an action at all (the caller answers with a
    /// problem; nothing was executed or recorded). Whatever else goes wrong is a denial.
    Result<std::string> submit(const model::Session& session, model::ActionRequest request);
    /// An action as its agent may see it; nullopt: none of that id in this session. A Modify
    /// carries the text to run unredacted.
    Result<std::optional<ActionEntry>> answer(const model::Session& session, std::string_view id);
    /// The same as text for the agent's door.
    struct AnswerText {
        std::string json;
        bool open = false;
    };
    Result<std::optional<AnswerText>> answer_text(const model::Session& session,
                                                  std::string_view id, AnswerView view);
    /// NotFound; Conflict: not released, or reported already.
    Result<void> report(const model::Session& session, std::string_view id,
                        const model::Outcome& outcome);
    /// Many together, written once; gives those that were refused (the others are recorded). An
    /// error: the log cannot be written, and no outcome was taken.
    Result<std::vector<RefusedReport>> report(const model::Session& session,
                                              std::span<const model::OutcomeReport> reports);
    /// Findings in what the agent read; suspended actions of the session are judged again.
    Result<std::vector<model::Finding>> observe(const model::Session& session,
                                                std::string_view source, std::string_view content);

    // --- People -------------------------------------------------------------------------------
    Result<std::optional<ActionEntry>> find(std::string_view id) { return actions_.find(id); }
    Result<std::vector<ActionEntry>> list(const Actions::Query& query) {
        return actions_.list(query);
    }
    /// Counts a vote and releases or refuses when that decides it. NotFound; otherwise the errors
    /// of approval::Approvals::vote, each recorded as a failed sign-in.
    Result<ActionEntry> vote(const model::Vote& vote);
    Result<Proposal> proposal(std::string_view id);
    /// Canonical JSON (audit/receipt.h). NotFound.
    Result<std::string> receipt(std::string_view id);
    /// The same in a DSSE envelope (audit/attestation.h). NotFound.
    Result<std::string> attestation(std::string_view id);

    Result<void> freeze(std::string_view by, std::string_view reason);
    /// Judges again what was held by the freeze.
    Result<void> thaw(std::string_view by, std::string_view reason);
    [[nodiscard]] const Freeze& freeze_state() const { return freeze_; }
    /// Denies whatever these sessions have open; gives the ids.
    std::vector<std::string> deny_sessions(const std::vector<model::Session>& sessions,
                                           std::string_view by, std::string_view reason);

    // --- The loop -----------------------------------------------------------------------------
    /// After Recorder::settle(): makes decisions true, or denials when `outcome` is an error.
    void settled(const Result<void>& outcome);
    /// Expires what ran out.
    void expire();
    [[nodiscard]] std::optional<Instant> next_expiry() const;
    [[nodiscard]] std::size_t open_count() const { return actions_.open_count(); }
    [[nodiscard]] Actions& actions() { return actions_; }
    [[nodiscard]] const Rulebook& rules() const { return rooms_.rules; }

private:
    Result<void> load_freeze();
    Result<void> check_report(const model::Session& session, std::string_view id);
    Result<void> apply_report(const model::OutcomeReport& report, std::uint64_t seq);
    /// Whether the log still tells this stored action's decision: a cut of power may have taken
    /// what was only written, and left the store.
    Result<bool> has_record(const ActionEntry& entry);
    /// `votes`: those that the log holds about it. Where the store holds others, it is refused: a
    /// release without the records of its votes would not verify.
    void take_up(ActionEntry entry, const std::vector<model::Vote>& votes);
    static void apply_end(ActionEntry& entry, const RecordedAction::End& end);
    static void apply_outcome(ActionEntry& entry, const RecordedAction::Outcome& outcome);

    void identify(model::Context& context, const model::Session& session, Instant now) const;
    [[nodiscard]] std::vector<std::string> never_counts(const model::Context& context);
    Judgement judge_now(const model::ActionRequest& request, std::string_view digest,
                        model::Tier ceiling, Instant now);
    /// Puts the judgement into the entry: state, verdict, who decided.
    void apply(LiveAction& action, Judgement judgement, const model::ActionRequest& request);
    bool covered_by_grant(LiveAction& action, const model::Verdict& verdict,
                          const model::ActionRequest& request);
    /// The question that the principal answered by typing the command.
    static void start_as_typed(ActionEntry& entry, model::Verdict& verdict);
    bool runs_released_text(LiveAction& action, const model::ActionRequest& request);
    void hold_for_people(LiveAction& action);
    void suspend(LiveAction& action, bool by_freeze);
    void deny(LiveAction& action, std::string reason, std::string by);
    void record_decision(LiveAction& action, std::int64_t latency_us);
    void judge_again(LiveAction& action, std::string_view why);
    void deny_orphans();
    void refuse_closed();
    std::size_t resume_suspended(std::string_view session, bool by_freeze, std::string_view why);

    /// After enough votes: uses the consent, records and releases, or denies.
    void release(LiveAction& action, const approval::Consent& consent);
    void release_suspended(LiveAction& action, std::string_view why);
    /// Records the end of an open action that may not run.
    void refuse(LiveAction& action, ActionState state, std::string_view by,
                std::string_view reason);
    void unrecorded(LiveAction& action, const Error& error);
    void released(LiveAction& action);
    void publish(const ActionEntry& entry);
    void settle_now();
    void refused_vote(const model::Vote& vote, const Error& error);
    std::string next_id();

    Rooms rooms_;
    Actions actions_;
    AssessmentMemo memo_;
    Freeze freeze_;
    std::vector<ActionEntry> left_open_;  ///< until resume()
    std::vector<std::string> unsettled_;
    std::uint64_t last_id_ = 0;
};

}  // namespace countersign::gate
